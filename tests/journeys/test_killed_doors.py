"""kill -9 of the web server, of a consumer and of the database in the middle of 100,000 records: each counts once."""

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest
from django.conf import settings
from django.db import Error, connections

from records import accounting, sources
from records.models import Intake, Record, SeenMessage, Source
from tests.brokers import MockKafka
from tests.own_server import OwnServer, working_on
from tests.pipeline.consumers.processes import KafkaDoor, environment, make_fridges, running

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True, databases=["default", "keystore"])]

OVER_HTTP, OVER_KAFKA, BATCH, CLIENTS = 70_000, 30_000, 100, 6
PATIENCE = 900.0
AGAIN = (429, 500, 502, 503, 504)


@contextmanager
def web(urls: dict[str, str], home: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The web server as `manage.py serve` runs it; gone when the block ends."""
    command = [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "2", "--blocking-threads", "4", "--no-access-log", "cdp.wsgi:application"),
    ]
    with (home / "web.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment(urls, home),
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


class Senders:
    """Clients that send each batch until it is acknowledged, as the official ones do."""

    def __init__(self, port: int, write_key: str, count: int) -> None:
        credentials = base64.b64encode(f"{write_key}:".encode()).decode()
        self._headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/json"}
        self._port, self.acknowledged, self.refused = port, 0, list[int]()
        self._waiting: SimpleQueue[int] = SimpleQueue()
        for first in range(0, count, BATCH):
            self._waiting.put(first)
        self._lock = threading.Lock()
        self.threads = [threading.Thread(target=self._send_all, daemon=True) for _ in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    @property
    def busy(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def _send_all(self) -> None:
        while True:
            try:
                first = self._waiting.get_nowait()
            except Empty:
                return
            status = 0
            while status == 0 or status in AGAIN:
                status = self._send(first)
                time.sleep(0 if status == 200 else 0.2)
            with self._lock:
                if status == 200:
                    self.acknowledged += BATCH
                else:
                    self.refused.append(status)

    def _send(self, first: int) -> int:
        """The status of the answer; 0 where there was none."""
        body = json.dumps({"batch": [_message(number) for number in range(first, first + BATCH)]})
        client = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            client.request("POST", "/v1/batch", body, self._headers)
            answer = client.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0
        else:
            return answer.status
        finally:
            client.close()


def _message(number: int) -> dict[str, object]:
    return {
        "type": "track",
        "messageId": f"m-{number}",
        "userId": f"u-{number % 5_000}",
        "event": "Order Completed",
        "properties": {"revenue": number, "currency": "GBP"},
    }


def stored() -> int:
    """How many records there are; -1 while the database is away."""
    try:
        return Record.objects.count()
    except Error:
        connections.close_all()
        return -1


def more_than(count: int) -> bool:
    return stored() > count


def until(holds: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[OwnServer]:
    server = OwnServer(tmp_path / "server")
    with working_on(server):
        yield server
    server.quit()


def test_every_acknowledged_record_is_there_once(server: OwnServer, tmp_path: Path) -> None:
    home, door = tmp_path / "home", KafkaDoor(MockKafka())
    home.mkdir()
    shop, key = sources.add("shop", kind="online", purposes=["service"])
    fridges = make_fridges()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    senders = Senders(port, key, OVER_HTTP)
    door.send(0, OVER_KAFKA)
    # The web server and the consumer die twice.
    for least in (10_000, 25_000):
        with web(server.urls, home, port), running(door, server.urls, home):
            until(partial(more_than, least))
            assert senders.busy
    # The database dies under both; who asks meanwhile is told to come again, or hears nothing.
    with web(server.urls, home, port), running(door, server.urls, home) as consumer:
        until(partial(more_than, 40_000))
        server.kill()
        until(lambda: consumer.said("waits for the database"))
        server.start()
        connections.close_all()
        until(lambda: not senders.busy)
        until(lambda: stored() >= OVER_HTTP + OVER_KAFKA)
    assert (senders.acknowledged, senders.refused) == (OVER_HTTP, [])
    once_each(shop, OVER_HTTP)
    once_each(fridges, OVER_KAFKA)
    assert sum(Record.objects.filter(source=shop).values_list("properties__revenue", flat=True)) == sum(
        range(OVER_HTTP)
    )


def once_each(source: Source, count: int) -> None:
    """Every record of this source is there once, and the books agree."""
    kept = Record.objects.filter(source=source)
    assert kept.count() == kept.values("message_hash").distinct().count() == count
    assert SeenMessage.objects.filter(source=source).count() == count
    days = Intake.objects.filter(source=source).order_by("received_at").values_list("received_at", flat=True)
    lines = list(accounting.lines(since=days[0].date(), until=max(days).date(), source=source))
    assert [fault for line in lines for fault in line.faults] == []
    assert sum(line.stored for line in lines) == count
