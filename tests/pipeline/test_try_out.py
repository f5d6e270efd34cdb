"""Trying a mapping on the quarantine: each record is read as its own door reads it, and as a replay would."""

import json
from collections.abc import Callable

import pytest

from pipeline import doors, try_out
from pipeline.consumers.taking import Fetched, take
from pipeline.replay import replay
from pipeline.try_out import Candidate
from records import sources
from records.envelopes import kafka, mqtt
from records.models import QuarantinedRecord, Source
from tests.pipeline.cast import NOW
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

STEWARD = Actor("person", "7")
WRONG = {"properties": {"temperature": "integer"}}
RIGHT = {"properties": {"temperature": "string"}}
# Where no topic says whose reading it is, a column does.
BY_COLUMN = {"fields": {"device": "device_id"}}
READING = {"temperature": "warm"}


@pytest.fixture
def fridges(db: None) -> Source:
    return sources.add("fridges", kind="iot", mapping=WRONG)[0]


def by_mqtt(source: Source) -> None:
    topic = "onym/fridges/fridge-7"
    message = mqtt.Message(topic, mqtt.place(topic, "onym"), json.dumps(READING).encode(), lambda: b"d-1")
    take([Fetched(source.name, message)], door="mqtt", now=NOW)


def by_kafka(source: Source) -> None:
    row = {**READING, "device": "fridge-7"}
    message = kafka.Message("t", 0, 7, 1_795_000_000_000, b"fridge-7", json.dumps(row).encode())
    take([Fetched(source.name, message)], door="kafka", now=NOW)


def by_event(source: Source) -> None:
    data = {**READING, "device": "fridge-7"}
    event = {"specversion": "1.0", "id": "e-1", "source": "/f", "type": "read", "time": "2026-11-20T10:00:00Z"}
    doors.cloud_events(source, [{**event, "data": data}], now=NOW)


@pytest.mark.parametrize(("send", "more"), [(by_mqtt, {}), (by_kafka, BY_COLUMN), (by_event, BY_COLUMN)])
def test_it_reads_as_a_replay_would(
    fridges: Source, send: Callable[[Source], None], more: dict[str, dict[str, str]]
) -> None:
    fridges, right = sources.change(fridges, mapping=WRONG | more), RIGHT | more
    send(fridges)
    row = QuarantinedRecord.objects.get()
    assert row.reason == "wrong_type"
    tried = try_out.with_quarantine(fridges, Candidate(right), actor=STEWARD, now=NOW)
    assert (tried.now.rows, tried.now.new, tried.now.quarantined) == (1, 0, 1)
    assert [(fault.reason, fault.field) for fault in tried.now.faults] == [("wrong_type", "temperature")]
    assert (tried.then.rows, tried.then.new, tried.then.quarantined, tried.then.faults) == (1, 1, 0, [])
    becomes = {column.name: column.becomes for column in tried.then.columns}
    assert becomes["temperature"] == "property (string)"
    assert QuarantinedRecord.objects.count() == 1
    sources.change(fridges, mapping=right)
    replayed = replay([row.pk], actor=STEWARD, reason="mended", now=NOW)
    assert (replayed.acceptance.stored, replayed.still) == (1, {})


def test_a_segment_message_is_known_by_when_its_batch_was_sent(db: None) -> None:
    shop = sources.add("shop", kind="online", mapping={"properties": {"revenue": "integer"}})[0]
    message = {"type": "track", "userId": "u-1", "event": "Bought", "properties": {"revenue": "12.5"}}
    doors.segment(shop, {"batch": [message], "sentAt": "2026-11-22T11:30:00Z"}, single_type=None, now=NOW)
    tried = try_out.with_quarantine(shop, Candidate({"properties": {"revenue": "number"}}), actor=STEWARD, now=NOW)
    assert ((tried.now.new, tried.now.quarantined), (tried.then.new, tried.then.quarantined)) == ((0, 1), (1, 0))


def test_what_was_refused_as_a_whole_stays_so(fridges: Source) -> None:
    topic = "onym/fridges/fridge-7"
    message = mqtt.Message(topic, mqtt.place(topic, "onym"), b"\xff not text", lambda: b"d-1")
    take([Fetched(fridges.name, message)], door="mqtt", now=NOW)
    row = QuarantinedRecord.objects.get()
    tried = try_out.with_quarantine(fridges, Candidate(RIGHT), actor=STEWARD, now=NOW)
    for report in (tried.now, tried.then):
        assert [(fault.reason, fault.rows) for fault in report.faults] == [(row.reason, 1)]


@pytest.mark.parametrize("event", [[1], "x", None])
def test_what_is_no_event_at_all_stays_out_and_breaks_nothing(fridges: Source, event: object) -> None:
    doors.cloud_events(fridges, [event], now=NOW)
    tried = try_out.with_quarantine(fridges, Candidate(RIGHT | BY_COLUMN), actor=STEWARD, now=NOW)
    assert (tried.now.quarantined, tried.then.quarantined) == (1, 1)
