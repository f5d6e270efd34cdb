"""Work that lies side by side, on all cores: numpy, Arrow and rapidfuzz let go of the interpreter while they work."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

# With fewer rows the threads cost more than they bring.
ENOUGH_ROWS = 50_000


def each(work: Callable[[T], R], items: Iterable[T], *, rows: int) -> list[R]:
    """Return the outcome for each item, in their order; `rows` says how much work there is."""
    if rows < ENOUGH_ROWS:
        return [work(item) for item in items]
    with ThreadPoolExecutor(_cores()) as pool:
        return list(pool.map(work, items))


def begun(work: Callable[[], R], *, rows: int) -> Callable[[], R]:
    """Begin this work beside what follows, and return what gives its outcome once it is done; `rows` says how much work
    there is."""
    if rows < ENOUGH_ROWS:
        return work
    pool = ThreadPoolExecutor(1)
    outcome = pool.submit(work)
    pool.shutdown(wait=False)
    return outcome.result


def _cores() -> int:
    """Return how many cores this process may use; not every system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
