"""The queue of truth: work is a row in PostgreSQL; NOTIFY only wakes those who wait for it."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, TypeVar
from uuid import UUID

from django.db import connection, transaction
from msgspec import Struct

from vault.arrays import Uuids
from vault.cursors import planned_cursor
from vault.ids import in_order
from vault.questions import Question, answers

CHANNEL = "onym_work"
T = TypeVar("T")

ENQUEUE = """
WITH queued AS (
    INSERT INTO pipeline_work (source_profile_id, since_date, seen_at, enqueued_at)
    SELECT id, since_date, seen_at, %b
    FROM unnest(%b::uuid[], %b::date[], %b::timestamptz[]) AS waiting (id, since_date, seen_at)
)
SELECT pg_notify(%b::text, '')
"""


class Waiting(Struct, frozen=True):
    """What is new about a source profile: from which day on its activity has changed, and when it was last seen.

    Where neither is told, only identity and consent are looked at.
    """

    since: date | None = None
    seen_at: datetime | None = None

    def __or__(self, other: "Waiting") -> "Waiting":
        """Both at once."""
        days = [day for day in (self.since, other.since) if day]
        instants = [at for at in (self.seen_at, other.seen_at) if at]
        return Waiting(min(days, default=None), max(instants, default=None))


NOTHING = Waiting()


def enqueue(source_profiles: Collection[UUID], *, now: datetime, news: Mapping[UUID, Waiting] | None = None) -> None:
    """Let these source profiles be processed, as soon as the caller's transaction commits; `news` of some of them."""
    if not source_profiles:
        return
    ids = in_order(source_profiles)
    told = [news.get(id, NOTHING) if news else NOTHING for id in ids]
    with planned_cursor() as cursor:
        days, instants = [one.since for one in told], [one.seen_at for one in told]
        cursor.execute(ENQUEUE, [now, Uuids(ids), days, instants, CHANNEL])


# The oldest rows that nobody else holds, and what else waits for the same source profiles.
TAKE = """
WITH oldest AS MATERIALIZED (
    SELECT source_profile_id FROM pipeline_work ORDER BY id FOR UPDATE SKIP LOCKED LIMIT %b
)
SELECT id, source_profile_id, since_date, seen_at FROM pipeline_work
WHERE source_profile_id IN (SELECT source_profile_id FROM oldest) FOR UPDATE SKIP LOCKED
"""


@dataclass(frozen=True)
class Taken(Generic[T]):
    """Work, with what is new about each source profile, and the answer to what was asked beside it.

    Those that are `put_back` wait again when the block ends.
    """

    work: dict[UUID, Waiting]
    answered: T
    put_back: set[UUID] = field(default_factory=set)


@contextmanager
def take(limit: int, *, and_ask: Question[T]) -> Iterator[Taken[T]]:
    """Take work for one transaction: source profiles, each with what is new about it. Beside it the answer to a
    question, as of when that was taken: whoever queues work has written beforehand what it is about.

    It is gone when the block ends well and back in the queue when it does not.
    """
    with transaction.atomic(savepoint=False):
        rows, answered = answers(Question(TAKE, [limit], list), and_ask)
        taken = Taken[T]({}, answered)
        for _, source_profile, *told in rows:
            known = taken.work.get(source_profile)
            taken.work[source_profile] = known | Waiting(*told) if known else Waiting(*told)
        yield taken
        done = [row[0] for row in rows if row[1] not in taken.put_back]
        with planned_cursor() as cursor:
            cursor.execute("DELETE FROM pipeline_work WHERE id = ANY(%b::bigint[])", [done])


def waiting() -> int:
    """How many rows wait."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pipeline_work")
        return int(cursor.fetchone()[0])
