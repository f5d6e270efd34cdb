"""A dry run tells what would become of a file, stores nothing, and shows nobody's data."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pipeline.files import ingest
from records import sources
from records.models import Record, Source
from tests.pipeline.cast import counts, outcome

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

# Keys by which hashes are made, not anything of the file.
OURS = ("vault.IndexKey",)
HEADER = "customer_number,given_name,email,phone,birth_date,updated_at,newsletter,shoe_size,note\n"
ALICE = "C-1,Alice,alice@example.com,+442079460018,1980-05-04,2026-11-20T10:00:00Z,yes,38,likes tea\n"
BOB = "C-2,Bob,bob@example.com,+442079460019,,2026-11-20T11:00:00Z,,44,\n"
MALLORY = "C-3,Mallory,mallory@example.com,,2080-01-01,2026-11-20T11:00:00Z,,,\n"
CLEAR = ("Alice", "alice@", "460018", "Bob", "Mallory", "mallory@", "likes tea", "2080-01-01")


def run(*arguments: object) -> tuple[str, str]:
    """What the command wrote to its output and to its errors."""
    out, errors = io.StringIO(), io.StringIO()
    call_command("ingest", *map(str, arguments), stdout=out, stderr=errors)
    return out.getvalue(), errors.getvalue()


def tried(path: Path, *arguments: object) -> dict[str, Any]:
    """The report of a dry run, which has stored nothing."""
    before = counts(without=OURS)
    out, _ = run(path, "--source", "crm", "--dry-run", "--json", *arguments)
    assert counts(without=OURS) == before
    report: dict[str, Any] = json.loads(out.splitlines()[-1])
    return report


def test_it_tells_what_would_become_of_the_rows(crm: Source, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEADER + ALICE + BOB + ALICE + MALLORY + "C-4,Dan\n" + MALLORY.replace("C-3", "C-5"))
    report = tried(path)
    assert (report["rows"], report["new"], report["duplicate"], report["quarantined"]) == (6, 2, 1, 3)
    assert [(one["reason"], one["field"], one["rows"], one["first_line"]) for one in report["faults"]] == [
        ("absurd_date", "birth_date", 2, 5),
        ("broken_row", "", 1, 6),
    ]
    becomes = {column["name"]: (column["becomes"], column["filled"]) for column in report["columns"]}
    assert becomes["email"] == ("email", 5)
    assert becomes["updated_at"] == ("message id, time", 5)
    assert becomes["newsletter"] == ("consent: marketing email", 2)
    assert becomes["shoe_size"] == ("", 3)
    assert becomes["note"] == ("", 2)
    assert sorted(report["missing"]) == [
        "analytics",
        "city",
        "country",
        "family_name",
        "loyalty_number",
        "postcode",
        "street",
    ]
    assert report["examples"][0]["email"] == "a•••@e•••.com"
    assert report["examples"][0]["phone"] == "+44•••••18"


def test_it_promises_what_loading_does(crm: Source, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEADER + ALICE + BOB + MALLORY)
    report = tried(path)
    assert outcome(ingest(crm, path)) == (report["new"], report["duplicate"], report["quarantined"], 0)
    longer = tmp_path / "more.csv"
    longer.write_text(path.read_text() + ALICE.replace("C-1", "C-9").replace("alice@", "ann@"))
    report = tried(longer)
    assert (report["new"], report["duplicate"], report["quarantined"]) == (1, 3, 0)


def test_nobodys_data_stand_in_what_it_prints(crm: Source, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text(HEADER + ALICE + BOB + MALLORY)
    out, errors = run(path, "--source", "crm", "--dry-run")
    assert out.startswith("Dry run: 3 rows. Nothing was stored.\n  new 2, duplicate 0, to quarantine 1\n")
    assert "dropped: undeclared" in out
    assert [text for text in CLEAR if text in out + errors] == []
    report = json.dumps(tried(path), ensure_ascii=False)
    assert [text for text in CLEAR if text in report] == []


def test_of_a_file_without_a_header_no_names_are_told(crm: Source, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Alice,Smith,Leeds\nBob,Jones,York\n")
    out, errors = run(path, "--source", "crm", "--dry-run")
    assert [name for name in ("Alice", "Smith", "Leeds", "Bob") if name in out + errors] == []
    assert "column 1" in out


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """Another system's names for the same."""
    path = tmp_path / "mapping.json"
    path.write_text(
        json.dumps(
            {
                "message_id": ["no"],
                "fields": {"no": "customer_number", "mail": "email"},
                "properties": {"shoe_size": "number"},
            }
        )
    )
    return path


def test_a_mapping_is_tried_and_used_for_this_run_alone(crm: Source, mapping: Path, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("no,mail,shoe_size\nC-1,alice@example.com,38\nC-2,bob@example.com,big\n")
    own = dict(crm.mapping)
    assert tried(path)["new"] == 0
    report = tried(path, "--mapping", mapping)
    assert (report["new"], report["quarantined"]) == (1, 1)
    assert [column["becomes"] for column in report["columns"]] == [
        "customer_number, message id",
        "email",
        "property (number)",
    ]
    out, _ = run(path, "--source", "crm", "--mapping", mapping)
    assert out == "acknowledged 2 = stored 1 + duplicate 0 + quarantined 1 + refused 0\n"
    assert Record.objects.get().properties == {"shoe_size": 38}
    crm.refresh_from_db()
    assert (crm.mapping, crm.mapping_version) == (own, 1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"fields": {"mail": "e-mail"}}', "mapping.json: 'fields.mail' must be one of email,"),
        ('{"colour": 1}', "mapping.json: 'colour' is not known; a mapping has"),
        ('{"fields": {\n  "mail" "email"}}', "mapping.json: this is not JSON: it breaks at line 2, column 10"),
        ("[]", "mapping.json: The mapping must be an object."),
        ("\xff", "mapping.json: a mapping is a JSON file in UTF-8"),
        (None, "nowhere.json: No such file or directory"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_named_with_the_place(
    text: str | None, why: str, crm: Source, tmp_path: Path
) -> None:
    path, mapping = tmp_path / "people.csv", tmp_path / ("mapping.json" if text is not None else "nowhere.json")
    path.write_text(HEADER + ALICE)
    if text is not None:
        mapping.write_bytes(text.encode("latin-1"))
    with pytest.raises(CommandError) as raised:
        run(path, "--source", "crm", "--mapping", mapping)
    assert str(raised.value).startswith(why)
    assert Record.objects.count() == 0


def test_the_encoding_is_told_and_may_be_given(crm: Source, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes((HEADER + ALICE.replace("Alice", "Zoë")).encode("cp1252"))
    assert run(path, "--source", "crm", "--dry-run")[1].startswith("Read as CSV, Windows-1252.")
    assert run(path, "--source", "crm", "--dry-run", "--encoding", "cp850")[1].startswith("Read as CSV, CP850.")
    with pytest.raises(CommandError, match="'klingon' is no encoding; give one such as utf-8"):
        run(path, "--source", "crm", "--dry-run", "--encoding", "klingon")


def test_segment_messages_are_tried_as_well(browser: Source, tmp_path: Path) -> None:
    path = tmp_path / "web.ndjson"
    path.write_text('{"type": "track", "event": "Looked", "anonymousId": "d-1"}\n{"type": "delete"}\n')
    out, _ = run(path, "--source", "browser", "--dry-run", "--json")
    report = json.loads(out.splitlines()[-1])
    assert (report["new"], report["quarantined"], report["columns"]) == (1, 1, [])


def test_objects_tell_the_columns_that_they_have(db: None, tmp_path: Path) -> None:
    sources.add("crm", kind="offline")
    path = tmp_path / "people.ndjson"
    path.write_text('{"email": "alice@example.com"}\n{"buyer": {"email": "bob@example.com", "age": 3}}\n')
    columns = {column["name"]: column["becomes"] for column in tried(path)["columns"]}
    assert columns == {"email": "email", "buyer.email": "email", "buyer.age": ""}
