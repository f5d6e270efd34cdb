"""The overview counts what waits in both queues, and tells what failed."""

from datetime import timedelta

import pytest

from console import figures
from pipeline import following, queue
from pipeline.heartbeat import PROCESSES, beat
from tests.pipeline.cast import NOW
from vault.ids import new_id

pytestmark = pytest.mark.django_db


def test_what_waits_and_what_failed() -> None:
    for process in PROCESSES:
        beat(process, now=NOW)
    queue.enqueue([new_id()], now=NOW)
    following.note({new_id(): None}, [new_id()])
    told = figures.work(now=NOW)
    assert (told.count, told.note, told.level) == (3, "all processes are up", "good")
    (entry, *_), _ = following.oldest(1, now=NOW)
    following.put_back([entry], until=NOW + timedelta(minutes=5))
    told = figures.work(now=NOW)
    assert (told.count, told.note, told.level) == (3, "all processes are up; 1 failed, to be tried again", "warn")
