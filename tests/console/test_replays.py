"""Replays in the admin: of a group, of one, and of one that is mended by hand."""

import time
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.models import User
from access.roles import ADMINISTRATOR, DATA_STEWARD, MARKETER, OPERATOR, PRIVACY_OFFICER
from console.latest import latest_of
from pipeline import tasks
from pipeline.files import ingest
from pipeline.models import Replay
from pipeline.replay import replay
from records import sources
from records.mending import Mend
from records.models import Intake, QuarantinedRecord, Record, Source
from tests.pipeline.cast import ordered, send
from vault.grants import Actor
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

LIST = reverse("admin:records_quarantinedrecord_changelist")
WRONG = {"properties": {"revenue": "canary much"}}


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    ids: list[str] = []
    monkeypatch.setattr(tasks.work_on_replay, "delay", ids.append)
    return ids


@pytest.fixture
def row(shop: Source) -> QuarantinedRecord:
    send(shop, ordered("alice", **WRONG))
    return QuarantinedRecord.objects.get()


def signed_in(*roles: str) -> Client:
    client = Client()
    client.force_login(User.objects.create(username="-".join(roles), roles=list(roles)), "access.backends.RoleBackend")
    session = client.session
    session["second_factor_at"] = time.time()
    session.save()
    return client


def act(name: str, row: QuarantinedRecord) -> str:
    return reverse(f"admin:records_quarantinedrecord_{name}", args=[row.pk])


def test_what_came_last_has_a_replay_at_its_own_time(shop: Source, row: QuarantinedRecord) -> None:
    before, days = timezone.now(), timedelta(days=3)
    QuarantinedRecord.objects.update(received_at=before - days, expires_at=before + days)
    Intake.objects.update(received_at=before - days)
    send(shop, ordered("carol", timestamp=(before - days).isoformat()), now=before - days / 2)
    replay([row.pk], actor=Actor.machine("test"), reason="case 7", now=before, mend=Mend(leave_out=("revenue",)))
    first, *others = latest_of(shop)
    assert (first.door, first.outcomes) == ("replay of the quarantine", [("stored", 1)])
    assert before - timedelta(seconds=1) < first.at <= timezone.now()
    assert [one.at for one in others] == [before - days / 2, before - days]


def test_a_group_is_replayed_by_a_worker(shop: Source, row: QuarantinedRecord, asked: list[str]) -> None:
    send(shop, ordered("bob", **WRONG))
    steward = signed_in(DATA_STEWARD)
    assert "Leave the field out" in steward.get(LIST).content.decode()
    group = {"source": shop.pk, "reason": "wrong_type", "field": "revenue"}
    answer = steward.post(reverse("admin:records_quarantinedrecord_replays"), {**group, "without": "1"})
    run = Replay.objects.get()
    assert asked == [str(run.pk)]
    assert "under way" in steward.get(answer["Location"]).content.decode()
    progress = reverse("admin:records_quarantinedrecord_progress", args=[run.pk])
    assert steward.get(progress).json() == {"state": "running", "percent": 0.0, "rows": 0}
    tasks.work_on_replay(str(run.pk))
    assert steward.get(progress).json() == {"state": "done", "percent": 100.0, "rows": 2}
    told = steward.get(answer["Location"]).content.decode()
    assert "Stored" in told
    assert "data_steward" in told
    assert (Record.objects.count(), QuarantinedRecord.objects.count()) == (2, 0)
    again = steward.post(reverse("admin:records_quarantinedrecord_replays"), group, follow=True)
    assert "Nothing of that is in quarantine any more." in again.content.decode()


def test_one_is_replayed_and_says_what_is_still_wrong(row: QuarantinedRecord) -> None:
    operator = signed_in(OPERATOR)
    told = operator.post(act("replay", row), follow=True).content.decode()
    assert "It still cannot be taken in: &#x27;revenue&#x27; must be a number." in told
    assert QuarantinedRecord.objects.count() == 1


def test_one_is_mended_by_hand(row: QuarantinedRecord) -> None:
    steward = signed_in(DATA_STEWARD)
    assert "canary much" not in steward.get(act("change", row)).content.decode()
    opened = steward.post(act("open", row), {"reason": "ticket 4711"})
    assert "canary much" in opened.content.decode()
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.reason) == ("open in quarantine", "mend a record in quarantine: ticket 4711")
    text = opened.context["form"]["record"].value()
    for wrong, why in ((text, "&#x27;revenue&#x27; must be a number."), ("{", "breaks in line 1"), ("[]", "is a JSON")):
        page = steward.post(act("mend", row), {"record": wrong, "reason": "ticket 4711"})
        assert (page.status_code, why in page.content.decode()) == (200, True)
    assert QuarantinedRecord.objects.get().pk == row.pk
    mended = text.replace('"canary much"', "12.5")
    done = steward.post(act("mend", row), {"record": mended, "reason": "ticket 4711"}, follow=True)
    assert "it is stored now" in done.content.decode()
    assert Record.objects.get().properties["amount"] == 12.5
    assert QuarantinedRecord.objects.count() == 0


def test_opening_needs_a_reason(row: QuarantinedRecord) -> None:
    page = signed_in(DATA_STEWARD).post(act("open", row), {"reason": ""}, follow=True).content.decode()
    assert "canary much" not in page
    assert "Reason" in page


@pytest.mark.parametrize(
    ("role", "replays", "opens"),
    [
        (OPERATOR, True, False),
        (ADMINISTRATOR, True, False),
        (DATA_STEWARD, True, True),
        (PRIVACY_OFFICER, False, False),
        (MARKETER, False, False),
    ],
)
def test_who_may(role: str, replays: bool, opens: bool, row: QuarantinedRecord) -> None:
    client = signed_in(role)
    assert (client.post(act("open", row), {"reason": "ticket 4711"}).status_code == 200) == opens
    assert (client.post(act("replay", row)).status_code == 302) == replays
    assert (client.post(act("mend", row), {"record": "{", "reason": "ticket 4711"}).status_code == 200) == opens
    assert (client.post(reverse("admin:records_quarantinedrecord_replays"), {}).status_code == 302) == replays


def test_of_an_oversize_one_nothing_can_be_replayed(shop: Source) -> None:
    send(shop, ordered("alice", context={"padding": "x" * 40_000}))
    row = QuarantinedRecord.objects.get()
    steward = signed_in(DATA_STEWARD)
    assert "there is nothing to replay" in steward.get(act("change", row)).content.decode()
    assert "left as it is" in steward.post(act("replay", row), follow=True).content.decode()


ROWS = "customer_number,given_name,email,updated_at\n{}\n"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("C1,Alice", ["C1", "Alice", None, None]),
        ('C1,"Alice,a@example.com,2026-11-01', ["C1", "Alice", "a@example.com", "2026-11-01"]),
    ],
)
def test_a_broken_line_of_a_table_is_mended_by_its_columns(
    line: str, told: list[str | None], crm: Source, tmp_path: Path
) -> None:
    file = tmp_path / "crm.csv"
    file.write_text(ROWS.format(line))
    ingest(crm, file)
    row = QuarantinedRecord.objects.get()
    steward = signed_in(DATA_STEWARD)
    text = steward.post(act("open", row), {"reason": "ticket 4711"}).context["form"]["record"].value()
    shown = orjson.loads(text)
    assert list(shown.items()) == list(zip(ROWS.split("\n")[0].split(","), told, strict=True))
    mended = orjson.dumps(shown | {"email": "a@example.com", "updated_at": "2026-11-01"}).decode()
    done = steward.post(act("mend", row), {"record": mended, "reason": "ticket 4711"}, follow=True)
    assert "it is stored now" in done.content.decode()
    assert QuarantinedRecord.objects.count() == 0


@pytest.mark.parametrize("line", ["1001", "null", "true", "[1]", '{"email": 1}'])
def test_a_broken_line_that_is_json_by_chance_stands_by_its_columns(line: str, crm: Source, tmp_path: Path) -> None:
    file = tmp_path / "crm.csv"
    file.write_text(ROWS.format(line))
    ingest(crm, file)
    row = QuarantinedRecord.objects.get()
    opened = signed_in(DATA_STEWARD).post(act("open", row), {"reason": "ticket 4711"})
    told = orjson.loads(opened.context["form"]["record"].value())
    assert told == {"customer_number": line, "given_name": None, "email": None, "updated_at": None}


def test_a_column_that_its_source_does_not_know_is_numbered(crm: Source, tmp_path: Path) -> None:
    file = tmp_path / "crm.csv"
    file.write_text("customer_number,Winterbourne\nC1,Alice,Leeds\n")
    ingest(crm, file)
    opened = signed_in(DATA_STEWARD).post(act("open", QuarantinedRecord.objects.get()), {"reason": "ticket 4711"})
    told = orjson.loads(opened.context["form"]["record"].value())
    assert told == {"customer_number": "C1", "cell 2": "Alice", "cell 3": "Leeds"}
    assert "customer_number, updated_at, " in opened.content.decode()


def test_a_column_of_which_only_the_end_is_recognized_is_numbered(tmp_path: Path) -> None:
    source, _ = sources.add("till", kind="offline", stable_key="customer_number")
    file = tmp_path / "till.csv"
    file.write_text("customer_number,Alice Winterbourne.phone,E-Mail\nC1,1,2,3\n")
    ingest(source, file)
    opened = signed_in(DATA_STEWARD).post(act("open", QuarantinedRecord.objects.get()), {"reason": "ticket 4711"})
    told = orjson.loads(opened.context["form"]["record"].value())
    assert told == {"customer_number": "C1", "cell 2": "1", "E-Mail": "2", "cell 4": "3"}


def test_a_file_of_segment_messages_has_no_known_columns(tmp_path: Path) -> None:
    source, _ = sources.add("site", kind="online")
    file = tmp_path / "site.csv"
    file.write_text("userId,email\nu-1\n")
    ingest(source, file)
    opened = signed_in(DATA_STEWARD).post(act("open", QuarantinedRecord.objects.get()), {"reason": "ticket 4711"})
    assert orjson.loads(opened.context["form"]["record"].value()) == {"cell 1": "u-1", "cell 2": None}


def test_a_dotted_column_that_its_source_names_is_told(tmp_path: Path) -> None:
    schema = {"properties": {"home": {"properties": {"city": {}}}, "note": {"type": "object"}}}
    mapping = {"recognize": True, "fields": {"buyer.tel": "phone"}}
    source, _ = sources.add("till", kind="offline", stable_key="customer_number", mapping=mapping)
    source = sources.change(source, contract_schema=orjson.dumps(schema).decode(), contract_mode="strict")
    file = tmp_path / "till.csv"
    file.write_text("customer_number,buyer.tel,home.city,note.Alice Winterbourne,home.Alice\nC1,1\n")
    ingest(source, file)
    opened = signed_in(DATA_STEWARD).post(act("open", QuarantinedRecord.objects.get()), {"reason": "ticket 4711"})
    told = orjson.loads(opened.context["form"]["record"].value())
    assert list(told) == ["customer_number", "buyer.tel", "home.city", "cell 4", "cell 5"]


def test_who_may_not_open_is_told_why_and_who_may(row: QuarantinedRecord) -> None:
    for role, told in (
        (ADMINISTRATOR, "leave to reveal identifiers as well as to replay; these roles have both: Data steward."),
        (PRIVACY_OFFICER, "not replay; these roles may: Administrator, Operator, Data steward."),
    ):
        assert told in signed_in(role).get(act("change", row)).content.decode()
    assert "leave to reveal" not in signed_in(DATA_STEWARD).get(act("change", row)).content.decode()
