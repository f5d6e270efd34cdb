"""Consumers as operators run them: processes of their own, to be stopped and killed; and what is sent through each."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from django.conf import settings

from records import sources
from records.models import Source
from tests.brokers import MockKafka, Mosquitto, publish

PATIENCE = 120.0


class Door(Protocol):
    """A broker, how a consumer finds it, and a way to send readings: those of even number bear an id, the others are
    all alike."""

    command: str
    variables: dict[str, str]
    ready_when: str

    def send(self, first: int, count: int) -> None: ...


class MqttDoor:
    """Appliances report to mosquitto. Readings without an id are told apart by the broker's delivery."""

    command = "consume_mqtt"
    ready_when = "connected"

    def __init__(self, broker: Mosquitto) -> None:
        self.broker = broker
        self.variables = {"ONYM_MQTT_URL": f"mqtt://127.0.0.1:{broker.port}"}

    def send(self, first: int, count: int) -> None:
        publish(self.broker.port, *map(self._message, range(first, first + count)))

    def _message(self, number: int) -> tuple[str, str]:
        if number % 2:
            return f"onym/fridges/f-{number % 20}/temperature", "4.5"
        return f"onym/fridges/f-{number % 20}", json.dumps({"id": f"r-{number}", "temperature": number})


class KafkaDoor:
    """A pipeline of the same readings in Kafka."""

    command = "consume_kafka"
    ready_when = ""  # what came before it is there to be read

    def __init__(self, kafka: MockKafka) -> None:
        self.kafka = kafka
        self.variables = {"ONYM_KAFKA_SERVERS": kafka.servers}

    def send(self, first: int, count: int) -> None:
        self.kafka.produce("onym.fridges", *map(self._message, range(first, first + count)))

    def _message(self, number: int) -> tuple[str, str]:
        device = f"f-{number % 20}"
        own = {"temperature": 4.5} if number % 2 else {"id": f"r-{number}", "temperature": number}
        return device, json.dumps({"topic.device": device, **own})


def environment(urls: dict[str, str], home: Path) -> dict[str, str]:
    """The variables of a process of the product that works on these databases."""
    return {
        **os.environ,
        "ONYM_HOME": str(home),
        "ONYM_KEK_FILE": str(settings.KEK_FILE),
        "ERASURE_LEDGER": str(home / "erasures.jsonl"),
        "DATABASE_URL": urls["default"],
        "KEYSTORE_URL": urls["keystore"],
        "PYTHONUNBUFFERED": "1",
    }


class Process:
    """A consumer in a process of its own."""

    def __init__(self, door: Door, urls: dict[str, str], home: Path) -> None:
        self.log = home / f"{door.command}.log"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", door.command, "--json"],
                cwd=settings.BASE_DIR,
                env=environment(urls, home) | door.variables,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def runs(self) -> bool:
        return self._process.poll() is None

    def said(self, word: str) -> bool:
        return word in self.log.read_text()

    def kill(self) -> None:
        """As the kernel does when memory runs out: no word, no clean end."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask it to end, as an operator does; its exit code."""
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE)


@contextmanager
def running(door: Door, urls: dict[str, str], home: Path) -> Iterator[Process]:
    """A consumer that is gone when the block ends."""
    home.mkdir(exist_ok=True)
    process = Process(door, urls, home)
    try:
        yield process
    finally:
        process.kill()


def wait_for(holds: Callable[[], object], process: Process) -> None:
    """Wait until it holds; the consumer must not end before."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert process.runs, process.log.read_text()
        assert time.monotonic() < until, process.log.read_text()
        time.sleep(0.02)


def make_fridges() -> Source:
    """The source that both doors send for."""
    from_topic = {"kind": "telemetry", "message_id": ["id"], "fields": {"topic.device": "device_id"}}
    mapping = {**from_topic, "properties": {"temperature": "number"}}
    return sources.add("fridges", kind="iot", purposes=["service"], mapping=mapping)[0]
