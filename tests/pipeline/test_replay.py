"""Replay: what is in quarantine is read again as its source is now, and becomes what it would have been at once."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from consent.models import Act, Purpose
from pipeline import doors, files, replay
from pipeline.consumers.taking import Fetched, take
from pipeline.replay import NotOpened, Replayed
from privacy import requests, suppression
from privacy.suppression_hashes import Token
from records import accounting, sources
from records.envelopes import kafka, mqtt
from records.envelopes.webhook import Webhook
from records.mending import AS_IT_IS, Mend, SaysConsent, written_anew
from records.models import Identifier, Intake, QuarantinedRecord, Record, Source, SourceProfile
from tests.pipeline.cast import NOW, ordered, outcome, saying, send
from vault.grants import Actor
from vault.models import AuditEntry, DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

STEWARD = Actor("person", "7")
LATER = NOW + timedelta(days=3)
ROW = {"customer_id": "cn-1", "amount": "12.5", "at": "2026-11-20T10:00:00Z", "mail": "alice@example.com"}
WRONG = {
    "occurred_at": "at",
    "fields": {"customer_id": "customer_number", "mail": "email"},
    "properties": {"amount": "integer"},
}
RIGHT = {**WRONG, "properties": {"amount": "number"}}
Door = Callable[[Source, Path], object]


def again(*, mend: Mend = AS_IT_IS) -> Replayed:
    ids = list(QuarantinedRecord.objects.values_list("id", flat=True))
    return replay.replay(ids, actor=STEWARD, reason="the mapping was mended", now=LATER, mend=mend)


def by_http(shop: Source, tmp_path: Path) -> object:
    message = ordered("alice", properties={"amount": "12.5"}, timestamp="2026-11-22T11:00:00Z")
    return send(shop, {**message, "messageId": None}, sentAt="2026-11-22T11:30:00Z")


def by_file(shop: Source, tmp_path: Path) -> object:
    path = tmp_path / "rows.ndjson"
    path.write_text(json.dumps(ROW) + "\n" + json.dumps(ROW) + "\n")
    return files.ingest(shop, path, again=True)


def by_event(shop: Source, tmp_path: Path) -> object:
    event = {"specversion": "1.0", "id": "e-1", "source": "/till", "type": "sold", "time": ROW["at"], "data": ROW}
    return doors.cloud_events(shop, [event], now=NOW)


def by_webhook(shop: Source, tmp_path: Path) -> object:
    body = json.dumps({"type": "sold", "timestamp": ROW["at"], "data": ROW}).encode()
    return doors.webhook(shop, Webhook("wh-1", NOW, body), now=NOW)


def by_mqtt(shop: Source, tmp_path: Path) -> object:
    topic = "onym/till/till-7"
    row = {name: value for name, value in ROW.items() if name != "at"}
    message = mqtt.Message(topic, mqtt.place(topic, "onym"), json.dumps(row).encode(), lambda: b"d-1")
    return take([Fetched(shop.name, message)], door="mqtt", now=NOW)


def by_kafka(shop: Source, tmp_path: Path, told: object = ROW) -> object:
    message = kafka.Message("t", 0, 7, 1_795_000_000_000, b'{"id": "cn-1"}', json.dumps(told).encode())
    return take([Fetched(shop.name, message)], door="kafka", now=NOW)


CREATED = {"op": "c", "before": None, "after": ROW, "source": {"lsn": 5, "ts_ms": 1_795_000_000_000}}
DELETED = {
    "op": "d",
    "before": {"customer_id": "cn-1"},
    "after": None,
    "source": {"lsn": 6},
    "ts_ms": 1_795_000_000_000,
}


def rows_of(source: Source) -> list[Any]:
    """What the records of a source say, but for their ids and their arrival."""
    told = ("message_hash", "kind", "event", "occurred_at", "properties", "flags")
    return sorted(str(row) for row in Record.objects.filter(source=source).values_list(*told))


@pytest.mark.parametrize(
    ("door", "wrong", "right"),
    [
        pytest.param(by_file, WRONG, RIGHT, id="file"),
        pytest.param(by_event, WRONG, RIGHT, id="cloudevents"),
        pytest.param(by_webhook, WRONG, RIGHT, id="webhook"),
        pytest.param(by_mqtt, WRONG, RIGHT, id="mqtt"),
        pytest.param(by_kafka, WRONG, RIGHT, id="kafka"),
        pytest.param(partial(by_kafka, told=CREATED), WRONG, RIGHT, id="debezium"),
        pytest.param(
            partial(by_kafka, told=DELETED), {"fields": {"other": "customer_number"}}, RIGHT, id="debezium's deletion"
        ),
        pytest.param(by_http, {"properties": {"amount": "integer"}}, {"properties": {"amount": "number"}}, id="http"),
    ],
)
def test_what_is_replayed_is_what_it_would_have_been(
    door: Door, wrong: dict[str, Any], right: dict[str, Any], tmp_path: Path
) -> None:
    format = "segment" if door is by_http else "rows"
    made = partial(sources.add, kind="offline", format=format, stable_key="customer_number")
    at_once, mended = made("at-once", mapping=right)[0], made("mended", mapping=wrong)[0]
    door(at_once, tmp_path)
    expected = rows_of(at_once)
    assert expected
    door(mended, tmp_path)
    assert rows_of(mended) == []
    sources.change(mended, mapping=right)
    assert again().acceptance.stored == len(expected)
    assert rows_of(mended) == expected
    # Its way tells where it came from: the same again is known already.
    door(Source.objects.get(pk=mended.pk), tmp_path)
    assert rows_of(mended) == expected
    assert (QuarantinedRecord.objects.count(), Record.objects.filter(source=mended).count()) == (0, len(expected))


def test_it_counts_on_the_day_on_which_it_came(shop: Source) -> None:
    wrong = ordered("alice", properties={"revenue": "much"})
    send(shop, wrong, ordered("bob"))
    replayed = again(mend=Mend(leave_out=("revenue",)))
    assert outcome(replayed.acceptance) == (1, 0, 0, 0)
    assert set(Record.objects.values_list("received_at", flat=True)) == {NOW}
    (line,) = accounting.lines(since=NOW.date(), until=LATER.date())
    assert (line.acknowledged, line.stored, line.quarantined, line.faults) == (2, 2, 0, [])
    assert (line.records_now, line.in_quarantine_now) == (2, 0)
    let_go = Intake.objects.get(door="quarantine")
    assert (let_go.acknowledged, let_go.stored, let_go.quarantined) == (0, 1, -1)


def test_nothing_of_it_is_left(shop: Source) -> None:
    send(shop, ordered("alice", properties={"revenue": "much"}))
    row = QuarantinedRecord.objects.get()
    assert DataKey.objects.filter(pk=row.pk).exists()
    assert again(mend=Mend(leave_out=("revenue",))).out == {row.pk}
    assert not QuarantinedRecord.objects.exists()
    assert not DataKey.objects.filter(pk=row.pk).exists()


def test_what_still_cannot_be_taken_in_stays_with_the_reason_of_now() -> None:
    source = sources.add("till", kind="offline", mapping=WRONG)[0]
    doors.cloud_events(source, [{"specversion": "1.0", "id": "e", "source": "/", "type": "t", "data": ROW}], now=NOW)
    sources.change(source, mapping={**WRONG, "properties": {"amount": "boolean"}})
    replayed = again()
    assert (replayed.acceptance.acknowledged, replayed.out, len(replayed.still)) == (0, frozenset(), 1)
    assert QuarantinedRecord.objects.get().message == "'amount' must be a boolean."
    assert Intake.objects.count() == 1


def test_a_broken_line_stays_until_it_is_written_anew(tmp_path: Path) -> None:
    source = sources.add("till", kind="offline", mapping=RIGHT)[0]
    path = tmp_path / "rows.ndjson"
    path.write_text('{"customer_id": "cn-1"\n')
    files.ingest(source, path)
    assert [item.code for item in again().still.values()] == ["malformed_json"]
    assert QuarantinedRecord.objects.get().line == 1
    replayed = again(mend=Mend(anew=written_anew(json.dumps(ROW))))
    assert (replayed.acceptance.stored, QuarantinedRecord.objects.count()) == (1, 0)


def test_consent_is_asked(browser: Source) -> None:
    send(browser, ordered("alice", properties={"revenue": "much"}))
    replayed = again(mend=Mend(leave_out=("revenue",)))
    assert outcome(replayed.acceptance) == (0, 0, 0, 1)
    assert (Record.objects.count(), QuarantinedRecord.objects.count()) == (0, 0)
    (line,) = accounting.lines(since=NOW.date(), until=LATER.date())
    assert (line.acknowledged, line.refused, line.quarantined, line.faults) == (1, 1, 0, [])


def test_who_was_erased_meanwhile_is_not_let_in(shop: Source) -> None:
    send(shop, ordered("alice", properties={"revenue": "much"}))
    request = requests.open("erasure", profile_id=None, actor="officer", now=NOW)
    suppression.add([Token("account_id", "u-alice")], request=request, now=NOW)
    assert outcome(again(mend=Mend(leave_out=("revenue",))).acceptance) == (0, 0, 0, 1)
    assert Record.objects.count() == 0


def test_what_was_sent_again_meanwhile_counts_once(shop: Source) -> None:
    send(shop, ordered("alice", properties={"revenue": "much"}))
    send(shop, ordered("alice"))
    assert outcome(again(mend=Mend(leave_out=("revenue",))).acceptance) == (0, 1, 0, 0)
    assert Record.objects.count() == 1


def test_a_disabled_source_waits(shop: Source) -> None:
    send(shop, ordered("alice", properties={"revenue": "much"}))
    sources.change(shop, enabled=False)
    assert again(mend=Mend(leave_out=("revenue",))) == Replayed()
    assert QuarantinedRecord.objects.count() == 1


def test_of_what_was_too_large_there_is_nothing_to_replay(shop: Source) -> None:
    send(shop, ordered("alice", context={"padding": "x" * 40_000}))
    assert again() == Replayed()
    assert QuarantinedRecord.objects.count() == 1


def test_opening_it_is_asked_and_written_down(shop: Source) -> None:
    send(shop, ordered("alice", properties={"revenue": "much"}))
    again()
    entry = AuditEntry.objects.latest("id")
    assert (entry.actor_kind, entry.actor, entry.action) == ("person", "7", "replay the quarantine")
    send(shop, ordered("bob", properties={"revenue": "much"}))
    Purpose.objects.filter(slug=replay.PURPOSE).update(active=False)
    with pytest.raises(NotOpened, match="'security'"):
        replay.replay(
            [row.pk for row in QuarantinedRecord.objects.all()], actor=STEWARD, reason="x", now=timezone.now()
        )


def test_records_that_were_quarantined_before_ways_were_kept(shop: Source) -> None:
    send(shop, ordered("alice", properties={"revenue": "much"}, **saying(analytics=True)))
    QuarantinedRecord.objects.update(sealed_way=None, door="")
    assert again(mend=Mend(leave_out=("revenue",))).acceptance.stored == 1


def test_what_the_browser_asked_for_is_heard_when_it_came(shop: Source) -> None:
    """Global Privacy Control stands in a header; a later yes of the person counts more than the replay of it."""
    wrong = {"batch": [ordered("alice", properties={"revenue": "much"})]}
    doors.segment(shop, wrong, single_type=None, now=NOW, gpc=True)
    send(shop, ordered("alice", 2, days_ago=-1, **saying(marketing=True)), now=NOW + timedelta(days=1))
    assert again(mend=Mend(leave_out=("revenue",))).acceptance.stored == 1
    acts = Act.objects.filter(purpose="marketing").order_by("occurred_at").values_list("state", "how", "occurred_at")
    assert [(state, how == "gpc", at) for state, how, at in acts] == [
        ("withdrawn", True, NOW),
        ("granted", False, NOW + timedelta(days=1)),
    ]


def test_what_is_said_of_consent_cannot_be_left_out() -> None:
    mapping = {**RIGHT, "consents": {"newsletter": {"purpose": "marketing", "channel": "email"}}}
    source = sources.add("till", kind="offline", stable_key="customer_number", mapping=mapping)[0]
    row = {**ROW, "newsletter": "withdrawn"}
    doors.cloud_events(source, [{"specversion": "1.0", "id": "e", "source": "/", "type": "t", "data": row}], now=NOW)
    for name in ("newsletter", "context", "context.consent.categoryPreferences"):
        with pytest.raises(SaysConsent, match="says what the person allows"):
            again(mend=Mend(leave_out=(name,)))
    assert (QuarantinedRecord.objects.get().field, Record.objects.count()) == ("newsletter", 0)


def test_what_its_source_keeps_no_longer_is_not_taken_in(shop: Source) -> None:
    send(shop, ordered("alice", properties={"revenue": "much"}))
    sources.change(shop, retention_days=2)
    assert outcome(again(mend=Mend(leave_out=("revenue",))).acceptance) == (0, 0, 0, 1)
    assert (Record.objects.count(), QuarantinedRecord.objects.count()) == (0, 0)
    (line,) = accounting.lines(since=NOW.date(), until=LATER.date())
    assert (line.refused, line.quarantined, line.faults) == (1, 0, [])


def test_what_was_kept_for_long_enough_is_left_alone(shop: Source) -> None:
    send(shop, ordered("alice", properties={"revenue": "much"}))
    QuarantinedRecord.objects.update(expires_at=LATER)
    assert again(mend=Mend(leave_out=("revenue",))) == Replayed()


def test_nobodys_time_begins_anew(shop: Source) -> None:
    send(shop, ordered("alice", properties={"revenue": "much"}))
    again(mend=Mend(leave_out=("revenue",)))
    assert SourceProfile.objects.get().created_at == NOW


@pytest.mark.parametrize(
    "told", [{"op": "t", "source": {"name": "dbserver1"}}, {"op": "u", "before": ROW, "after": None}], ids=["t", "u"]
)
def test_a_change_that_names_nobody_is_no_row(told: dict[str, Any], tmp_path: Path) -> None:
    source = sources.add("table", kind="offline", stable_key="customer_number")[0]
    by_kafka(source, tmp_path, told)
    before = list(QuarantinedRecord.objects.values_list("reason", "message"))
    assert len(again().still) == 1
    assert list(QuarantinedRecord.objects.values_list("reason", "message")) == before
    assert Record.objects.count() == 0


def test_a_broken_line_keeps_its_reason(tmp_path: Path) -> None:
    source = sources.add("till", kind="offline", mapping=RIGHT)[0]
    path = tmp_path / "rows.csv"
    path.write_text("customer_id,amount\ncn-1,5\ncn-2,5,7\n")
    files.ingest(source, path)
    assert [(item.code, item.field) for item in again().still.values()] == [("broken_row", "")]
    assert QuarantinedRecord.objects.get().reason == "broken_row"


def test_mended_rows_are_known_by_what_was_sent(tmp_path: Path) -> None:
    """Two that differ only in what is left out are two, and come in no third time when the mapping is mended."""
    source = sources.add("till", kind="offline", stable_key="customer_number", mapping=WRONG)[0]
    path = tmp_path / "rows.ndjson"
    path.write_text("".join(json.dumps({**ROW, "amount": amount}) + "\n" for amount in ("1.5", "2.5")))
    files.ingest(source, path)
    assert again(mend=Mend(leave_out=("amount",))).acceptance.stored == 2
    source = sources.change(source, mapping=RIGHT)
    assert outcome(files.ingest(source, path)) == (0, 2, 0, 0)


def test_who_writes_a_record_anew_speaks_for_nobody(shop: Source) -> None:
    send(shop, ordered("alice", properties={"revenue": "much"}))
    anew = {**ordered("alice", **saying(analytics=True, marketing=False)), "timestamp": "2020-01-01T00:00:00Z"}
    assert again(mend=Mend(anew=json.dumps(anew).encode())).acceptance.stored == 1
    assert list(Act.objects.values_list("purpose", "state")) == [("marketing", "withdrawn")]
    assert "mended_by_hand" in Record.objects.get().flags


def test_what_came_by_a_public_key_stays_unverified(browser: Source) -> None:
    send(browser, ordered("alice", properties={"revenue": "much"}, **saying(analytics=True)))
    sources.change(browser, client_side=False)
    assert again(mend=Mend(leave_out=("revenue",))).acceptance.stored == 1
    assert set(Identifier.objects.values_list("verified", flat=True)) == {False}
    assert set(Act.objects.values_list("verified", flat=True)) == {False}
