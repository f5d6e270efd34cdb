"""Two transactions that cross: the second meets what the first has done and not yet committed."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event
from typing import TypeVar

from django.db import connection, connections, transaction

First = TypeVar("First")
Second = TypeVar("Second")
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
PATIENCE = 30


def cross(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """What both return: the first is held open until the second waits for it. Fails when it does not have to."""
    begun, may_commit = Event(), Event()

    def held() -> First:
        try:
            with transaction.atomic():
                answer = first()
                begun.set()
                assert may_commit.wait(PATIENCE)
            return answer
        finally:
            begun.set()
            connections.close_all()

    def crossing() -> Second:
        try:
            with transaction.atomic():
                return second()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(held)
        assert begun.wait(PATIENCE)
        other = pool.submit(crossing)
        while not (waits := _somebody_waits()) and not wait([other], timeout=0.05).done:
            pass
        may_commit.set()
        answers = one.result(), other.result()
    assert waits, "the second did not have to wait for the first"
    return answers


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])
