"""Following: the queue of what is to be computed once it is settled who is who, as rows of the same transaction."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from vault.arrays import Uuids
from vault.cursors import planned_cursor

NOTE = """
INSERT INTO pipeline_following (source_profile_id, profile_id, since_date)
SELECT source_profile_id, NULL::uuid, since_date
FROM unnest(%b::uuid[], %b::date[]) AS settled (source_profile_id, since_date)
UNION ALL SELECT NULL, profile_id, NULL FROM unnest(%b::uuid[]) AS changed (profile_id)
"""
# The oldest whose turn it is and that nobody else holds.
TAKE = """
SELECT id, source_profile_id, profile_id, since_date FROM pipeline_following
WHERE turn_at IS NULL OR turn_at <= %b ORDER BY id FOR UPDATE SKIP LOCKED LIMIT %b
"""
# Of these, those that nobody else holds.
TAKE_THESE = """
SELECT id, source_profile_id, profile_id, since_date FROM pipeline_following
WHERE id = ANY(%b::bigint[]) ORDER BY id FOR UPDATE SKIP LOCKED
"""
OLDEST = """
SELECT id, source_profile_id, profile_id FROM pipeline_following
WHERE turn_at IS NULL OR turn_at <= %b ORDER BY id LIMIT %b
"""
PUT_BACK = "UPDATE pipeline_following SET id = DEFAULT, turn_at = %b WHERE id = ANY(%b::bigint[])"
# A source profile and its profile, and now and then a profile that it left.
ROWS_OF_ONE = 3
Taken = tuple[dict[UUID, date | None], set[UUID]]


def note(since: Mapping[UUID, date | None], profiles: Collection[UUID]) -> None:
    """Let what is computed of these profiles follow, and of those to which these source profiles then belong.

    `since` tells from which day on the records of a source profile have changed.
    """
    with planned_cursor() as cursor:
        cursor.execute(NOTE, [Uuids(since), list(since.values()), Uuids(profiles)])


@contextmanager
def take(limit: int, *, now: datetime, these: Collection[int] | None = None) -> Iterator[Taken]:
    """Take what was noted of so many source profiles: those, since when, and the profiles that changed. Or `these`.

    It is gone when the block ends well, inside the caller's transaction, and waits again when it does not.
    """
    with planned_cursor() as cursor:
        if these is None:
            cursor.execute(TAKE, [now, ROWS_OF_ONE * limit])
        else:
            cursor.execute(TAKE_THESE, [list(these)])
        rows = cursor.fetchall()
        since: dict[UUID, date | None] = {}
        for _, source_profile, _, day in rows:
            if source_profile:
                known = since.get(source_profile)
                since[source_profile] = min(known, day) if known and day else known or day
        yield since, {profile for _, _, profile, _ in rows if profile}
        if rows:
            cursor.execute("DELETE FROM pipeline_following WHERE id = ANY(%b::bigint[])", [[row[0] for row in rows]])


def oldest(limit: int, *, now: datetime) -> list[tuple[int, UUID | None, UUID | None]]:
    """What `take` would take, and leaves where it is: the entry, and its source profile or its profile."""
    with planned_cursor() as cursor:
        cursor.execute(OLDEST, [now, ROWS_OF_ONE * limit])
        return [(entry, source_profile, profile) for entry, source_profile, profile in cursor.fetchall()]


def put_back(entries: Collection[int], *, until: datetime) -> None:
    """Put these at the end of the queue; they have no turn before then."""
    with planned_cursor() as cursor:
        cursor.execute(PUT_BACK, [until, list(entries)])


def waiting() -> int:
    """How many entries wait."""
    return _counted("*")


def failed() -> int:
    """How many of them failed, and wait for another turn."""
    return _counted("turn_at")


def _counted(what: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count({what}) FROM pipeline_following")
        return int(cursor.fetchone()[0])
