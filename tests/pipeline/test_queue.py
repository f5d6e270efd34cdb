"""The queue of truth: work is taken by one, whole, and is never lost."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from uuid import UUID

import pytest
from django.db import connection, transaction

from pipeline import queue
from pipeline.models import Work
from pipeline.queue import Waiting
from tests.pipeline.cast import NOW
from vault.ids import new_id
from vault.questions import Question

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING = Question("SELECT", {}, bool)


class Crash(Exception):
    """The process ends here."""


def elsewhere(limit: int) -> dict[UUID, Waiting]:
    """What another worker takes meanwhile."""

    def take() -> dict[UUID, Waiting]:
        try:
            with queue.take(limit, and_ask=NOTHING) as taken:
                return taken.work
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(take).result(timeout=10)


def test_work_is_taken_in_order_and_is_gone_afterwards() -> None:
    alice, bob, carol = (new_id() for _ in range(3))
    for id in (alice, bob, carol):
        queue.enqueue([id], now=NOW)
    with queue.take(2, and_ask=NOTHING) as taken:
        assert taken.work == {alice: Waiting(), bob: Waiting()}
    assert queue.waiting() == 1
    with queue.take(2, and_ask=NOTHING) as taken:
        assert taken.work == {carol: Waiting()}
    with queue.take(2, and_ask=NOTHING) as taken:
        assert taken.work == {}


def test_of_several_the_earliest_day_and_the_latest_instant_count() -> None:
    alice, bob = new_id(), new_id()
    later = NOW + timedelta(hours=1)
    queue.enqueue([alice, bob], now=NOW, news={alice: Waiting(date(2026, 11, 3), NOW)})
    queue.enqueue([alice], now=NOW, news={alice: Waiting(date(2026, 11, 1), later)})
    queue.enqueue([alice], now=NOW, news={alice: Waiting(date(2026, 11, 2), NOW)})
    queue.enqueue([alice], now=NOW)
    with queue.take(10, and_ask=NOTHING) as taken:
        assert taken.work == {alice: Waiting(date(2026, 11, 1), later), bob: Waiting()}


def test_what_else_waits_for_the_same_people_is_taken_along() -> None:
    alice, bob = new_id(), new_id()
    for id, day in ((alice, 3), (bob, 2), (alice, 1)):
        queue.enqueue([id], now=NOW, news={id: Waiting(date(2026, 11, day))})
    with queue.take(1, and_ask=NOTHING) as taken:
        assert taken.work == {alice: Waiting(date(2026, 11, 1))}
    assert list(Work.objects.values_list("source_profile_id", flat=True)) == [bob]


def test_with_the_work_comes_the_answer_to_a_question() -> None:
    alice = new_id()
    queue.enqueue([alice], now=NOW)
    with queue.take(2, and_ask=Question("SELECT %(number)b + 1", {"number": 6}, lambda rows: rows[0][0])) as taken:
        assert (taken.work, taken.answered) == ({alice: Waiting()}, 7)


def test_what_is_put_back_waits_again_with_all_its_news() -> None:
    alice, bob = new_id(), new_id()
    for day in (9, 4):
        queue.enqueue([alice], now=NOW, news={alice: Waiting(date(2026, 11, day))})
    queue.enqueue([bob], now=NOW)
    with queue.take(10, and_ask=NOTHING) as taken:
        taken.put_back.add(alice)
    assert elsewhere(10) == {alice: Waiting(date(2026, 11, 4))}


def test_two_workers_never_hold_the_same() -> None:
    alice, bob = new_id(), new_id()
    queue.enqueue([alice], now=NOW)
    queue.enqueue([bob], now=NOW)
    with queue.take(1, and_ask=NOTHING) as mine:
        assert mine.work == {alice: Waiting()}
        assert elsewhere(1) == {bob: Waiting()}
        assert elsewhere(10) == {}
    assert queue.waiting() == 0


def test_work_that_fails_stays() -> None:
    alice = new_id()
    queue.enqueue([alice], now=NOW)
    with pytest.raises(Crash), queue.take(10, and_ask=NOTHING):
        raise Crash
    assert elsewhere(10) == {alice: Waiting()}


def test_work_comes_with_its_transaction_or_not_at_all() -> None:
    alice = new_id()
    with transaction.atomic():
        queue.enqueue([alice], now=NOW)
        assert elsewhere(10) == {}
        transaction.set_rollback(True)
    assert Work.objects.count() == 0


def test_nobody_is_woken_for_nothing() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {queue.CHANNEL}")
    queue.enqueue([], now=NOW)
    assert list(connection.connection.notifies(timeout=0.2)) == []
    queue.enqueue([new_id()], now=NOW)
    assert len(list(connection.connection.notifies(timeout=5, stop_after=1))) == 1
    connection.close()
