"""The Kafka door: plain JSON and Debezium's changes are taken in once, and offsets follow the database."""

import json
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition
from django.db import OperationalError

from pipeline.consumers import kafka_settings, taking
from pipeline.consumers.kafka import KafkaConsumer
from records import sources
from records.models import Intake, QuarantinedRecord, Record, Source
from tests.brokers import PATIENCE, MockKafka
from tests.pipeline.cast import bearers, counts
from tests.pipeline.consumers.cast import Until, Watched, as_json, consume_kafka

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
CUSTOMERS = {"ONYM_KAFKA_TOPICS": "shopdb.public.customers=crm"}
ALICE = {"customer_number": "1001", "email": "alice@example.com", "city": "Leeds"}
KEY = as_json(customer_number="1001")


def changed(op: str, before: Any, after: Any, lsn: int) -> str:
    """A change as Debezium's connector for PostgreSQL tells it."""
    source = {"connector": "postgresql", "name": "shopdb", "table": "customers", "lsn": lsn, "ts_ms": 1795564800000}
    return as_json(before=before, after=after, source=source, op=op, ts_ms=1795564801000)


def committed(kafka: MockKafka, topic: str) -> int:
    """The sum of the offsets that the group has committed."""
    reader = Consumer({"bootstrap.servers": kafka.servers, "group.id": "onym", "log_level": 0})
    try:
        places = reader.committed([TopicPartition(topic, number) for number in range(4)], timeout=PATIENCE)
        return sum(max(0, place.offset) for place in places)
    finally:
        reader.close()


def test_plain_json_is_taken_in_and_its_offsets_are_committed(kafka: MockKafka, crm: Source) -> None:
    row = {"customer_number": "1001", "email": "alice@example.com", "updated_at": "2026-11-20T10:00:00Z"}
    others = [{**row, "customer_number": "1002"}, {**row, "customer_number": "1003"}]
    kafka.produce("onym.crm.customers", ("1001", json.dumps(row)), ("1002", json.dumps(others)))
    taken = consume_kafka(kafka, 3)
    assert (taken.acceptance.stored, taken.homeless) == (3, 0)
    assert Record.objects.count() == 3
    assert committed(kafka, "onym.crm.customers") == 2
    assert set(Intake.objects.values_list("door", flat=True)) == {"kafka"}


def test_what_debezium_tells_is_taken_in(kafka: MockKafka, crm: Source) -> None:
    """A row that changes and changes back is told three times; its deletion once, whatever tombstone follows."""
    kafka.produce(
        "shopdb.public.customers",
        (KEY, changed("r", None, ALICE, 1)),
        (KEY, changed("u", ALICE, {**ALICE, "city": "York"}, 2)),
        (KEY, changed("u", {**ALICE, "city": "York"}, ALICE, 3)),
        (KEY, changed("d", {"customer_number": "1001", "email": None, "city": None}, None, 4)),
        (KEY, None),
    )
    taken = consume_kafka(kafka, 5, **CUSTOMERS).acceptance
    assert (taken.stored, taken.duplicate, taken.quarantined) == (4, 1, 0)
    assert sorted(Record.objects.values_list("kind", flat=True)) == ["deletion", "profile", "profile", "profile"]
    assert Record.objects.values("source_profile").distinct().count() == 1
    assert bearers("email", "alice@example.com") != [], "a deletion at the source erases nobody"
    assert {moment.isoformat() for moment in Record.objects.values_list("occurred_at", flat=True)} == {
        "2026-11-25T00:00:00+00:00"
    }


def test_a_connector_that_repeats_itself_changes_nothing(kafka: MockKafka, crm: Source) -> None:
    told = (KEY, changed("c", None, ALICE, 7))
    kafka.produce("shopdb.public.customers", told, told)
    taken = consume_kafka(kafka, 2, **CUSTOMERS).acceptance
    assert (taken.stored, taken.duplicate) == (1, 1)


@pytest.mark.slow
def test_what_was_not_committed_comes_again_and_changes_nothing(
    kafka: MockKafka, crm: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal messages at two offsets are two; read again from the same offsets, they are still two."""
    row = as_json(customer_number="1001", city="Leeds")
    kafka.produce("onym.crm", ("1001", row), ("1001", row), ("1001", None), ("1002", "{"))
    with monkeypatch.context() as broken:
        broken.setattr(KafkaConsumer, "_commit", lambda *_: None)
        first = consume_kafka(kafka, 4).acceptance
    again = consume_kafka(kafka, 4).acceptance
    assert (first.stored, first.quarantined, first.duplicate) == (2, 2, 0)
    assert (again.stored, again.quarantined, again.duplicate) == (0, 0, 4)
    assert committed(kafka, "onym.crm") == 4


BAD = [
    ("k", '{"customer_number": ', "malformed_json"),
    ("k", b"\xff\xfe", "invalid_utf8"),
    ("k", "4", "not_an_object"),
    ("k", as_json(city="Leeds"), "missing_identifier"),
    ("k", as_json(customer_number="1", updated_at="soon"), "absurd_date"),
    ("k", as_json(customer_number="1", city="x" * 40_000), "too_large"),
    ("k", as_json(op="t", source={}, ts_ms=1), "truncated_at_source"),
    ("k", as_json(op="x", before=None, after={}), "unknown_type"),
    ("k", as_json(op="c", before=None, after="{"), "malformed_json"),
    ("k", as_json(op="d", before={"city": "Leeds"}, after=None), "missing_identifier"),
    ("k", None, "missing_identifier"),
    (None, None, "not_an_object"),
]


def test_a_bad_message_is_quarantined_with_its_reason_and_stops_nothing(kafka: MockKafka, crm: Source) -> None:
    good = ("1001", as_json(customer_number="1001"))
    kafka.produce("onym.crm", good, *((key, value) for key, value, _ in BAD), good)
    taken = consume_kafka(kafka, len(BAD) + 2).acceptance
    # The bare tombstone of "k" stands behind the deletion of "k", and says no more.
    assert (taken.stored, taken.quarantined, taken.duplicate) == (2, len(BAD) - 1, 1)
    reasons = [reason for key, value, reason in BAD if (key, value) != ("k", None)]
    assert sorted(QuarantinedRecord.objects.values_list("reason", flat=True)) == sorted(reasons)
    assert QuarantinedRecord.objects.get(reason="too_large").sealed is None
    assert committed(kafka, "onym.crm") == len(BAD) + 2


def test_a_tombstone_alone_tells_of_a_deletion(kafka: MockKafka, crm: Source) -> None:
    sources.change(crm, mapping={"fields": {"kafka.key": "customer_number", "email": "email"}})
    kafka.produce("onym.crm", ("1001", as_json(email="alice@example.com")), ("1001", None), ("1001", None))
    taken = consume_kafka(kafka, 3).acceptance
    assert (taken.stored, taken.quarantined) == (3, 0)
    assert sorted(Record.objects.values_list("kind", flat=True)) == ["deletion", "deletion", "profile"]
    assert len(bearers("customer_number", "1001")) == 1


def test_a_message_without_a_value_is_a_message(kafka: MockKafka, crm: Source) -> None:
    """One that comes first and alone, too."""
    kafka.produce("onym.crm", ("1001", None), ("1002", None))
    assert consume_kafka(kafka, 2).acceptance.acknowledged == 2
    assert committed(kafka, "onym.crm") == 2


def _nested(levels: int) -> bytes:
    """A struct in a struct in a struct, as its schema says."""
    value, schema = "1", '{"type": "int32", "field": "a"}'
    for _ in range(levels):
        value, schema = f'{{"a": {value}}}', f'{{"type": "struct", "field": "a", "fields": [{schema}]}}'
    return f'{{"schema": {schema}, "payload": {value}}}'.encode()


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        (_nested(495), "unreadable"),
        (as_json(schema={"type": "struct", "fields": [{"field": ["x"]}]}, payload={"city": "Leeds"}).encode(), None),
        (b"[" + b",".join([b"1"] * 10_001) + b"]", "too_large"),
    ],
    ids=["nested without end", "a field that is no name", "a file in a message"],
)
def test_what_nobody_foresaw_costs_only_itself(odd: bytes, reason: str | None, kafka: MockKafka, crm: Source) -> None:
    kafka.produce("onym.crm", ("k", as_json(customer_number="1")), ("k", odd), ("k", as_json(customer_number="2")))
    taken = consume_kafka(kafka, 3).acceptance
    assert (taken.stored, taken.quarantined) == (2, 1)
    assert QuarantinedRecord.objects.get().reason == (reason or "missing_identifier")


def test_so_many_rows_share_a_transaction_and_no_more(
    kafka: MockKafka, crm: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, accept = list[int](), taking.accept

    def counted(source: Source, items: Any, **kwargs: Any) -> Any:
        sizes.append(len(items))
        return accept(source, items, **kwargs)

    monkeypatch.setattr(taking, "accept", counted)
    monkeypatch.setattr(taking, "MOST", 20)
    rows = [json.dumps([{"customer_number": f"{message}-{row}"} for row in range(15)]) for message in range(3)]
    kafka.produce("onym.crm", *(("k", one) for one in rows))
    assert consume_kafka(kafka, 45).acceptance.stored == 45
    assert max(sizes) <= 20


def test_nobodys_messages_leave_nothing_but_their_number(kafka: MockKafka, crm: Source) -> None:
    sources.change(crm, enabled=False)
    before = counts(without=("pipeline.Heartbeat",))
    kafka.produce("onym.crm", ("1", as_json(customer_number="1")), ("1", "{"))
    kafka.produce("onym.nobody", ("1", as_json(customer_number="1")))
    assert consume_kafka(kafka, 3).homeless == 3
    assert counts(without=("pipeline.Heartbeat",)) == before
    assert committed(kafka, "onym.crm") == 2


@pytest.mark.django_db(transaction=True, databases=["default", "keystore"])
def test_nothing_is_committed_while_the_database_is_away(
    kafka: MockKafka, crm: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka.produce("onym.crm", ("1001", as_json(customer_number="1001")))
    until, failures, offsets = Until(1), [3], list[int]()
    accept = taking.accept

    def failing(*args: Any, **kwargs: Any) -> Any:
        if failures[0]:
            failures[0] -= 1
            offsets.append(committed(kafka, "onym.crm"))
            raise OperationalError("away")
        return accept(*args, **kwargs)

    monkeypatch.setattr(taking, "accept", failing)
    settings = kafka_settings.read({"ONYM_KAFKA_SERVERS": kafka.servers})
    KafkaConsumer(settings, stopping=until, progress=Watched("kafka", until)).run()
    assert offsets == [0, 0, 0]
    assert until.seen.acceptance.stored == 1
    assert committed(kafka, "onym.crm") == 1


def test_a_record_that_cannot_be_stored_costs_only_itself(
    kafka: MockKafka, crm: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept = taking.accept

    def failing(source: Source, items: Any, **kwargs: Any) -> Any:
        if any(getattr(item, "fields", {}).get("customer_number") == "poison" for item in items):
            raise ValueError("cannot be stored")
        return accept(source, items, **kwargs)

    monkeypatch.setattr(taking, "accept", failing)
    kafka.produce("onym.crm", *((name, as_json(customer_number=name)) for name in ("1", "poison", "2")))
    taken = consume_kafka(kafka, 3).acceptance
    assert (taken.stored, taken.quarantined) == (2, 1)
    kept = QuarantinedRecord.objects.get()
    assert (kept.reason, kept.sealed, kept.message) == (
        "unstorable",
        None,
        "The record could not be stored: ValueError.",
    )
