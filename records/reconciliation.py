"""Reconciliation: what a source says it has sent, by day, beside what came and what is stored of it.

By the day on which records came, each difference is explained: known already, in quarantine, refused. By the day on
which things happened only what is stored can be told, for of what was refused no time is kept. Days are of UTC.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from django.db import connection

from records.models import Source

RECEIVED, HAPPENED = BY = ("received", "happened")
# Three years and a bit: what a page and an answer still show.
MOST_DAYS = 1_100
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2199, 12, 31)
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
    """One day: the source's word, what came (by the day on which it came alone), and what is stored now.

    `said` is None on a day of which the source says nothing.
    """

    day: date
    said: int | None
    stored: int
    acknowledged: int | None
    duplicate: int | None
    quarantined: int | None
    refused: int | None
    said_sum: Decimal | None
    stored_sum: Decimal

    @property
    def missing(self) -> int | None:
        """How many records the source sent, by its word, that did not come (by the other day: are not stored)."""
        return None if self.said is None else self.said - (self.stored if self.acknowledged is None else self.came)

    @property
    def missing_sum(self) -> Decimal | None:
        """What is missing of the sum in what is stored; None where the source gave none."""
        return None if self.said_sum is None else plain(self.said_sum - self.stored_sum)

    @property
    def gone(self) -> int:
        """How many were stored when they came and are not any more. By the day on which things happened: unknown, 0."""
        if self.acknowledged is None:
            return 0
        left_out = (self.duplicate or 0) + (self.quarantined or 0) + (self.refused or 0)
        return max(self.acknowledged - left_out - self.stored, 0)

    @property
    def came(self) -> int:
        """How many came; by the day on which things happened, 0."""
        return self.acknowledged or 0

    @property
    def agrees(self) -> bool:
        """Whether all came that was sent, and its sum, where one is given, is stored. Nothing said: nothing to deny."""
        return not self.missing and not self.missing_sum


@dataclass(frozen=True)
class Whole:
    """All days together; what was said and is missing only of those of which the source says something."""

    days: int
    differing: int
    said: int | None
    stored: int
    acknowledged: int | None
    duplicate: int | None
    quarantined: int | None
    refused: int | None
    missing: int | None
    said_sum: Decimal | None
    stored_sum: Decimal
    missing_sum: Decimal | None


def lines(
    source: Source, totals: Iterable[Total], *, by: str, property: str = "amount", days: Iterable[date] = ()
) -> Iterator[Line]:
    """Each day of which the source says something, and each of `days`, in order. `property` is what sums are of."""
    said = {total.day: total for total in totals}
    shown = sorted({*said, *days})
    if not shown:
        return
    asked: dict[str, str | UUID | datetime] = {
        "source": source.pk,
        "property": property,
        "since": _begin(shown[0]),
        "until": _begin(shown[-1] + timedelta(days=1)),
    }
    stored = _stored(asked, by)
    came = _came(asked) if by == RECEIVED else {}
    for day in shown:
        count, total = stored.get(day, (0, Decimal(0)))
        counts = came.get(day, (0, 0, 0, 0)) if by == RECEIVED else (None, None, None, None)
        acknowledged, duplicate, quarantined, refused = counts
        told = said.get(day)
        yield Line(
            day=day,
            said=told.records if told else None,
            stored=count,
            acknowledged=acknowledged,
            duplicate=duplicate,
            quarantined=quarantined,
            refused=refused,
            said_sum=plain(told.sum) if told and told.sum is not None else None,
            stored_sum=total,
        )


def whole_of(lines: Sequence[Line]) -> Whole:
    """All these days together."""
    said = [line for line in lines if line.said is not None]
    summed = [line for line in lines if line.said_sum is not None]

    def of(name: str, among: Sequence[Line] = lines) -> int | None:
        known = [value for line in among if (value := getattr(line, name)) is not None]
        return sum(known) if known else None

    return Whole(
        days=len(lines),
        differing=sum(not line.agrees for line in lines),
        said=of("said", said),
        stored=sum(line.stored for line in lines),
        acknowledged=of("acknowledged"),
        duplicate=of("duplicate"),
        quarantined=of("quarantined"),
        refused=of("refused"),
        missing=of("missing", said),
        said_sum=_sum(line.said_sum for line in summed) if summed else None,
        stored_sum=_sum(line.stored_sum for line in lines),
        missing_sum=_sum(line.missing_sum for line in summed) if summed else None,
    )


def plain(sum: Decimal) -> Decimal:
    """The same sum without zeros at its end, and without an exponent."""
    return sum.normalize() + 0


def span(first: date, last: date) -> list[date]:
    """The days from the first to the last."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _stored(asked: Mapping[str, str | UUID | datetime], by: str) -> dict[date, tuple[int, Decimal]]:
    column = "received_at" if by == RECEIVED else "occurred_at"
    with connection.cursor() as cursor:
        cursor.execute(STORED.format(day=column), asked)
        return {day: (count, plain(total or Decimal(0))) for day, count, total in cursor.fetchall()}


def _came(asked: Mapping[str, str | UUID | datetime]) -> dict[date, tuple[int, int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(CAME, asked)
        return {day: (int(a), int(d), int(q), int(r)) for day, a, d, q, r in cursor.fetchall()}


def _sum(sums: Iterable[Decimal | None]) -> Decimal:
    return plain(sum((one for one in sums if one is not None), Decimal(0)))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
