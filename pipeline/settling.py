"""Settling everybody: what matching has joined is decided anew, portion by portion, beside workers that go on.

Each portion is a transaction of its own that takes the lock of those who resolve, enters what differs, lets what
follows be computed, and notes how far it is. So it may be killed and goes on from there.
"""

from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import datetime
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from identity import ledger, rules, settle_runs
from identity.models import LINKING, Settling
from identity.portions import Portion, portions
from identity.scene import Scene, look_around
from identity.settle import settle
from outbox import changes
from pipeline import following
from pipeline.alone import alone_with
from pipeline.blocking import block_what_many_share
from pipeline.faults import told
from pipeline.garbage import uncollected
from pipeline.process import follow_batch
from privacy import epoch, rectification
from vault import audit
from vault.grants import Actor
from vault.questions import answer

# Workers that resolve wait as long as a portion is decided.
AT_ONCE = 500
MOST_FOLLOWED = 20
log = structlog.get_logger()


def begin(*, by: Actor, reason: str, now: datetime) -> Settling:
    """Ask for everybody who is known now, for this reason, which the audit log keeps as well; where it is under way
    already, that goes on and nothing is written."""
    with transaction.atomic():
        ledger.lock_to_resolve()
        if going_on := settle_runs.under_way():
            return going_on
        # The reads of each portion have entries of their own: this one says who asked for them, and why.
        audit.note(by, action="settle everybody", purpose=LINKING, reason=f"settle everybody: {reason}")
        return settle_runs.begin(by=by.id, reason=reason, now=now)


def work_on(
    id: UUID,
    *,
    on_progress: Callable[[Settling], None] = lambda run: None,
    clock: Callable[[], datetime] = timezone.now,
) -> None:
    """Settle everybody whom this run is about and who has not been. Safe to run twice, also at once, and to be killed.

    Raises `privacy.epoch.Behind` while the database is a restored one that misses erasures. Whatever it raises, the run
    names the kind of it, and goes on when it is tried again.
    """
    with alone_with(_work(id)) as alone:
        run = settle_runs.under_way(id) if alone else None
        if run is None:
            return
        try:
            _work_on(run, on_progress, clock)
        except Exception as error:
            log.error("settling failed", **told(error))
            with suppress(DatabaseError, InterfaceError):
                settle_runs.fail(run, type(error).__name__, now=clock())
            raise


def in_hand(run: Settling) -> bool:
    """Whether a worker is at it just now. Of a run that was stopped it finishes the portion that it is deciding."""
    with alone_with(_work(run.pk)) as nobody_else:
        return not nobody_else


def _work(id: UUID) -> str:
    return f"settling {id}"


def _work_on(run: Settling, on_progress: Callable[[Settling], None], clock: Callable[[], datetime]) -> None:
    def look(ids: Collection[UUID]) -> Scene:
        """Find out who is decided with whom: the lock is not held yet, and nothing is written."""
        return look_around(ids, now=clock(), trial=rules.in_force())

    if run.after is None:
        # Else it would depend on who is looked at together whether such a value counts.
        settle_runs.note_taken(run, block_what_many_share(now=clock()).pairs)
    for portion in portions(look, size=AT_ONCE, after=run.after, until=run.until):
        _settle(run, portion, now=clock())
        # What follows is computed on the way, but for others' work this does not wait.
        for _ in range(MOST_FOLLOWED):
            if not follow_batch(now=clock()):
                break
        run.refresh_from_db()
        on_progress(run)
        if settle_runs.under_way(run.pk) is None:
            return
    settle_runs.end(run, now=clock())


def _settle(run: Settling, portion: Portion, *, now: datetime) -> None:
    epoch.must_be_current()
    with transaction.atomic(), uncollected():
        ledger.lock_to_resolve()
        if settle_runs.under_way(run.pk) is None:
            return
        settled = settle(portion.ids, now=now)
        if settled.profiles:
            if answer(rectification.anything_put_right(settled.profiles)):
                rectification.stand_by(settled.profiles, now=now)
            following.note({}, settled.profiles)
            changes.append(settled.news, now=now)
        settle_runs.note(run, portion, settled.counts, now=now)
