"""Brokers, and sources that publish there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from records import sources
from records.models import Source
from tests.brokers import MockKafka, Mosquitto


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path / "mosquitto")
    yield broker
    broker.stop()


@pytest.fixture
def kafka() -> MockKafka:
    return MockKafka()


@pytest.fixture
def fridges(db: None) -> Source:
    """Appliances that report by MQTT; what they may report is declared."""
    mapping = {
        "kind": "telemetry",
        "message_id": ["id"],
        "occurred_at": "timestamp",
        "fields": {"topic.device": "device_id"},
        "properties": {"temperature": "number", "door": "string"},
    }
    return sources.add("fridges", kind="iot", purposes=["service"], mapping=mapping)[0]
