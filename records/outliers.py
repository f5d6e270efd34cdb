"""Outliers: values of a property far from where its source's values usually lie. They are flagged, never dropped.

Beyond three times the interquartile range outside the quartiles (the "far out" of Tukey, Exploratory Data Analysis,
1977), or more than four standard deviations from the mean.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from msgspec.structs import replace

from records.models import Baseline, Source
from records.quality import flagged as with_flags
from records.store import Accepted

IQR, Z = "iqr", "z"
FENCES, DEVIATIONS = 3.0, 4.0
MADE_FROM = timedelta(days=90)
FEWEST = 30
# Seconds for which a process remembers the baselines of a source.
REMEMBERED_FOR = 60.0
_remembered: dict[UUID, tuple[float, dict[str, "Usual"]]] = {}

MEASURED = ("number", "first_quartile", "median", "third_quartile", "mean", "deviation", "made_at")
# Of each property that a source watches, where its numbers of the last days lie.
MEASURE = """
SELECT record.source_id, watched.name, count(*),
    percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY value.number), avg(value.number),
    stddev_samp(value.number)
FROM records_source AS source
CROSS JOIN LATERAL (SELECT DISTINCT jsonb_array_elements_text(source.mapping -> 'outliers')) AS watched (name)
JOIN records_record AS record ON record.source_id = source.id
CROSS JOIN LATERAL (
    SELECT CASE jsonb_typeof(record.properties -> watched.name)
        WHEN 'number' THEN (record.properties ->> watched.name)::float8 END
) AS value (number)
WHERE source.mapping ? 'outliers' AND record.received_at > %s AND value.number IS NOT NULL
GROUP BY record.source_id, watched.name HAVING count(*) >= %s
"""


@dataclass(frozen=True)
class Usual:
    """Where the values of a property usually lie."""

    low: float
    high: float
    mean: float
    furthest: float

    def flags(self, name: str, value: Any) -> list[str]:
        """What is said of this value: nothing, where it is a usual one or no number."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return []
        found = [] if self.low <= value <= self.high else [f"outlier:{name}:{IQR}"]
        return found if abs(value - self.mean) <= self.furthest else [*found, f"outlier:{name}:{Z}"]


def flagged(accepted: Sequence[Accepted], source: Source) -> list[Accepted]:
    """These records, flagged where a property that the source watches is far from the usual."""
    watched = source.mapping.get("outliers")
    usual = _usual(source) if watched else {}
    if not usual:
        return list(accepted)
    found = []
    for item in accepted:
        values = item.envelope.properties
        flags = [
            flag
            for name in watched
            if name in usual and name in values
            for flag in usual[name].flags(name, values[name])
        ]
        found.append(replace(item, envelope=with_flags(item.envelope, flags)) if flags else item)
    return found


def measure(*, now: datetime) -> int:
    """Make every baseline anew; one for which there are too few values is none. Returns how many there are."""
    rows = []
    if Source.objects.filter(mapping__has_key="outliers").exists():
        with connection.cursor() as cursor:
            cursor.execute(MEASURE, [now - MADE_FROM, FEWEST])
            rows = cursor.fetchall()
    made = [
        Baseline(
            source_id=source,
            property=name,
            number=number,
            first_quartile=quartiles[0],
            median=quartiles[1],
            third_quartile=quartiles[2],
            mean=mean,
            deviation=deviation,
            made_at=now,
        )
        for source, name, number, quartiles, mean, deviation in rows
    ]
    with transaction.atomic():
        Baseline.objects.bulk_create(
            made, update_conflicts=True, unique_fields=["source", "property"], update_fields=MEASURED
        )
        Baseline.objects.filter(made_at__lt=now).delete()
    return len(made)


def forget() -> None:
    """Ask the database again for every baseline."""
    _remembered.clear()


def _usual(source: Source) -> dict[str, Usual]:
    kept = _remembered.get(source.pk)
    if kept is None or time.monotonic() - kept[0] > REMEMBERED_FOR:
        kept = (time.monotonic(), {row.property: _usual_by(row) for row in source.baselines.all()})
        _remembered[source.pk] = kept
    return kept[1]


def _usual_by(row: Baseline) -> Usual:
    """Where all values are one, or all but a few, there is no telling how far is far."""
    spread = FENCES * (row.third_quartile - row.first_quartile) or float("inf")
    return Usual(
        low=row.first_quartile - spread,
        high=row.third_quartile + spread,
        mean=row.mean,
        furthest=DEVIATIONS * row.deviation or float("inf"),
    )
