"""Process: the whole story of a batch, from records that were taken in to changes that others may be told.

resolve → what people had put right → golden record → ask consent again → features → memberships → changes. One
transaction; safe to repeat. Who is who changes in one transaction at a time, and everybody who changes it takes that
lock first.
"""

from datetime import datetime

from django.db import transaction

from identity import golden, ledger
from identity.profiles import living
from identity.resolve import resolve
from outbox import changes
from pipeline import queue
from pipeline.garbage import uncollected
from privacy import epoch, rectification
from records import source_profiles
from segments.imputation.measure import keep_current
from segments.refresh import refresh

BATCH = 5_000


def process_batch(*, now: datetime, limit: int = BATCH) -> int:
    """Process the oldest work that nobody else holds. Returns how many source profiles it was; 0 when none waits.

    Raises `privacy.epoch.Behind` while the database is a restored one that misses erasures.
    """
    epoch.must_be_current()
    with transaction.atomic():
        ledger.lock()
        with uncollected():
            return _process(now, limit)


def _process(now: datetime, limit: int) -> int:
    with queue.take(limit) as work:
        if not work:
            return 0
        seen = {id: one.seen_at for id, one in work.items() if one.seen_at}
        source_profiles.keys_seen_again(seen)
        resolution = resolve(work, now=now)
        rectification.stand_by(resolution.profiles, now=now)
        golden.refresh(resolution.profiles, now=now)
        news = refresh(resolution.profiles, now=now, since={id: one.since for id, one in work.items()})
        changes.append([*resolution.news, *news], now=now)
        source_profiles.seen_again(seen)
        return len(work)


def let_time_pass(*, now: datetime) -> None:
    """Compute features and memberships of everybody anew: recency grows without any record.

    What features that are not known are taken to be is measured before, once a day.
    """
    epoch.must_be_current()
    keep_current(now=now)
    ids = list(living().order_by("id").values_list("id", flat=True))
    for start in range(0, len(ids), BATCH):
        with transaction.atomic(), uncollected():
            changes.append(refresh(ids[start : start + BATCH], now=now), now=now)
