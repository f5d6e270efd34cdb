"""Tally hours: the tallies of a source's batches summed up by complete hour, so that nobody has to read every batch.

The last hours are summed up again at every run, since a batch may be committed after its hour; and so is an hour in
which something came that has left the quarantine since.
"""

from datetime import UTC, datetime, timedelta

from django.db import connection
from django.db.models import Max, Min

from records.models import QUARANTINE, Source, TallyHour

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AGAIN = timedelta(hours=3)
# Figures and flags of each hour; a batch of before there were tallies counts as acknowledged alone.
SUM_UP = """
WITH came AS (
    SELECT date_trunc('hour', received_at, 'UTC') AS hour, door, acknowledged, quarantined, stored, fields, flags
    FROM records_intake WHERE source_id = %(source)s AND received_at >= %(since)s AND received_at < %(until)s
), whole AS (
    SELECT hour, sum(acknowledged) AS acknowledged,
        coalesce(sum(quarantined) FILTER (WHERE door <> %(quarantine)s), 0) AS quarantined,
        coalesce(sum(stored) FILTER (WHERE fields IS NOT NULL), 0) AS stored
    FROM came GROUP BY hour
), field AS (
    SELECT hour, name, jsonb_build_array(
        sum((counts ->> 0)::bigint), sum((counts ->> 1)::bigint), sum((counts ->> 2)::bigint)
    ) AS counts
    FROM came CROSS JOIN LATERAL jsonb_each(fields) AS tally (name, counts) WHERE fields IS NOT NULL GROUP BY hour, name
), flag AS (
    SELECT hour, name, sum(count::bigint) AS count
    FROM came CROSS JOIN LATERAL jsonb_each_text(flags) AS tally (name, count) WHERE flags IS NOT NULL
    GROUP BY hour, name
)
INSERT INTO records_tallyhour (source_id, hour, acknowledged, quarantined, stored, fields, flags, stale)
SELECT %(source)s, hour, acknowledged, quarantined, stored,
    coalesce((SELECT jsonb_object_agg(name, counts) FROM field WHERE field.hour = whole.hour), '{}'),
    coalesce((SELECT jsonb_object_agg(name, count) FROM flag WHERE flag.hour = whole.hour), '{}'), false
FROM whole ORDER BY hour
ON CONFLICT (source_id, hour) DO UPDATE SET acknowledged = EXCLUDED.acknowledged, quarantined = EXCLUDED.quarantined,
    stored = EXCLUDED.stored, fields = EXCLUDED.fields, flags = EXCLUDED.flags
"""


def sum_up(source: Source, *, now: datetime) -> None:
    """Sum up every complete hour of this source that is not summed up yet, or not any more."""
    until = hour_of(now)
    begin = source.tally_hours.filter(hour__lt=until).aggregate(at=Max("hour"))["at"]
    if begin is None:
        first = source.intakes.aggregate(at=Min("received_at"))["at"]
        begin = hour_of(first) if first else until
    since = min(begin + HOUR, until) - AGAIN
    while since < until:
        _sum_up(source, since, min(since + DAY, until))
        since += DAY
    # Taken as fresh before they are read: what comes meanwhile makes them stale again.
    stale = source.tally_hours.filter(stale=True)
    for hour in list(stale.values_list("hour", flat=True)):
        stale.filter(hour=hour).update(stale=False)
        _sum_up(source, hour, hour + HOUR)


def has_changed(source: Source, at: datetime) -> None:
    """The hour of this instant has to be summed up again; inside the caller's transaction."""
    TallyHour.objects.filter(source=source, hour=hour_of(at)).update(stale=True)


def hour_of(moment: datetime) -> datetime:
    """The beginning of its hour, in UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _sum_up(source: Source, since: datetime, until: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(SUM_UP, {"source": source.pk, "since": since, "until": until, "quarantine": QUARANTINE})
