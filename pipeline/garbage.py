"""Garbage collection stands still while a batch is at work.

Python would walk all that the batch holds, again and again, and find next to nothing: of a large one it takes a third
of the time.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
# How many batches are at work, and whether the first of them found the collection running.
_at_work = [0, False]


@contextmanager
def uncollected() -> Iterator[None]:
    """Without garbage collection in this process, until the last of those who are at work has ended."""
    with _lock:
        if not _at_work[0]:
            _at_work[1] = gc.isenabled()
            gc.disable()
        _at_work[0] += 1
    try:
        yield
    finally:
        with _lock:
            _at_work[0] -= 1
            if not _at_work[0] and _at_work[1]:
                gc.enable()
