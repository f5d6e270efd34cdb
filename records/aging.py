"""Taking old records away: whole months as partitions, portions of others, and single fields out of what is sealed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

AT_ONCE = 5_000
# A record says so once a field is taken out of it.
AGED = "aged:"


@dataclass(frozen=True)
class Month:
    """The partition that holds the records received in one month, up to this instant."""

    partition: str
    ends_at: datetime


MONTHS = """
SELECT partition.relname,
       (regexp_match(pg_get_expr(partition.relpartbound, partition.oid), 'TO \\(''([^'']+)''\\)'))[1]::timestamptz
FROM pg_inherits JOIN pg_class AS partition ON partition.oid = pg_inherits.inhrelid
WHERE inhparent = 'records_record'::regclass ORDER BY 2
"""


def months() -> list[Month]:
    """Every month that has a partition, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(MONTHS)
        return [Month(*row) for row in cursor.fetchall()]


def count(month: Month) -> dict[UUID, int]:
    """The records of a month by source."""
    with connection.cursor() as cursor:
        cursor.execute(_of("SELECT source_id, count(*) FROM {} GROUP BY source_id", month))
        return dict(cursor.fetchall())


def has(month: Month, source_profiles: Collection[UUID]) -> bool:
    """Whether one of these source profiles has a record in this month."""
    with connection.cursor() as cursor:
        query = _of("SELECT EXISTS (SELECT FROM {} WHERE source_profile_id = ANY(%s))", month)
        cursor.execute(query, [list(source_profiles)])
        return bool(cursor.fetchone()[0])


def drop(month: Month) -> None:
    """Drop a whole month, within the caller's transaction. Gives up after ten seconds when others hold on to it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        cursor.execute("SELECT records_drop_partition(%s)", [month.partition])


def _of(query: str, month: Month) -> sql.Composed:
    return sql.SQL(query).format(sql.Identifier(month.partition))


COUNT = """
SELECT count(*) FILTER (WHERE NOT source_profile_id = ANY(%(but)s)),
       count(*) FILTER (WHERE source_profile_id = ANY(%(but)s))
FROM records_record WHERE source_id = %(source)s AND received_at < %(cutoff)s
"""


def count_before(source: UUID, *, cutoff: datetime, but: Collection[UUID]) -> tuple[int, int]:
    """How many records this source sent before the cutoff: those of others, and those of these source profiles."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"source": source, "cutoff": cutoff, "but": list(but)})
        aged, kept = cursor.fetchone()
    return aged, kept


DELETE = """
WITH aged AS (
    SELECT received_at, id FROM records_record
    WHERE source_id = %(source)s AND received_at < %(cutoff)s AND NOT source_profile_id = ANY(%(but)s)
    ORDER BY received_at LIMIT %(limit)s
)
DELETE FROM records_record AS record USING aged WHERE (record.received_at, record.id) = (aged.received_at, aged.id)
"""


def delete_before(source: UUID, *, cutoff: datetime, but: Collection[UUID]) -> int:
    """Delete a portion of what this source sent before the cutoff, but of these source profiles. Returns how many."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.erasing = 'on'")
        cursor.execute(DELETE, {"source": source, "cutoff": cutoff, "but": list(but), "limit": AT_ONCE})
        return int(cursor.rowcount)


RESEAL = """
UPDATE records_record AS record SET sealed = new.sealed, flags = record.flags || %b::varchar[]
FROM unnest(%b::timestamptz[], %b::uuid[], %b::bytea[]) AS new (received_at, id, sealed)
WHERE (record.received_at, record.id) = (new.received_at, new.id)
"""


def replace_sealed(rows: Sequence[tuple[datetime, UUID, bytes | None]], *, flags: Collection[str]) -> None:
    """Give these records (received at, id) other sealed contents, and flags that say what was changed."""
    received, ids, sealed = (list(column) for column in zip(*rows, strict=True))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.minimizing = 'on'")
        cursor.execute(RESEAL, [sorted(flags), received, ids, sealed])
