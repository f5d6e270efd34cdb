"""Drift: whether fields are filled or readable less often than they were, come undeclared, or go to quarantine.

The last 24 complete hours are held against the 14 times 24 hours before them, by their median.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db import connection
from django.db.models import Count

from records.findings import Finding, at, percent
from records.models import COMPLETENESS, DISCOVER, QUARANTINED, UNDECLARED, VALIDITY, Source
from records.quality_days import Counts
from records.tally_hours import hour_of

DAYS, FEWEST_DAYS = 14, 5
# A day of fewer records says little of shares.
FEWEST = 20
# Points of a hundred by which a share may differ from the usual.
FALL = 0.20
SHARE_OF_QUARANTINE, TIMES = 0.05, 3
LONGEST_NAME = 80
WITHIN = "source_id = %(source)s AND hour >= %(since)s AND hour < %(until)s"
# How many times 24 hours before the end it came: 0 for the last.
BACK = "ceil(extract(epoch FROM %(until)s::timestamptz - hour) / 86400)::int - 1"
TAKEN = f"""
SELECT {BACK}, sum(acknowledged), sum(quarantined), sum(stored), coalesce(sum((flags ->> 'undeclared')::bigint), 0)
FROM records_tallyhour WHERE {WITHIN} GROUP BY 1
"""
FILLED = f"""
SELECT {BACK}, tally.name, sum((tally.counts ->> 0)::bigint), sum((tally.counts ->> 1)::bigint),
    sum((tally.counts ->> 2)::bigint)
FROM records_tallyhour CROSS JOIN LATERAL jsonb_each(fields) AS tally (name, counts) WHERE {WITHIN} GROUP BY 1, 2
"""


@dataclass(frozen=True)
class _Day:
    """24 hours of a source: what came, what of it went to quarantine, and what was stored and tallied."""

    acknowledged: int = 0
    quarantined: int = 0
    stored: int = 0
    undeclared: int = 0


@dataclass(frozen=True)
class _Days:
    """The days of a source, by how far they lie back; and of each field what it was like on them."""

    until: datetime
    days: dict[int, _Day]
    fields: Mapping[str, Mapping[int, Counts]] = field(default_factory=dict)


def findings(source: Source, *, now: datetime) -> Iterator[Finding]:
    """What is wrong with the fields of what came, and with how much of it could not be taken in; of summed up hours."""
    found = _days_of(source, now)
    for name in sorted(found.fields):
        yield from _of_field(source, name, found)
    yield from _undeclared(source, found)
    yield from _quarantined(source, found)


def _of_field(source: Source, name: str, found: _Days) -> Iterator[Finding]:
    counts, called = found.fields[name], name[:LONGEST_NAME]
    complete = {back: one.completeness for back, one in counts.items() if one.stored >= FEWEST}
    valid = {back: one.validity for back, one in counts.items() if one.came >= FEWEST}
    for kind, shares, done, number in (
        (COMPLETENESS, complete, "filled", counts[0].stored if 0 in counts else 0),
        (VALIDITY, valid, "valid", counts[0].came if 0 in counts else 0),
    ):
        now, usual = _compared(shares)
        if now is not None and usual is not None and usual - now > FALL:
            what = f"'{called}' was {done} in {percent(now)} of {number:,} records"
            yield Finding(source, kind, called, _cause(source, found, what, usual))


def _undeclared(source: Source, found: _Days) -> Iterator[Finding]:
    if source.contract_mode == DISCOVER:
        yield from _discovered(source, found)
        return
    shares = {back: day.undeclared / day.stored for back, day in found.days.items() if day.stored >= FEWEST}
    now, usual = _compared(shares)
    if now is not None and usual is not None and now - usual > FALL:
        what = f"Undeclared fields came in {percent(now)} of {found.days[0].stored:,} records"
        yield Finding(source, UNDECLARED, "", _cause(source, found, what, usual))


def _discovered(source: Source, found: _Days) -> Iterator[Finding]:
    """Of a source that has discovered for longer than that. Names are not told: they may be somebody's."""
    since = found.until - timedelta(days=1)
    if source.created_at >= since or source.contract_versions.filter(saved_at__gte=since).exists():
        return
    new = source.discovered_fields.filter(ignored=False, first_seen_at__gte=since).order_by("first_seen_at")
    count, first = new.count(), new.first()
    if first:
        what = "1 field that it had never sent" if count == 1 else f"{count:,} fields that it had never sent"
        told = f"The source sent {what} since {at(first.first_seen_at)}; its contract's page lists them"
        yield Finding(source, UNDECLARED, "", told + _changes(source, found) + ".")


def _quarantined(source: Source, found: _Days) -> Iterator[Finding]:
    shares = {
        back: day.quarantined / day.acknowledged for back, day in found.days.items() if day.acknowledged >= FEWEST
    }
    now, usual = _compared(shares)
    if now is None or usual is None or now <= SHARE_OF_QUARANTINE or now <= TIMES * usual:
        return
    what = f"{percent(now)} of {found.days[0].acknowledged:,} records went to quarantine"
    since = found.until - timedelta(days=1)
    kept = source.quarantined.filter(received_at__gte=since, received_at__lt=found.until)
    reasons = kept.values_list("reason").annotate(count=Count("id")).order_by("-count", "reason")
    if commonest := reasons.first():
        what += f" (most often {commonest[0]}, {commonest[1]:,})"
    yield Finding(source, QUARANTINED, "", _cause(source, found, what, usual))


def _compared(shares: Mapping[int, float | None]) -> tuple[float | None, float | None]:
    """The share of now and the usual one; None where there is too little to tell."""
    before = [share for back, share in shares.items() if back and share is not None]
    return shares.get(0), median(before) if len(before) >= FEWEST_DAYS else None


def _cause(source: Source, found: _Days, what: str, usual: float) -> str:
    told = f"{what} in the 24 hours before {at(found.until)}; the median of the days before is {percent(usual)}"
    return told + _changes(source, found) + "."


def _changes(source: Source, found: _Days) -> str:
    """What was changed of how the source is read meanwhile: likely the cause."""
    since = found.until - timedelta(days=1)
    # A source has its first mapping from the start, and its first contract when somebody gives it one.
    kinds = (("mapping", source.mapping_versions, 1), ("contract", source.contract_versions, 0))
    told = ""
    for what, versions, first in kinds:
        saved = versions.filter(version__gt=first, saved_at__gte=since, saved_at__lt=found.until).order_by("version")
        if latest := saved.last():
            told += f"; its {what} was changed at {at(latest.saved_at)}"
    return told


def _days_of(source: Source, now: datetime) -> _Days:
    until = hour_of(now)
    asked: dict[str, Any] = {"source": source.pk, "since": until - timedelta(days=DAYS + 1), "until": until}
    with connection.cursor() as cursor:
        cursor.execute(TAKEN, asked)
        days = {int(back): _Day(*(int(count) for count in counts)) for back, *counts in cursor.fetchall()}
        cursor.execute(FILLED, asked)
        counted: dict[str, dict[int, list[int]]] = defaultdict(dict)
        for back, name, *counts in cursor.fetchall():
            counted[name][back] = [int(count) for count in counts]
    fields = {
        name: {back: Counts(day.stored, *by_day.get(back, ())) for back, day in days.items()}
        for name, by_day in counted.items()
    }
    return _Days(until, days, fields)
