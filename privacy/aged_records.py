"""Records beyond their limit: what was derived from them, whole months, and what is left of other months."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from identity.profiles import profile_of
from outbox import changes
from privacy import kept
from records import aging
from segments.refresh import refresh

PEOPLE_AT_ONCE = 2_000

# Source profiles of a source with records received between these instants, and the first day that they speak of.
AGED = """
SELECT source_profile_id, min((occurred_at AT TIME ZONE 'UTC')::date) FROM records_record
WHERE source_id = %s AND received_at < %s AND (%s::timestamptz IS NULL OR received_at >= %s)
GROUP BY source_profile_id ORDER BY source_profile_id
"""


def forget_activity(source: UUID, *, since: datetime | None, cutoff: datetime, now: datetime, dry_run: bool) -> int:
    """Let activity, features and segments forget records that have come beyond the cutoff `since` the last time.

    Returns how many source profiles it was about.
    """
    with connection.cursor() as cursor:
        cursor.execute(AGED, [source, cutoff, since, since])
        aged = cursor.fetchall()
    if not dry_run:
        for portion in _portions(aged):
            _recompute(dict(portion), now)
    return len(aged)


def _portions(rows: list[tuple[UUID, date]]) -> Iterator[list[tuple[UUID, date]]]:
    yield from (rows[start : start + PEOPLE_AT_ONCE] for start in range(0, len(rows), PEOPLE_AT_ONCE))


def _recompute(since: Mapping[UUID, date], now: datetime) -> None:
    with transaction.atomic():
        profiles = set(profile_of(list(since)).values())
        changes.append(refresh(profiles, now=now, since=since), now=now)


def drop_months(cutoffs: Mapping[UUID, datetime], *, now: datetime, dry_run: bool) -> Counter[UUID]:
    """Drop the months in which nothing may be kept any longer and nobody is held. Returns the records by source."""
    dropped: Counter[UUID] = Counter()
    held = kept.source_profiles(now=now)
    for month in [] if dry_run else aging.months():
        with transaction.atomic():
            counts = aging.count(month)
            if counts and all(cutoffs[source] >= month.ends_at for source in counts) and not aging.has(month, held):
                aging.drop(month)
                dropped.update(counts)
    return dropped


def forget(source: UUID, *, cutoff: datetime, now: datetime, dry_run: bool) -> tuple[int, int]:
    """Delete this source's records received before the cutoff. Returns how many, and how many a hold kept."""
    held = kept.source_profiles(now=now)
    aged, spared = aging.count_before(source, cutoff=cutoff, but=held)
    if not dry_run:
        while aging.delete_before(source, cutoff=cutoff, but=held):
            pass
    return aged, spared
