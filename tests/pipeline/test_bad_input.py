"""Bad input gets an error that names field and reason, and is quarantined; the good beside it lands."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from pipeline.accept import Acceptance
from pipeline.files import ingest
from records.dedupe import keyed
from records.envelope import REJECTED, message_hash
from records.models import QuarantinedRecord, Record, Source
from tests.pipeline.cast import bearers, counts, ordered, outcome, send
from tests.privacy.scan import hits

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

HEADER = "customer_number,given_name,email,birth_date,updated_at,newsletter"
ALICE = "C-1,Alice,alice@example.com,1980-05-04,2026-11-20T10:00:00Z,yes"
BOB = "C-2,Bob,bob@example.com,,2026-11-20T11:00:00Z,"
GOOD = ["alice@example.com", "bob@example.com"]


def good(name: str) -> dict[str, Any]:
    return {"type": "identify", "userId": f"u-{name}", "traits": {"email": f"{name}@example.com"}}


def assert_only_the_bad_one_is_held_back(
    acceptance: Acceptance, *, at: int, code: str, field: str, reason: str
) -> None:
    assert outcome(acceptance) == (2, 0, 1, 0)
    (reject,) = acceptance.rejects
    assert (reject.position, reject.code, reject.field) == (at, code, field)
    assert reason in reject.message
    kept = QuarantinedRecord.objects.get()
    assert (kept.reason, kept.field, kept.message, kept.line) == (code, field, reject.message, at)
    assert "mallory" not in reject.message.lower()
    assert hits(["mallory"]) == {}
    assert Record.objects.count() == 2
    for email in GOOD:
        assert len(bearers("email", email)) == 1


ROWS = [
    ("C-3,Mallory,mallory@example.com", "broken_row", "", "has 3 cells; the header names 6"),
    (f"C-3,Mallory,mallory@example.com{',x' * 9}", "broken_row", "", "has 12 cells; the header names 6"),
    ('C-3,"Mallory,mallory@example.com,,,', "broken_row", "", "A quote is opened and not closed"),
    (",Mallory,,1980-05-04,,", "missing_identifier", "customer_number", "No identifier has a readable value"),
    (",Mallory,mallory at example,,,", "missing_identifier", "customer_number", "email, phone"),
    ("C-3,Mallory,mallory@example.com,1980-02-30,,", "absurd_date", "birth_date", "not a date of the calendar"),
    ("C-3,Mallory,mallory@example.com,1066-10-14,,", "absurd_date", "birth_date", "before 1900"),
    ("C-3,Mallory,mallory@example.com,2999-01-01,,", "absurd_date", "birth_date", "in the future"),
    ("C-3,Mallory,mallory@example.com,,1066-10-14,", "absurd_date", "updated_at", "before 1970"),
    ("C-3,Mallory,mallory@example.com,,2999-01-01,", "absurd_date", "updated_at", "more than a day in the future"),
    ("C-3,Mallory,mallory@example.com,,soon,", "absurd_date", "updated_at", "not an instant"),
    ("C-3,Mallory,mallory@example.com,,,perhaps", "wrong_type", "newsletter", "must be yes or no"),
    ("C-3,Mall\0ory,mallory@example.com,,,", "invalid_text", "given_name", "zero byte"),
    (b"C-3,Mallor\xff,mallory@example.com,,,", "invalid_utf8", "", "its byte 11 cannot be read"),
    (f"C-3,Mallory {'x' * 40_000},mallory@example.com,,,", "too_large", "", "at most 32768"),
]


@pytest.mark.parametrize(("row", "code", "field", "reason"), ROWS)
def test_a_bad_row_costs_only_itself(
    row: str | bytes, code: str, field: str, reason: str, crm: Source, tmp_path: Path
) -> None:
    path = tmp_path / "crm.csv"
    bad = row if isinstance(row, bytes) else row.encode()
    path.write_bytes(b"\n".join([HEADER.encode(), ALICE.encode(), bad, BOB.encode()]) + b"\n")
    assert_only_the_bad_one_is_held_back(ingest(crm, path), at=3, code=code, field=field, reason=reason)
    assert (QuarantinedRecord.objects.get().sealed is None) == (code == "too_large")
    before = counts(without=("records.Intake",))
    assert outcome(ingest(crm, path)) == (0, 3, 0, 0)
    assert counts(without=("records.Intake",)) == before


LINES = [
    (b'{"type": "identify", "userId": "u-mallory"', "malformed_json", "", "breaks at column"),
    (b'["mallory"]', "not_an_object", "", "must be a JSON object"),
    (b'{"type": "identify", "userId": "mallory\xff"}', "invalid_utf8", "", "its byte 40 cannot be read"),
    (b'{"type": "' + b"mallory" * 200_000 + b'"}', "too_large", "", "at most 32768"),
]
MESSAGES = [
    ({"type": "identify", "userId": {"mallory": 1}}, "wrong_type", "userId", "must be text"),
    ({"type": "identify", "userId": "u", "traits": ["mallory"]}, "wrong_type", "traits", "must be an object"),
    ({"type": "identify", "userId": "u", "traits": {"email": ["mallory"]}}, "wrong_type", "traits.email", "be text"),
    ({"type": "identify", "traits": {"email": "mallory@example.com"}}, "missing_identifier", "userId", "anonymousId"),
    ({"type": "mallory", "userId": "u"}, "unknown_type", "type", "must be one of"),
    (ordered("mallory", timestamp="1066-10-14"), "absurd_date", "timestamp", "before 1970"),
    (ordered("mallory", timestamp="2999-01-01"), "absurd_date", "timestamp", "in the future"),
    (ordered("mallory", properties={"revenue": "mallory"}), "wrong_type", "revenue", "must be a number"),
    (ordered("mallory", properties={"note": "mallory" * 9_000}), "too_large", "", "at most 32768"),
    (ordered("mallory", messageId=5), "wrong_type", "messageId", "must be text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "code", "field", "reason"), [*LINES, *((orjson.dumps(message), *rest) for message, *rest in MESSAGES)]
)
def test_a_bad_line_costs_only_itself(
    line: bytes, code: str, field: str, reason: str, shop: Source, tmp_path: Path
) -> None:
    path = tmp_path / "web.ndjson"
    path.write_bytes(b"\n".join([orjson.dumps(good("alice")), line, orjson.dumps(good("bob"))]))
    assert_only_the_bad_one_is_held_back(ingest(shop, path), at=2, code=code, field=field, reason=reason)
    before = counts(without=("records.Intake",))
    assert outcome(ingest(shop, path)) == (0, 3, 0, 0)
    assert counts(without=("records.Intake",)) == before


@pytest.mark.parametrize(("message", "code", "field", "reason"), MESSAGES)
def test_a_bad_message_costs_only_itself(
    message: dict[str, Any], code: str, field: str, reason: str, shop: Source
) -> None:
    acceptance = send(shop, good("alice"), message, good("bob"))
    assert_only_the_bad_one_is_held_back(acceptance, at=1, code=code, field=field, reason=reason)
    kept = QuarantinedRecord.objects.get()
    assert bytes(kept.message_hash) == keyed(message_hash(REJECTED + orjson.dumps(message)))
    assert kept.size == len(orjson.dumps(message))


def test_a_file_full_of_faults_loses_nothing(crm: Source, tmp_path: Path) -> None:
    path = tmp_path / "crm.csv"
    bad = [row if isinstance(row, bytes) else row.encode() for row, *_ in ROWS]
    path.write_bytes(b"\n".join([HEADER.encode(), ALICE.encode(), *bad, BOB.encode()]) + b"\n")
    acceptance = ingest(crm, path)
    assert outcome(acceptance) == (2, 0, len(ROWS), 0)
    assert [(reject.position, reject.code) for reject in acceptance.rejects] == [
        (position, code) for position, (_, code, *_) in enumerate(ROWS, 3)
    ]
    assert QuarantinedRecord.objects.count() == len(ROWS)
    assert hits(["mallory"]) == {}
