"""Real brokers for tests: mosquitto in its own process, and librdkafka's mock cluster, which speaks on loopback."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka import Producer
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

PATIENCE = 30.0
MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """A broker below a folder. What it holds outlives its end when that is an orderly one."""

    def __init__(self, folder: Path, *, lines: Sequence[str] = (), port: int | None = None) -> None:
        if MOSQUITTO is None:
            pytest.skip("needs Debian's mosquitto: apt-get install mosquitto")
        folder.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        self._config = folder / "mosquitto.conf"
        settings = [
            f"listener {self.port} 127.0.0.1",
            "persistence true",
            f"persistence_location {folder}/",
            "max_inflight_messages 1000",
            "max_queued_messages 0",
            *(lines or ["allow_anonymous true"]),
        ]
        if os.geteuid() == 0:
            settings.append("user root")
        self._config.write_text("\n".join(settings) + "\n")
        self._log = folder / "mosquitto.log"
        self.start()

    def start(self) -> None:
        """Start it and wait until it listens."""
        assert MOSQUITTO
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stdout=log, stderr=log)
        until = time.monotonic() + PATIENCE
        while not self._listens():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < until
            time.sleep(0.02)

    def stop(self) -> None:
        """Let it write down what it holds, and end."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(PATIENCE)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@contextmanager
def publisher(port: int) -> Iterator[Client]:
    """A device that is connected."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_queued_messages_set(0)
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def publish(port: int, *messages: tuple[str, str | bytes], qos: int = 1, retain: bool = False) -> None:
    """Publish these payloads on these topics, and wait until the broker has them."""
    with publisher(port) as client:
        handed = [client.publish(topic, payload, qos=qos, retain=retain) for topic, payload in messages]
        for one in handed:
            one.wait_for_publish(PATIENCE)
            assert one.is_published()


class MockKafka:
    """A cluster of one broker, in this process, with four partitions a topic."""

    def __init__(self) -> None:
        self._host = Producer({"bootstrap.servers": "mock", "test.mock.num.brokers": 1, "log_level": 0})
        brokers = self._host.list_topics(timeout=PATIENCE).brokers.values()
        self.servers = ",".join(f"{broker.host}:{broker.port}" for broker in brokers)

    def produce(self, topic: str, *messages: tuple[str | bytes | None, str | bytes | None]) -> None:
        """Produce these keys and values, in order for each key, and wait until the broker has them."""
        producer = Producer({"bootstrap.servers": self.servers, "log_level": 0, "linger.ms": 1})
        for key, value in messages:
            producer.produce(topic, key=key, value=value)
            producer.poll(0)
        assert producer.flush(PATIENCE) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
