"""Batches that arrive at the same time share a transaction, and each is told what became of its own messages."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection, connections

from pipeline import doors, together
from pipeline.accept import Acceptance
from pipeline.accept import accept_each as real
from privacy import suppression
from records import sources
from records.models import Intake, Record, Source
from tests.pipeline.cast import NOW, ordered, outcome, seed_purposes
from vault import kept_keys

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
MANY = 6


@pytest.fixture
def shop() -> Source:
    seed_purposes()
    kept_keys.make_for_installation()
    return sources.add("shop", kind="online", purposes=["service"])[0]


class Senders:
    """Clients that send at the same time, each from a thread of its own."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.threads: list[threading.Thread] = []
        self.told: dict[int, Acceptance | Exception | SystemExit] = {}

    def send(self, number: int, *messages: dict[str, Any]) -> None:
        def run() -> None:
            try:
                batch = {"batch": list(messages)}
                self.told[number] = doors.segment(self.source, batch, single_type=None, now=NOW)
            except (Exception, SystemExit) as error:  # the test looks at it
                self.told[number] = error
            finally:
                connections.close_all()

        self.threads.append(threading.Thread(target=run))
        self.threads[-1].start()

    def join(self) -> None:
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()


@pytest.fixture
def senders(shop: Source) -> Senders:
    return Senders(shop)


@contextmanager
def closed_door() -> Iterator[None]:
    """An erasure is under way: who comes first waits for it in the database, and the others for them."""
    closed, over = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [suppression.DOOR])
            closed.set()
            over.wait(60)
            cursor.execute("SELECT pg_advisory_unlock(%s)", [suppression.DOOR])
        connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert closed.wait(60)
    yield
    over.set()
    thread.join()


def eventually(holds: Callable[[], bool]) -> None:
    ends = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < ends, "it never came true"
        time.sleep(0.01)


def in_line() -> int:
    return sum(map(len, together._waiting.values()))


def test_who_waits_for_the_same_transaction_shares_the_next(senders: Senders) -> None:
    with closed_door():
        senders.send(0, ordered("alice"))
        eventually(lambda: bool(together._busy) and in_line() == 0)
        for number in range(1, MANY):
            senders.send(number, ordered("alice", number), ordered("bob", number), {"type": "nonsense"})
            eventually(lambda waiting=number: in_line() == waiting)  # type: ignore[misc]
    senders.join()
    first, *others = (senders.told[number] for number in range(MANY))
    assert outcome(first) == (1, 0, 0, 0)
    # Alice's first order came with the first batch already; the nonsense of all is the same message.
    assert [outcome(told) for told in others] == [(1, 1, 1, 0), *[(2, 1, 0, 0)] * (MANY - 2)]
    assert [[reject.position for reject in told.rejects] for told in others] == [[2]] * (MANY - 1)
    counted = Intake.objects.order_by("id").values_list("acknowledged", "stored", "duplicate", "quarantined")
    assert list(counted) == [(1, 1, 0, 0), (15, 9, 5, 1)]
    assert Record.objects.count() == 10
    assert (together._busy, in_line()) == (set(), 0)


def test_a_batch_that_fails_costs_nobody_else_anything(senders: Senders, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails_with_mallory(source: Source, batches: Sequence[Any], **more: Any) -> list[Acceptance]:
        if any("mallory" in item.fields["account_id"] for batch in batches for item in batch):
            raise RuntimeError("of mallory")
        return real(source, batches, **more)

    monkeypatch.setattr(
        together, "accept", lambda source, batch, **more: fails_with_mallory(source, [batch], **more)[0]
    )
    monkeypatch.setattr(together, "accept_each", fails_with_mallory)
    with closed_door():
        for number, name in enumerate(("alice", "bob", "mallory", "carol")):
            senders.send(number, ordered(name))
            eventually(lambda waiting=number: bool(together._busy) and in_line() == waiting)  # type: ignore[misc]
    senders.join()
    told = [senders.told[number] for number in range(4)]
    assert [outcome(told[number]) for number in (0, 1, 3)] == [(1, 0, 0, 0)] * 3
    assert str(told[2]) == "of mallory"


class Interruptible(threading.Event):
    """A signal whose waiter can be ended: before it is woken, or as it is."""

    ends_before = ends_as_woken = False

    def wait(self, timeout: float | None = None) -> bool:
        while not self.is_set():
            if self.ends_before:
                raise SystemExit
            time.sleep(0.01)
        if self.ends_as_woken:
            raise SystemExit
        return True


@pytest.mark.parametrize("when", ["ends_before", "ends_as_woken"])
@pytest.mark.parametrize("ended", [1, 3])
def test_who_is_ended_while_waiting_holds_up_nobody(
    senders: Senders, ended: int, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    signals = [Interruptible() for _ in range(4)]
    made, waiting = iter(signals), together._Waiting
    monkeypatch.setattr(together, "_Waiting", lambda batch, now: waiting(batch, now, woken=next(made)))
    with closed_door():
        senders.send(0, ordered("alice"))
        eventually(lambda: bool(together._busy) and in_line() == 0)
        for number in (1, 2, 3):
            senders.send(number, ordered("alice", number))
            eventually(lambda waiting=number: in_line() == waiting)  # type: ignore[misc]
        setattr(signals[ended], when, True)
        if when == "ends_before":
            eventually(lambda: in_line() == 2)
    senders.join()
    assert isinstance(senders.told.pop(ended), SystemExit)
    assert all(isinstance(told, Acceptance) for told in senders.told.values())
    assert (together._busy, in_line()) == (set(), 0)


def test_so_many_share_and_no_more(senders: Senders, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(together, "MOST", 3)
    with closed_door():
        senders.send(0, ordered("alice"))
        eventually(lambda: bool(together._busy) and in_line() == 0)
        for number in range(1, 4):
            senders.send(number, ordered("alice", 2 * number), ordered("alice", 2 * number + 1))
            eventually(lambda waiting=number: in_line() == waiting)  # type: ignore[misc]
    senders.join()
    assert [row.acknowledged for row in Intake.objects.order_by("id")] == [1, 2, 2, 2]


def test_sources_do_not_mix(senders: Senders) -> None:
    other = Senders(sources.add("market", kind="online", purposes=["service"])[0])
    with closed_door():
        senders.send(0, ordered("alice"))
        other.send(0, ordered("alice"))
        eventually(lambda: len(together._busy) == 2)
    senders.join()
    other.join()
    assert sorted(row.source.name for row in Intake.objects.all()) == ["market", "shop"]
