"""The processor wakes when work is committed, at once, and survives a database that goes away."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone
from structlog.testing import capture_logs

from identity.models import Assignment
from pipeline import heartbeat, listener, queue
from pipeline.models import Work
from pipeline.pace import Pace
from records.models import Source
from tests.pipeline.cast import NOW, ordered, send
from vault.ids import new_id
from vault.keys import KeyMissing

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

log = logging.getLogger(__name__)
NEVER = 3_600.0
PATIENCE = 20.0


def within_patience(holds: Callable[[], object]) -> bool:
    """Whether it comes to hold before long."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if holds():
            return True
        time.sleep(0.01)
    return False


def ears() -> int:
    """How many listen on this database."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query = %s",
            [f"LISTEN {queue.CHANNEL}"],
        )
        return int(cursor.fetchone()[0])


def idle() -> bool:
    """Whether the processor listens and has said that it is alive."""
    return ears() == 1 and not heartbeat_is_missing()


def heartbeat_is_missing() -> bool:
    return "processor" in heartbeat.missing(now=timezone.now())


def hang_up() -> int:
    """End every other connection to this database. Returns how many there were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


class Processor:
    """A processor in a thread of its own, and the instants at which it began to process."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.began: list[float] = []
        self.asked_for_help = 0
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._works = listener.process_batch
        monkeypatch.setattr(listener, "process_batch", self._note)

    def start(self) -> None:
        self._thread.start()
        assert within_patience(idle)
        time.sleep(0.2)  # it has looked once and found nothing; from here on it waits

    def stop(self) -> None:
        self.stopping.set()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [queue.CHANNEL])
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()

    def _note(self, **arguments: Any) -> int:
        self.began.append(time.perf_counter())
        return self._works(**arguments)

    def _help(self) -> None:
        self.asked_for_help += 1

    def _run(self) -> None:
        try:
            listener.listen(self.stopping, on_backlog=self._help)
        finally:
            connections.close_all()


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Iterator[Processor]:
    """A processor that never looks by itself: only word of a commit wakes it."""
    monkeypatch.setattr(listener, "LOOKS_EVERY", NEVER)
    monkeypatch.setattr(listener, "BEATS_EVERY", timedelta(seconds=NEVER))
    monkeypatch.setattr(listener, "RETRIES_AFTER", 0.05)
    processor = Processor(monkeypatch)
    processor.start()
    yield processor
    processor.stop()


def test_a_commit_wakes_it(processor: Processor, shop: Source) -> None:
    for number in range(5):
        before = len(processor.began)
        send(shop, ordered(f"person{number}"))
        committed = time.perf_counter()
        assert within_patience(lambda number=number: Assignment.objects.count() == number + 1)  # type: ignore[misc]
        log.info("processing began %.1f ms after the commit", 1_000 * (processor.began[before] - committed))
    assert queue.waiting() == 0


def test_only_word_of_a_commit_wakes_it(processor: Processor, shop: Source) -> None:
    Work.objects.create(source_profile_id=new_id(), enqueued_at=NOW)
    time.sleep(1)
    assert queue.waiting() == 1
    send(shop, ordered("alice"))
    assert within_patience(lambda: queue.waiting() == 0)


def test_it_finds_what_was_there_before_it_listened(monkeypatch: pytest.MonkeyPatch, shop: Source) -> None:
    send(shop, *(ordered(f"person{number}") for number in range(3)))
    monkeypatch.setattr(listener, "LOOKS_EVERY", NEVER)
    monkeypatch.setattr(listener, "Pace", partial(Pace, 2, 2))
    processor = Processor(monkeypatch)
    processor.start()
    assert within_patience(lambda: queue.waiting() == 0)
    processor.stop()
    assert Assignment.objects.count() == 3


def test_without_word_it_looks_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener, "LOOKS_EVERY", 0.2)
    processor = Processor(monkeypatch)
    processor.start()
    Work.objects.create(source_profile_id=new_id(), enqueued_at=NOW)
    assert within_patience(lambda: queue.waiting() == 0)
    processor.stop()


def test_it_survives_that_all_its_connections_end(processor: Processor, shop: Source) -> None:
    for number in range(3):
        assert hang_up() >= 2
        send(shop, ordered(f"person{number}"))
        assert within_patience(lambda number=number: Assignment.objects.count() == number + 1)  # type: ignore[misc]
        assert within_patience(lambda: ears() == 1)
    assert queue.waiting() == 0


def test_work_that_fails_is_tried_again(processor: Processor, shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    works, fails = processor._works, [OperationalError("deadlock detected")] * 2

    def sometimes(**arguments: Any) -> int:
        if fails:
            raise fails.pop()
        return works(**arguments)

    monkeypatch.setattr(processor, "_works", sometimes)
    send(shop, ordered("alice"))
    assert within_patience(lambda: Assignment.objects.count() == 1)
    assert fails == []


@pytest.mark.parametrize("error", [KeyMissing("1 of 2 data keys"), ValueError("alice@example.com")])
def test_nothing_that_goes_wrong_ends_it_or_tells_a_value(
    processor: Processor, shop: Source, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    works, fails = processor._works, [error]

    def sometimes(**arguments: Any) -> int:
        if fails:
            raise fails.pop()
        return works(**arguments)

    monkeypatch.setattr(processor, "_works", sometimes)
    with capture_logs() as logs:
        send(shop, ordered("alice"))
        assert within_patience(lambda: Assignment.objects.count() == 1)
    assert [line["error"] for line in logs if line["event"] == "processor failed and tries again"] == [
        type(error).__name__
    ]
    assert str(error) not in str(logs)


def test_it_says_that_it_is_alive_and_asks_for_help_with_a_backlog(
    monkeypatch: pytest.MonkeyPatch, shop: Source
) -> None:
    monkeypatch.setattr(listener, "BACKLOG", 2)
    send(shop, *(ordered(f"person{number}") for number in range(3)))
    assert heartbeat_is_missing()
    processor = Processor(monkeypatch)
    processor.start()
    assert within_patience(lambda: queue.waiting() == 0)
    processor.stop()
    assert processor.asked_for_help == 1
    assert not heartbeat_is_missing()


def test_it_stops_when_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    processor = Processor(monkeypatch)
    processor.start()
    processor.stop()
    assert within_patience(lambda: ears() == 0)
