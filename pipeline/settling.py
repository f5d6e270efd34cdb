"""Settling everybody: what matching has joined is decided anew, portion by portion, beside workers that go on.

Each portion is a transaction of its own that takes the lock of those who resolve, enters what differs, lets what follows
be computed, and notes how far it is. So it may be killed and goes on from there.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from identity import ledger, rules
from identity.models import DONE, RUNNING, Settling
from identity.portions import Portion, portions
from identity.scene import Scene, look_around
from identity.settling import settle
from outbox import changes
from pipeline import following
from pipeline.alone import alone_with
from pipeline.garbage import uncollected
from pipeline.process import follow_batch
from privacy import epoch, rectification
from records.models import SourceProfile
from vault.ids import new_id
from vault.questions import answer

# Workers that resolve wait as long as a portion is decided.
AT_ONCE = 500
# A worker that has not been heard of for so long has died.
PATIENCE = timedelta(minutes=10)


def begin(*, by: str, now: datetime) -> Settling:
    """Ask for everybody who is known now; where it is under way already, that goes on."""
    with transaction.atomic():
        ledger.lock_to_resolve()
        running = Settling.objects.filter(state=RUNNING).first()
        return running or Settling.objects.create(
            id=new_id(),
            state=RUNNING,
            found=SourceProfile.objects.count(),
            until=new_id(),
            rule_version=rules.in_force().version,
            started_by=by,
            started_at=now,
            noted_at=now,
        )


def work_on(
    id: UUID,
    *,
    on_progress: Callable[[Settling], None] = lambda run: None,
    clock: Callable[[], datetime] = timezone.now,
) -> None:
    """Settle everybody whom this run is about and who has not been. Safe to run twice, also at once, and to be killed.

    Raises `privacy.epoch.Behind` while the database is a restored one that misses erasures.
    """
    with alone_with(f"settling {id}") as alone:
        run = Settling.objects.filter(pk=id, state=RUNNING).first() if alone else None
        if run is not None:
            _work_on(run, on_progress, clock)


def left_behind(*, now: datetime) -> list[UUID]:
    """The runs whose worker has died."""
    return list(Settling.objects.filter(state=RUNNING, noted_at__lt=now - PATIENCE).values_list("id", flat=True))


def _work_on(run: Settling, on_progress: Callable[[Settling], None], clock: Callable[[], datetime]) -> None:
    def look(ids: Collection[UUID]) -> Scene:
        """Find out who is decided with whom: the lock is not held yet, and nothing is written."""
        return look_around(ids, now=clock(), trial=rules.in_force())

    for portion in portions(look, size=AT_ONCE, after=run.after, until=run.until):
        _settle(run, portion, now=clock())
        while follow_batch(now=clock()):
            pass
        run.refresh_from_db()
        on_progress(run)
    now = clock()
    Settling.objects.filter(pk=run.pk).update(state=DONE, after=None, noted_at=now, ended_at=now)


def _settle(run: Settling, portion: Portion, *, now: datetime) -> None:
    epoch.must_be_current()
    with transaction.atomic(), uncollected():
        ledger.lock_to_resolve()
        settled = settle(portion.ids, now=now)
        if settled.profiles:
            if answer(rectification.anything_put_right(settled.profiles)):
                rectification.stand_by(settled.profiles, now=now)
            following.note({}, settled.profiles)
            changes.append(settled.news, now=now)
        added = {name: F(name) + count for name, count in settled.counts.items()}
        Settling.objects.filter(pk=run.pk).update(
            after=portion.last, done=F("done") + portion.begun, noted_at=now, **added
        )
