"""The Kafka door: plain JSON and Debezium's changes are taken in once, and offsets follow the database."""

import json
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from records.models import Intake, Record, Source
from tests.brokers import PATIENCE, MockKafka
from tests.pipeline.consumers.cast import as_json, consume_kafka

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
CUSTOMERS = {"ONYM_KAFKA_TOPICS": "shopdb.public.customers=crm"}


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
    kafka.produce(
        "onym.crm.customers",
        ("1001", json.dumps(row)),
        ("1002", json.dumps([{**row, "customer_number": "1002"}, {**row, "customer_number": "1003"}])),
    )
    taken = consume_kafka(kafka, 3)
    assert (taken.acceptance.stored, taken.homeless) == (3, 0)
    assert Record.objects.count() == 3
    assert committed(kafka, "onym.crm.customers") == 2
    assert set(Intake.objects.values_list("door", flat=True)) == {"kafka"}


def test_what_debezium_tells_is_taken_in(kafka: MockKafka, crm: Source) -> None:
    alice = {"customer_number": "1001", "email": "alice@example.com", "city": "Leeds"}
    key = as_json(customer_number="1001")
    kafka.produce(
        "shopdb.public.customers",
        (key, changed("r", None, alice, 1)),
        (key, changed("u", alice, {**alice, "city": "York"}, 2)),
        (key, changed("u", {**alice, "city": "York"}, alice, 3)),
        (key, changed("d", {"customer_number": "1001", "email": None, "city": None}, None, 4)),
        (key, None),
    )
    taken = consume_kafka(kafka, 5, **CUSTOMERS).acceptance
    assert (taken.stored, taken.duplicate, taken.quarantined) == (4, 1, 0)
    kinds = list(Record.objects.order_by("id").values_list("kind", flat=True))
    assert sorted(kinds) == ["deletion", "profile", "profile", "profile"]
