"""The registry of devices: what each source's devices are and when they were heard of, from their episodes.

It keeps nothing of its own: a device is listed as long as somebody's use of it is known, and gone with it. Whose a
device is, is told by evidence alone (who signed in there); the registry counts such owners and names nobody.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from records.models import Source

AT_MOST = 50
MOST_METRICS = 30


@dataclass(frozen=True, slots=True)
class Device:
    """One device of a source. `number` is a part of the keyed hash of its id: it tells devices apart, and no id."""

    number: str
    first_seen_at: datetime
    last_seen_at: datetime
    stretches: int
    owners: int
    metrics: list[str]


# The devices that were heard of last, each with what its records were called.
LISTED = """
WITH listed AS (
    SELECT device_index,
           min(least(started_at, used_from, signed_in_at)) AS first_seen_at,
           max(greatest(started_at, used_until, last_signed_in_at)) AS last_seen_at,
           count(*) FILTER (WHERE NOT aside) AS stretches,
           count(DISTINCT owner_id) AS owners,
           array_agg(source_profile_id) FILTER (WHERE source_profile_id IS NOT NULL) AS users
    FROM identity_deviceepisode WHERE source_id = %(source)s
    GROUP BY device_index ORDER BY last_seen_at DESC, device_index LIMIT %(limit)s
)
SELECT encode(substring(device_index FROM 1 FOR 4), 'hex'), first_seen_at, last_seen_at, stretches, owners,
       ARRAY(SELECT DISTINCT event FROM records_record
             WHERE source_profile_id = ANY(listed.users) AND source_id = %(source)s AND event <> ''
             ORDER BY event LIMIT %(metrics)s)
FROM listed ORDER BY last_seen_at DESC, device_index
"""


def devices_of(source: Source, *, limit: int = AT_MOST) -> list[Device]:
    """The devices of this source that were heard of last, the latest first."""
    with connection.cursor() as cursor:
        cursor.execute(LISTED, {"source": source.id, "limit": limit, "metrics": MOST_METRICS})
        return [Device(*row) for row in cursor.fetchall()]


def count_of(source: Source) -> int:
    """How many devices of this source are known."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(DISTINCT device_index) FROM identity_deviceepisode WHERE source_id = %s", [source.id]
        )
        return int(cursor.fetchone()[0])
