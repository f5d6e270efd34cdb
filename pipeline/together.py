"""Batches that clients of a source send at the same time are taken in together: one transaction, one wait for the disk.

Nobody waits for company. Whoever comes while a transaction of the source is under way waits for it anyway, and all
who do so share the next one. Each is told what became of its own messages, after they are durable.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from pipeline.accept import Acceptance, Batch, accept, accept_each
from records.models import Source

# How many messages share a transaction at most; the first batch is taken whatever its size.
MOST = 2_000


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
_waiting: dict[Company, list[_Waiting]] = defaultdict(list)
_busy: set[Company] = set()


def take_in(source: Source, batch: Batch, *, door: str, now: datetime) -> Acceptance:
    """Accept this batch, with others of the same source where some wait. As `pipeline.accept.accept`."""
    # What runs in somebody's transaction is theirs alone.
    if connection.in_atomic_block or not batch:
        return accept(source, batch, door=door, now=now)
    mine, company = _Waiting(batch, now), _company_of(source, door)
    if not _is_first(company, mine):
        _wait(company, mine)
    if not mine.is_done:
        _lead(company, source, door)
    if mine.answer is None:
        raise mine.error or BrokenOff
    return mine.answer


def _company_of(source: Source, door: str) -> Company:
    how = source.mapping_version, source.client_side, source.stable_key, source.retention_days
    return source.pk, door, *how, *source.purposes


def _is_first(company: Company, mine: _Waiting) -> bool:
    """Queue this batch; whether nobody is at work for its company, so that its thread is to be."""
    with _lock:
        _waiting[company].append(mine)
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
        del _waiting[company]


def _lead(company: Company, source: Source, door: str) -> None:
    """Take in what waits, this thread's own batch first among it; then let the next in line lead."""
    with _lock:
        together = _next_of(_waiting[company])
    try:
        _take_in(together, source, door)
    finally:
        with _lock:
            _hand_on(company)
        for one in together:
            if not one.is_done:
                one.error = BrokenOff("the transaction was broken off; send the batch again")
            one.woken.set()


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
