"""The queue of truth: work is a row in PostgreSQL; NOTIFY only wakes those who wait for it."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from uuid import UUID

from django.db import connection, transaction

from vault.cursors import binary_cursor
from vault.ids import in_order

CHANNEL = "onym_work"

ENQUEUE = """
INSERT INTO pipeline_work (source_profile_id, since_date, enqueued_at)
SELECT id, since_date, %b FROM unnest(%b::uuid[], %b::date[]) AS waiting (id, since_date)
"""


def enqueue(source_profiles: Collection[UUID], *, now: datetime, since: Mapping[UUID, date] | None = None) -> None:
    """Let these source profiles be processed, as soon as the caller's transaction commits.

    `since` tells from which day on their activity has changed; without it only identity and consent are looked at.
    """
    if not source_profiles:
        return
    ids = in_order(source_profiles)
    days = [since.get(id) if since else None for id in ids]
    with binary_cursor() as cursor:
        cursor.execute(ENQUEUE, [now, ids, days])
        cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])


# The oldest rows that nobody else holds, and what else waits for the same source profiles.
TAKE = """
WITH oldest AS MATERIALIZED (
    SELECT source_profile_id FROM pipeline_work ORDER BY id FOR UPDATE SKIP LOCKED LIMIT %s
)
SELECT id, source_profile_id, since_date FROM pipeline_work
WHERE source_profile_id IN (SELECT source_profile_id FROM oldest) FOR UPDATE SKIP LOCKED
"""


@contextmanager
def take(limit: int) -> Iterator[dict[UUID, date | None]]:
    """Take work for one transaction: source profiles, each with the earliest day that changed.

    It is gone when the block ends well and back in the queue when it does not.
    """
    with transaction.atomic(), binary_cursor() as cursor:
        cursor.execute(TAKE, [limit])
        rows = cursor.fetchall()
        work: dict[UUID, date | None] = {}
        for _, source_profile, since in rows:
            known = work.get(source_profile)
            work[source_profile] = min(since, known) if since and known else since or known
        yield work
        cursor.execute("DELETE FROM pipeline_work WHERE id = ANY(%b)", [[row[0] for row in rows]])


def waiting() -> int:
    """How many rows wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pipeline_work")
        return int(cursor.fetchone()[0])
