"""Batches that clients of a source send at the same time are taken in together: one transaction, one wait for the disk.

Whoever comes while a transaction of the source is under way waits for it anyway, and all who do so share the next one.
It waits for those whose batches are just being read, some milliseconds; who is alone waits for nobody. Each is told
what became of its own messages, after they are durable.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection

from pipeline.accept import Acceptance, Batch, accept, accept_each
from records.models import Source

# How many messages share a transaction at most; the first batch is taken whatever its size.
MOST = 2_000
# How long, in seconds, whoever is to lead waits for those who were answered just now to come again, and for those who
# have come to be read.
LINGER, PATIENCE = 0.02, 0.05


class BrokenOff(RuntimeError):
    """The thread that took in this batch among others was ended."""


# A source as it is set just now, and the door: only what is to be treated alike goes together.
Company = tuple[object, ...]


@dataclass(eq=False)
class _Waiting:
    """A batch that waits, and what became of it."""

    batch: Batch
    now: datetime
    woken: threading.Event = field(default_factory=threading.Event)
    answer: Acceptance | None = None
    error: Exception | None = None

    @property
    def is_done(self) -> bool:
        return self.answer is not None or self.error is not None


_lock = threading.Lock()
_arrivals = threading.Condition(_lock)
# How many batches of each source are being read.
_coming: Counter[UUID] = Counter()
# How many batches were answered last.
_answered: Counter[Company] = Counter()
_waiting: dict[Company, list[_Waiting]] = defaultdict(list)
_busy: set[Company] = set()


def take_in(source: Source, read: Callable[[], Batch], *, door: str, now: datetime) -> Acceptance:
    """Accept the batch that this reads, with others of the same source where some wait. As `pipeline.accept.accept`."""
    batch = _read(source, read)
    # What runs in somebody's transaction is theirs alone.
    if connection.in_atomic_block or not batch:
        return accept(source, batch, door=door, now=now)
    mine, company = _Waiting(batch, now), _company_of(source, door)
    is_first = _is_first(company, mine)
    if not is_first:
        _wait(company, mine)
    if not mine.is_done:
        _lead(company, mine, source, door, linger=not is_first)
    if mine.answer is None:
        raise mine.error or BrokenOff
    return mine.answer


def _read(source: Source, read: Callable[[], Batch]) -> Batch:
    """Read a batch; meanwhile it is known to be coming."""
    with _lock:
        _coming[source.pk] += 1
    try:
        return read()
    finally:
        with _lock:
            _coming[source.pk] -= 1
            _arrivals.notify_all()


def _company_of(source: Source, door: str) -> Company:
    how = source.mapping_version, source.client_side, source.stable_key, source.retention_days
    return source.pk, door, *how, *source.purposes


def _is_first(company: Company, mine: _Waiting) -> bool:
    """Queue this batch; whether nobody is at work for its company, so that its thread is to be."""
    with _lock:
        _waiting[company].append(mine)
        _arrivals.notify_all()
        if company in _busy:
            return False
        _busy.add(company)
        return True


def _wait(company: Company, mine: _Waiting) -> None:
    """Until this batch is taken in, or its thread is to lead. Whoever is ended meanwhile holds up nobody behind."""
    try:
        mine.woken.wait()
    except BaseException:
        with _lock:
            if mine in _waiting.get(company, ()):
                _waiting[company].remove(mine)
                if mine.woken.is_set():
                    _hand_on(company)
        raise


def _hand_on(company: Company) -> None:
    """Let the next in line lead. The caller holds the lock."""
    if left := _waiting[company]:
        left[0].woken.set()
    else:
        _busy.discard(company)
        del _waiting[company], _answered[company]


def _lead(company: Company, mine: _Waiting, source: Source, door: str, *, linger: bool) -> None:
    """Take in what waits, this thread's own batch first among it; then let the next in line lead."""
    together: list[_Waiting] = []
    try:
        with _lock:
            _wait_for_company(company, source.pk, linger=linger)
            together = _next_of(_waiting[company])
        _take_in(together, source, door)
    finally:
        with _lock:
            if mine in _waiting.get(company, ()):
                _waiting[company].remove(mine)
            _answered[company] = len(together)
            _hand_on(company)
        for one in together:
            if not one.is_done:
                one.error = BrokenOff("the transaction was broken off; send the batch again")
            one.woken.set()


def _wait_for_company(company: Company, source: UUID, *, linger: bool) -> None:
    """Until nobody is coming, or enough are here. With `linger` others were just answered, and may come again. The
    caller holds the lock, which others have meanwhile."""
    waiting = _waiting[company]

    def are_enough() -> bool:
        return sum(len(one.batch) for one in waiting) >= MOST

    if linger:
        all_again = len(waiting) + _answered[company]
        _arrivals.wait_for(lambda: len(waiting) + _coming[source] >= all_again or are_enough(), timeout=LINGER)
    _arrivals.wait_for(lambda: not _coming[source] or are_enough(), timeout=PATIENCE)


def _next_of(waiting: list[_Waiting]) -> list[_Waiting]:
    """Take from the front of the line as many as share a transaction."""
    count = size = 0
    for one in waiting:
        size += len(one.batch)
        if count and size > MOST:
            break
        count += 1
    together = waiting[:count]
    del waiting[:count]
    return together


def _take_in(together: list[_Waiting], source: Source, door: str) -> None:
    """In one transaction; where that fails each by itself, so that nobody suffers from another's batch."""
    try:
        now = max(one.now for one in together)
        answers = accept_each(source, [one.batch for one in together], door=door, now=now)
    except Exception as error:  # whatever it is, it is told to those whom it concerns
        if len(together) == 1:
            together[0].error = error
            return
        for one in together:
            _take_in([one], source, door)
        return
    for one, answer in zip(together, answers, strict=True):
        one.answer = answer
