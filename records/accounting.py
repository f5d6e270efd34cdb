"""Accounting: what became of everything that was acknowledged, by source and day, beside what is there now.

A day is one of UTC. More records than were stored, or more in quarantine than were put there, can only be a fault;
fewer are there once retention or an erasure has taken some away.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection

from records.models import Source

COUNTS = """
WITH taken AS (
    SELECT source_id, (received_at AT TIME ZONE 'UTC')::date AS day, sum(acknowledged) AS acknowledged,
        sum(stored) AS stored, sum(duplicate) AS duplicate, sum(quarantined) AS quarantined, sum(refused) AS refused
    FROM records_intake WHERE received_at >= %(since)s AND received_at < %(until)s GROUP BY 1, 2
), kept AS (
    SELECT source_id, (received_at AT TIME ZONE 'UTC')::date AS day, count(*) AS number
    FROM records_record WHERE received_at >= %(since)s AND received_at < %(until)s GROUP BY 1, 2
), waiting AS (
    SELECT source_id, (received_at AT TIME ZONE 'UTC')::date AS day, count(*) AS number
    FROM records_quarantinedrecord WHERE received_at >= %(since)s AND received_at < %(until)s GROUP BY 1, 2
)
SELECT day, source.name, acknowledged, stored, duplicate, quarantined, refused, k.number, w.number
FROM taken FULL JOIN kept k USING (source_id, day) FULL JOIN waiting w USING (source_id, day)
JOIN records_source source ON source.id = source_id
WHERE %(source)s::uuid IS NULL OR source_id = %(source)s
ORDER BY 1, 2
"""


@dataclass(frozen=True)
class Line:
    """One source on one day: what was acknowledged and became of it, and what of that is in the database now."""

    day: date
    source: str
    acknowledged: int
    stored: int
    duplicate: int
    quarantined: int
    refused: int
    records_now: int
    in_quarantine_now: int

    @property
    def faults(self) -> list[str]:
        """What cannot be, in words; none where all adds up."""
        return [
            words
            for wrong, words in (
                (
                    self.acknowledged != self.stored + self.duplicate + self.quarantined + self.refused,
                    "what became of them does not add up to what was acknowledged",
                ),
                (self.records_now > self.stored, "there are more records than were stored"),
                (self.in_quarantine_now > self.quarantined, "there are more in quarantine than were put there"),
            )
            if wrong
        ]


def lines(*, since: date, until: date, source: Source | None = None) -> Iterator[Line]:
    """Each source and day from the first day to the last, both included; days on which nothing came are left out."""
    asked = {
        "since": _begin(since),
        "until": _begin(until + timedelta(days=1)),
        "source": source.pk if source else None,
    }
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, asked)
        for day, name, *counts in cursor.fetchall():
            yield Line(day, name, *(int(count or 0) for count in counts))


def _begin(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
