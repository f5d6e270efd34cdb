"""Consumers in the test's own thread: each runs until so many messages have been taken."""

import json
import threading
import time
from typing import Any

from pipeline.consumers import kafka_settings, mqtt_settings
from pipeline.consumers.kafka import KafkaConsumer
from pipeline.consumers.mqtt import MqttConsumer
from pipeline.consumers.progress import Progress
from pipeline.consumers.taking import Taken
from records.models import Intake, Source
from tests.brokers import PATIENCE, MockKafka, Mosquitto


class Until(threading.Event):
    """A signal to stop that comes when so many messages have been taken, or one of these events has happened."""

    def __init__(self, count: int = 0, event: str = "", patience: float = PATIENCE) -> None:
        super().__init__()
        self.count, self.event, self.until = count, event, time.monotonic() + patience
        self.seen, self.lines = Taken(), list[str]()

    def is_set(self) -> bool:
        if super().is_set():
            return True
        taken = self.seen.acceptance.acknowledged + self.seen.homeless
        happened = self.event and any(self.event in line for line in self.lines)
        if (self.count and taken >= self.count) or happened:
            self.set()
        elif time.monotonic() > self.until:
            raise AssertionError(f"only {taken} of {self.count} in time: {self.lines}")
        return super().is_set()


class Watched(Progress):
    """The progress of a consumer, which tells the signal to stop what was taken."""

    def __init__(self, door: str, until: Until) -> None:
        super().__init__(door, until.lines.append, as_json=True)
        self._until = until

    def note(self, taken: Taken, **more: int) -> None:
        self._until.seen += taken
        super().note(taken, **more)


def consume_mqtt(broker: Mosquitto, count: int = 0, *, event: str = "", **variables: str) -> Taken:
    """Run the MQTT consumer until it has taken so many."""
    until = Until(count, event)
    settings = mqtt_settings.read({"ONYM_MQTT_URL": f"mqtt://127.0.0.1:{broker.port}", **variables})
    MqttConsumer(settings, stopping=until, progress=Watched("mqtt", until)).run()
    return until.seen


def subscribe(broker: Mosquitto, **variables: str) -> None:
    """Let the consumer's session begin: from now on the broker holds what is published for it."""
    consume_mqtt(broker, event="connected", **variables)


def consume_kafka(kafka: MockKafka, count: int = 0, *, event: str = "", **variables: str) -> Taken:
    """Run the Kafka consumer until it has taken so many."""
    until = Until(count, event)
    settings = kafka_settings.read({"ONYM_KAFKA_SERVERS": kafka.servers, **variables})
    KafkaConsumer(settings, stopping=until, progress=Watched("kafka", until)).run()
    return until.seen


def accounts(source: Source) -> dict[str, int]:
    """What the intakes of this source add up to."""
    names = ("acknowledged", "stored", "duplicate", "quarantined", "refused")
    rows = Intake.objects.filter(source=source).values(*names)
    return {name: sum(row[name] for row in rows) for name in names}


def as_json(**columns: Any) -> str:
    return json.dumps(columns)
