"""Following: the queue of what is to be computed once it is settled who is who, as rows of the same transaction."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from uuid import UUID

from vault.arrays import Uuids
from vault.cursors import planned_cursor

NOTE = """
INSERT INTO pipeline_following (source_profile_id, profile_id, since_date)
SELECT source_profile_id, NULL::uuid, since_date
FROM unnest(%b::uuid[], %b::date[]) AS settled (source_profile_id, since_date)
UNION ALL SELECT NULL, profile_id, NULL FROM unnest(%b::uuid[]) AS changed (profile_id)
"""
# The oldest that nobody else holds.
TAKE = """
SELECT id, source_profile_id, profile_id, since_date FROM pipeline_following
ORDER BY id FOR UPDATE SKIP LOCKED LIMIT %b
"""


def note(since: Mapping[UUID, date | None], profiles: Collection[UUID]) -> None:
    """Let what is computed of these profiles follow, and of those to which these source profiles then belong.

    `since` tells from which day on the records of a source profile have changed.
    """
    with planned_cursor() as cursor:
        cursor.execute(NOTE, [Uuids(since), list(since.values()), Uuids(profiles)])


@contextmanager
def take(limit: int) -> Iterator[tuple[dict[UUID, date | None], set[UUID]]]:
    """Take what was noted of so many source profiles: those, since when, and the profiles that changed.

    It is gone when the block ends well, inside the caller's transaction, and waits again when it does not.
    """
    with planned_cursor() as cursor:
        # A source profile and its profile, and now and then a profile that it left.
        cursor.execute(TAKE, [3 * limit])
        rows = cursor.fetchall()
        since: dict[UUID, date | None] = {}
        for _, source_profile, _, day in rows:
            if source_profile:
                known = since.get(source_profile)
                since[source_profile] = min(known, day) if known and day else known or day
        yield since, {profile for _, _, profile, _ in rows if profile}
        if rows:
            cursor.execute("DELETE FROM pipeline_following WHERE id = ANY(%b::bigint[])", [[row[0] for row in rows]])
