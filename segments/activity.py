"""Daily activity: what each source profile did on each day, rolled up from its records. Days are days in UTC.

It is kept of those who agreed to analytics, and of nobody else: a "no" removes it, a later "yes" rolls it up anew.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

PURCHASE = "purchase"
ORDERS = ("order completed",)

# These source profiles, so that no one else rolls them up meanwhile; records may still be added to them.
LOCK = """
SELECT id FROM records_sourceprofile WHERE id = ANY(%(source_profiles)b::uuid[]) ORDER BY id FOR NO KEY UPDATE
"""

# The activity of these source profiles from these days on.
FORGET = """
DELETE FROM segments_dailyactivity AS daily
USING unnest(%(source_profiles)b::uuid[], %(days)b::date[]) AS work (source_profile_id, since)
WHERE daily.source_profile_id = work.source_profile_id AND (work.since IS NULL OR daily.day >= work.since)
"""

# One row per source profile, day and event, from the records of these source profiles from these days on.
# Every way to buy is one event, `purchase`; a track message is its own name, in lower case; all others are their kind.
# Only an amount in a purchase or track message is money, and only below a billion: telemetry reports values too.
ROLL_UP = """
INSERT INTO segments_dailyactivity (source_profile_id, day, event, count, amount, last_at)
SELECT source_profile_id, day, event, count(*),
       greatest(least(sum(CASE WHEN abs(amount) < 1e9 THEN amount ELSE 0 END), 99999999999999.99), -99999999999999.99),
       max(occurred_at)
FROM (
    SELECT record.source_profile_id,
           (record.occurred_at AT TIME ZONE 'UTC')::date AS day,
           record.occurred_at,
           CASE
               WHEN record.kind = %(purchase)s::text THEN %(purchase)s::text
               WHEN record.kind <> 'track' THEN record.kind
               WHEN named.event = ANY(%(orders)s::text[]) THEN %(purchase)s::text
               WHEN named.event = ANY(%(kinds)s::text[]) THEN 'track: ' || named.event
               ELSE coalesce(nullif(named.event, ''), 'track')
           END AS event,
           CASE
               WHEN record.kind NOT IN (%(purchase)s::text, 'track') THEN 0
               WHEN jsonb_typeof(record.properties -> 'amount') = 'number'
                   THEN (record.properties ->> 'amount')::numeric
               WHEN record.properties ->> 'amount' ~ '^-?[0-9]{1,9}([.][0-9]{1,9})?$'
                   THEN (record.properties ->> 'amount')::numeric
               ELSE 0
           END AS amount
    FROM unnest(%(source_profiles)b::uuid[], %(days)b::date[]) AS work (source_profile_id, since)
    JOIN records_record AS record ON record.source_profile_id = work.source_profile_id
    LEFT JOIN unnest(%(sources)s::uuid[], %(cutoffs)s::timestamptz[]) AS aged (source_id, cutoff_at)
        ON aged.source_id = record.source_id
    CROSS JOIN LATERAL (SELECT left(lower(btrim(record.event)), 120) AS event) AS named
    WHERE record.kind <> 'deletion'  -- what a source did to its own rows is nothing that the person did
      AND (work.since IS NULL OR record.occurred_at >= (work.since::timestamp AT TIME ZONE 'UTC'))
      AND (aged.cutoff_at IS NULL OR record.received_at >= aged.cutoff_at)
) AS act
GROUP BY source_profile_id, day, event
"""
# A track message may be named like a kind of message, and is kept apart from it.
KINDS = (
    *("identify", "page", "screen", "group", "alias", "profile"),
    *(PURCHASE, "telemetry", "registration", "visit"),
)


# Those of these source profiles of which nothing is rolled up: new ones, and those whose people have just agreed.
BARE = """
SELECT asked.id FROM unnest(%b::uuid[]) AS asked (id)
WHERE NOT EXISTS (SELECT FROM segments_dailyactivity AS daily WHERE daily.source_profile_id = asked.id)
"""

# The activity of the people behind these profiles.
FORGET_PEOPLE = """
DELETE FROM segments_dailyactivity AS daily USING identity_assignment AS assignment
WHERE assignment.profile_id = ANY(%b::uuid[]) AND assignment.ended_at IS NULL
  AND daily.source_profile_id = assignment.source_profile_id
"""


def follow(
    source_profiles: Collection[UUID],
    *,
    refused: Collection[UUID],
    since: Mapping[UUID, date | None],
    cutoffs: Mapping[UUID, datetime],
) -> None:
    """Bring the activity of these source profiles up to date, from the days on which their records changed.

    Of the `refused` profiles nothing is kept, and nothing of records received before the cutoff of their source.
    Whoever has no activity yet is rolled up from the first record on.
    """
    with connection.cursor() as cursor:
        cursor.execute(FORGET_PEOPLE, [list(refused)])
        cursor.execute(BARE, [list(source_profiles)])
        bare = {row[0] for row in cursor.fetchall()}
    changed = [(id, since[id]) for id in source_profiles if since.get(id) and id not in bare]
    if changed or bare:
        roll_up([*changed, *((id, None) for id in bare)], cutoffs=cutoffs)


def roll_up(work: Collection[tuple[UUID, date | None]], *, cutoffs: Mapping[UUID, datetime] | None = None) -> None:
    """Compute the daily activity of each source profile from its records, from that day on (None: from the first).

    Records that their source (by id) sent before its cutoff are left out.

    Safe to run twice and by several at once: the source profiles are locked, in the order of their ids.
    """
    since = _earliest(work)
    parameters: dict[str, Any] = {
        "source_profiles": list(since),
        "days": list(since.values()),
        "purchase": PURCHASE,
        "orders": list(ORDERS),
        "kinds": list(KINDS),
        "sources": list(cutoffs or {}),
        "cutoffs": list((cutoffs or {}).values()),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, parameters)
        cursor.execute(FORGET, parameters)
        cursor.execute(ROLL_UP, parameters)


def _earliest(work: Collection[tuple[UUID, date | None]]) -> dict[UUID, date | None]:
    """Each source profile once, with the earliest of its days; None is earlier than any."""
    earliest: dict[UUID, date | None] = {}
    for source_profile, since in work:
        known = earliest.get(source_profile, date.max)
        earliest[source_profile] = None if known is None or since is None else min(known, since)
    return earliest
