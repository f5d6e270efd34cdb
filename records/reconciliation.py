"""Reconciliation: what a source says it has sent, by day, beside what came and what is stored of it.

By the day on which records came, each difference is explained: known already, in quarantine, refused. By the day on
which things happened only what is stored can be told, for of what was refused no time is kept. Days are of UTC.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection

from records.models import Source

RECEIVED, HAPPENED = "received", "happened"
STORED = """
SELECT ({day} AT TIME ZONE 'UTC')::date, count(*),
    sum(CASE WHEN jsonb_typeof(properties->%(property)s) = 'number' THEN (properties->>%(property)s)::numeric END)
FROM records_record WHERE source_id = %(source)s AND {day} >= %(since)s AND {day} < %(until)s GROUP BY 1
"""
CAME = """
SELECT (received_at AT TIME ZONE 'UTC')::date, sum(acknowledged), sum(duplicate), sum(quarantined), sum(refused)
FROM records_intake WHERE source_id = %(source)s AND received_at >= %(since)s AND received_at < %(until)s GROUP BY 1
"""


@dataclass(frozen=True)
class Total:
    """What the source says of one day: how many records, and what a property of theirs adds up to, where it says so."""

    day: date
    records: int
    sum: Decimal | None = None


@dataclass(frozen=True)
class Line:
    """One day: the source's word, what came (by the day on which it came alone), and what is stored now."""

    day: date
    said: int
    stored: int
    acknowledged: int | None
    duplicate: int | None
    quarantined: int | None
    refused: int | None
    said_sum: Decimal | None
    stored_sum: Decimal

    @property
    def missing(self) -> int:
        """How many records the source sent, by its word, that did not come (by the other day: are not stored)."""
        return self.said - (self.stored if self.acknowledged is None else self.acknowledged)

    @property
    def missing_sum(self) -> Decimal | None:
        """What is missing of the sum in what is stored; None where the source gave none."""
        return None if self.said_sum is None else self.said_sum - self.stored_sum

    @property
    def agrees(self) -> bool:
        """Whether all came that was sent, and its sum, where one is given, is stored."""
        return self.missing == 0 and not self.missing_sum


def lines(source: Source, totals: Iterable[Total], *, by: str, property: str = "amount") -> Iterator[Line]:
    """Each day of which the source says something, in order. `property` is what sums are of."""
    said = {total.day: total for total in totals}
    if not said:
        return
    asked: dict[str, str | UUID | datetime] = {
        "source": source.pk,
        "property": property,
        "since": _begin(min(said)),
        "until": _begin(max(said) + timedelta(days=1)),
    }
    stored = _stored(asked, by)
    came = _came(asked) if by == RECEIVED else {}
    for day in sorted(said):
        count, total = stored.get(day, (0, Decimal(0)))
        counts = came.get(day, (0, 0, 0, 0)) if by == RECEIVED else (None, None, None, None)
        acknowledged, duplicate, quarantined, refused = counts
        yield Line(
            day=day,
            said=said[day].records,
            stored=count,
            acknowledged=acknowledged,
            duplicate=duplicate,
            quarantined=quarantined,
            refused=refused,
            said_sum=said[day].sum,
            stored_sum=total,
        )


def _stored(asked: Mapping[str, str | UUID | datetime], by: str) -> dict[date, tuple[int, Decimal]]:
    column = "received_at" if by == RECEIVED else "occurred_at"
    with connection.cursor() as cursor:
        cursor.execute(STORED.format(day=column), asked)
        return {day: (count, (total or Decimal(0)).normalize() + 0) for day, count, total in cursor.fetchall()}


def _came(asked: Mapping[str, str | UUID | datetime]) -> dict[date, tuple[int, int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(CAME, asked)
        return {day: (int(a), int(d), int(q), int(r)) for day, a, d, q, r in cursor.fetchall()}


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
