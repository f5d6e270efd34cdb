"""Volume: whether a source sends nothing, too little or too much, measured by its own weeks before.

The last complete hour and the last complete day are held against the same hour and weekday of the four weeks before,
by their median and the median absolute deviation from it, scaled to a standard deviation (Hampel, The influence curve
and its role in robust estimation, 1974).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db import connection
from django.db.models import Min

from records.findings import Finding, at
from records.models import SILENT, TOO_LITTLE, TOO_MUCH, Source
from records.tally_hours import hour_of

WEEKS, FEWEST_WEEKS = 4, 3
# Below it a median says little.
FEWEST = 10
# The median absolute deviation of a normal distribution, as its standard deviation; and how many of these are usual.
SCALE, SIGMAS = 1.4826, 3
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CAME = """
SELECT place, coalesce(sum(intake.acknowledged), 0)
FROM unnest(%s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS span (since, until, place)
LEFT JOIN records_intake AS intake
    ON intake.source_id = %s AND intake.received_at >= span.since AND intake.received_at < span.until
GROUP BY place ORDER BY place
"""


@dataclass(frozen=True)
class _Span:
    """A complete hour or day, what came in it, and what came in the same one of the weeks before."""

    called: str
    since: datetime
    until: datetime
    came: int
    before: Sequence[int]


def findings(source: Source, *, now: datetime) -> Iterator[Finding]:
    """What is wrong with how much came; the hour is told where it and the day are wrong in the same way."""
    told = set()
    for span in _spans(source, now):
        found = _judged(span)
        if found and found[0] not in told:
            told.add(found[0])
            yield Finding(source, *found)


def _judged(span: _Span) -> tuple[str, str, str] | None:
    if len(span.before) < FEWEST_WEEKS:
        return None
    usual = median(span.before)
    if usual < FEWEST:
        return None
    deviation = SCALE * median(abs(one - usual) for one in span.before)
    when = f"between {at(span.since)} and {at(span.until)}"
    then = (
        f"{span.called} of the {len(span.before)} weeks before it was {usual:,.0f} "
        f"(median; standard deviation {deviation:,.0f})"
    )
    if span.came == 0 and min(span.before) > 0:
        return SILENT, "", f"No record came {when}; {then}."
    if span.came < usual - max(SIGMAS * deviation, usual / 2):
        return TOO_LITTLE, "", f"Only {span.came:,} records came {when}; {then}."
    if span.came > usual + max(SIGMAS * deviation, usual):
        return TOO_MUCH, "", f"{span.came:,} records came {when}; {then}."
    return None


def _spans(source: Source, now: datetime) -> Iterator[_Span]:
    first = source.intakes.aggregate(at=Min("received_at"))["at"]
    if first is None:
        return
    hour = hour_of(now)
    for called, length, until in (
        ("in the same hour", HOUR, hour),
        ("on the same weekday", DAY, hour.replace(hour=0)),
    ):
        ends = [until - timedelta(weeks=back) for back in range(WEEKS + 1)]
        # Of a week in which the source had not begun there is nothing to say.
        ends = [end for end in ends if end - length >= first]
        if ends:
            came = _came(source, [(end - length, end) for end in ends])
            yield _Span(called, until - length, until, came[0], came[1:])


def _came(source: Source, spans: Sequence[tuple[datetime, datetime]]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(CAME, [[since for since, _ in spans], [until for _, until in spans], source.pk])
        return [int(count) for _, count in cursor.fetchall()]
