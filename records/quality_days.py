"""Completeness and validity: of each field of a source, day by day, from the tallies of its batches. A day is of UTC.

Complete is a field in as many of the records that were stored as have it; valid in as many of those that brought it as
can be read and keep the source's rules about its value. A day on which nothing was tallied is left out.
"""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection

from records.dictionary import FIELDS
from records.models import Source

# The hours that are summed up, and the batches that came since.
COUNTED = """
WITH counted AS (
    SELECT hour AS at, stored, fields, flags FROM records_tallyhour
    WHERE source_id = %(source)s AND hour >= %(since)s AND hour < %(until)s
    UNION ALL
    SELECT received_at, stored, fields, flags FROM records_intake
    WHERE source_id = %(source)s AND received_at >= %(since)s AND received_at < %(until)s AND fields IS NOT NULL
        AND received_at >= (
            SELECT coalesce(max(hour) + interval '1 hour', '-infinity') FROM records_tallyhour
            WHERE source_id = %(source)s
        )
)
"""
STORED = f"""{COUNTED}
SELECT (at AT TIME ZONE 'UTC')::date, sum(stored) FROM counted GROUP BY 1 HAVING sum(stored) > 0
"""
FILLED = f"""{COUNTED}
SELECT (at AT TIME ZONE 'UTC')::date, tally.name, sum((tally.counts ->> 0)::bigint),
    sum((tally.counts ->> 1)::bigint), sum((tally.counts ->> 2)::bigint)
FROM counted CROSS JOIN LATERAL jsonb_each(fields) AS tally (name, counts) GROUP BY 1, 2
"""
FLAGGED = f"""{COUNTED}
SELECT tally.name, sum(tally.count::bigint) FROM counted
CROSS JOIN LATERAL jsonb_each_text(flags) AS tally (name, count) GROUP BY 1 ORDER BY 2 DESC, 1
"""


@dataclass(frozen=True)
class Counts:
    """Of so many stored records, how many had a field, had it unreadable, and broke a rule about its value."""

    stored: int = 0
    filled: int = 0
    unreadable: int = 0
    broken: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.stored + other.stored,
            self.filled + other.filled,
            self.unreadable + other.unreadable,
            self.broken + other.broken,
        )

    @property
    def came(self) -> int:
        """How many brought the field, whatever it was."""
        return self.filled + self.unreadable

    @property
    def completeness(self) -> float | None:
        """From 0 to 1; None where nothing was stored."""
        return self.filled / self.stored if self.stored else None

    @property
    def validity(self) -> float | None:
        """From 0 to 1; None where nobody brought the field."""
        return (self.filled - self.broken) / self.came if self.came else None


@dataclass(frozen=True)
class FieldQuality:
    """One field of a source: in sum, and on each day on which anything was stored."""

    name: str
    whole: Counts
    days: dict[date, Counts] = field(default_factory=dict)


@dataclass(frozen=True)
class Quality:
    """What a source sent: how many records were tallied, its fields, the worst first, and the flags, the commonest."""

    stored: int
    fields: list[FieldQuality]
    flags: dict[str, int]


def quality_of(source: Source, *, last: date, days: int) -> Quality:
    """The quality of what came in so many days, the last included."""
    asked: dict[str, Any] = {
        "source": source.pk,
        "since": _begin(last - timedelta(days=days - 1)),
        "until": _begin(last + timedelta(days=1)),
    }
    with connection.cursor() as cursor:
        cursor.execute(STORED, asked)
        stored = {day: int(count) for day, count in sorted(cursor.fetchall())}
        cursor.execute(FILLED, asked)
        counted: dict[str, dict[date, list[int]]] = defaultdict(dict)
        for day, name, *counts in cursor.fetchall():
            counted[name][day] = [int(count) for count in counts]
        cursor.execute(FLAGGED, asked)
        flags = {name: int(count) for name, count in cursor.fetchall()}
    names = {*counted, *_expected(source)} if stored else set()
    fields = [_of_field(name, stored, counted.get(name, {})) for name in names]
    return Quality(sum(stored.values()), sorted(fields, key=_worst_first), flags)


def _of_field(name: str, stored: dict[date, int], counted: dict[date, list[int]]) -> FieldQuality:
    days = {day: Counts(count, *counted.get(day, ())) for day, count in stored.items()}
    return FieldQuality(name, sum(days.values(), Counts()), days)


def _expected(source: Source) -> set[str]:
    """What the mapping declares, which may never come."""
    declared: dict[str, Any] = source.mapping
    fields = {field for field in declared.get("fields", {}).values() if field in FIELDS} - {"full_name"}
    return {*fields, *declared.get("properties", {})}


def _worst_first(found: FieldQuality) -> tuple[float, float, str]:
    complete, validity = found.whole.completeness or 0.0, found.whole.validity
    return (min(complete, 1.0 if validity is None else validity), complete, found.name)


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
