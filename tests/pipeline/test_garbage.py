"""Garbage collection stands still while anybody is at work, and runs again afterwards."""

import gc
import sys
from collections.abc import Iterator
from threading import Thread

import pytest

from pipeline.garbage import uncollected


@pytest.fixture(autouse=True)
def collecting() -> Iterator[None]:
    gc.enable()
    interval = sys.getswitchinterval()
    yield
    sys.setswitchinterval(interval)
    gc.enable()


def test_it_stands_still_until_the_last_has_ended() -> None:
    with uncollected():
        with uncollected():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_one_that_was_off_stays_off() -> None:
    gc.disable()
    with uncollected():
        pass
    assert not gc.isenabled()


def test_many_threads_leave_it_running() -> None:
    sys.setswitchinterval(1e-6)

    def work() -> None:
        for _ in range(300):
            with uncollected():
                pass

    for _ in range(20):
        threads = [Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert gc.isenabled()
