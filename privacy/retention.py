"""Retention: what has been kept for long enough goes, with all that was derived from it.

Phases, each in bounded batches that commit on their own and may be repeated, so that an interrupted run is taken up
by the next:

1. activity: daily activity, features and segments forget records beyond the limit for analytics;
2. fields: identifiers, attributes and sealed contents lose the fields whose own limit has passed;
3. records: months that nobody needs are dropped as partitions, the rest is deleted;
4. people: source profiles without any record left go; of those who said "no" that alone remains;
5. tables: rows that are annotated with an end of their own;
6. the audit log: entries two years after they were sealed, with a signed word about it.

Whoever is under a legal hold keeps everything.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from privacy import aged_fields, aged_people, aged_records, aged_rows, kept
from privacy.models import RetentionRun
from records import retention, source_profiles
from records.retention import Schedule
from segments.consented import ANALYTICS
from vault import audit_aging
from vault.audit import subject_hashes
from vault.cursors import binary_cursor
from vault.ids import new_id

LOCK = 0x0E7E27
AUDIT_LOG = "vault.AuditEntry"
Progress = Callable[["Removal"], None]


@dataclass(frozen=True)
class Removal:
    """What one step removed, or would: of which source (empty: of none), how much, and how much a hold kept."""

    source: str
    what: str
    cutoff_at: datetime | None
    rows: int
    held: int = 0


class AlreadyRunning(RuntimeError):
    """Another retention run is under way."""


def carry_out(*, now: datetime, dry_run: bool = False, on_progress: Progress | None = None) -> list[Removal]:
    """Remove all that has been kept for long enough, or count it (`dry_run`). Raises `AlreadyRunning`."""
    if not _begin():
        raise AlreadyRunning("another retention run is under way; it does the same")
    try:
        removals = []
        for removal in _steps(now, dry_run):
            removals.append(removal)
            if on_progress:
                on_progress(removal)
        return removals
    finally:
        _end()


# Of those whose records wait to be processed.
WAITING = """
SELECT source_profile_id, max(seen_at) FROM pipeline_work WHERE seen_at IS NOT NULL GROUP BY source_profile_id
"""


def _note_who_was_seen() -> None:
    """When somebody was last seen is written as they are processed; who waits for that is not to be taken for aged."""
    with binary_cursor() as cursor:
        cursor.execute(WAITING)
        seen = dict(cursor.fetchall())
    source_profiles.keys_seen_again(seen)
    source_profiles.seen_again(seen)


def _steps(now: datetime, dry_run: bool) -> Iterator[Removal]:
    schedules = retention.schedules()
    if not dry_run:
        _note_who_was_seen()
    for one in schedules:
        yield _note(_activity(one, now, dry_run), one, now, dry_run)
    for one in schedules:
        for field, days in sorted(one.by_field.items()):
            cutoff = now - timedelta(days=days)
            counts = aged_fields.forget(one.source, field, cutoff=cutoff, now=now, dry_run=dry_run)
            yield _note(Removal(one.name, f"field {field}", cutoff, *counts), one, now, dry_run)
    yield from _records(schedules, now, dry_run)
    for one in schedules:
        cutoff = now - timedelta(days=one.records)
        counts = aged_people.forget(one.source, cutoff=cutoff, now=now, dry_run=dry_run)
        yield _note(Removal(one.name, "source profiles", cutoff, *counts), one, now, dry_run)
    for model, rows in aged_rows.forget(now=now, dry_run=dry_run):
        yield _note(Removal("", model, None, rows), None, now, dry_run)
    yield _note(_audit_log(now, dry_run), None, now, dry_run)


def _audit_log(now: datetime, dry_run: bool) -> Removal:
    keeping = subject_hashes(kept.source_profiles(now=now))
    aged = audit_aging.age(now=now, kept=keeping, dry_run=dry_run)
    return Removal("", AUDIT_LOG, now - audit_aging.KEPT, aged.entries, aged.held)


def _activity(one: Schedule, now: datetime, dry_run: bool) -> Removal:
    cutoff = now - timedelta(days=one.for_purpose(ANALYTICS))
    last = RetentionRun.objects.filter(source_id=one.source, what="activity").order_by("-cutoff_at").first()
    since = last.cutoff_at if last else None
    rows = aged_records.forget_activity(one.source, since=since, cutoff=cutoff, now=now, dry_run=dry_run)
    return Removal(one.name, "activity", cutoff, rows)


def _records(schedules: list[Schedule], now: datetime, dry_run: bool) -> Iterator[Removal]:
    cutoffs = {one.source: now - timedelta(days=one.records) for one in schedules}
    dropped = aged_records.drop_months(cutoffs, now=now, dry_run=dry_run)
    for one in schedules:
        rows, held = aged_records.forget(one.source, cutoff=cutoffs[one.source], now=now, dry_run=dry_run)
        gone = dropped[one.source] if not dry_run else 0
        removal = Removal(one.name, "records", cutoffs[one.source], rows + gone, held)
        yield _note(removal, one, now, dry_run)


def _note(removal: Removal, schedule: Schedule | None, now: datetime, dry_run: bool) -> Removal:
    if not dry_run and (removal.rows or removal.what == "activity"):
        RetentionRun.objects.create(
            id=new_id(),
            source_id=schedule.source if schedule else None,
            what=removal.what,
            cutoff_at=removal.cutoff_at,
            rows=removal.rows,
            held=removal.held,
            ran_at=now,
        )
    return removal


def totals(removals: list[Removal]) -> dict[str, int]:
    """Rows by what they were."""
    counts: Counter[str] = Counter()
    for removal in removals:
        counts[removal.what] += removal.rows
    return {what: count for what, count in sorted(counts.items()) if count}


def overdue(*, now: datetime, grace: timedelta = timedelta(hours=24)) -> dict[str, int]:
    """Rows that are beyond their limit and its grace, by source: zero, wherever retention runs daily and holds none."""
    found = {}
    for one in retention.schedules():
        rows, _ = aged_records.forget(
            one.source, cutoff=now - grace - timedelta(days=one.records), now=now, dry_run=True
        )
        if rows:
            found[one.name] = rows
    return found


def _begin() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _end() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
