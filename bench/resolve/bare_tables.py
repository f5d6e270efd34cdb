"""Tables to be filled by COPY: without what is built faster once they are full, and checked by nobody meanwhile."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from django.db import connection

# Indexes and unique constraints of these tables that no foreign key needs, with what makes them again.
INDEXES = """
SELECT CASE WHEN rule.oid IS NULL THEN format('DROP INDEX %%s', index.indexrelid::regclass)
            ELSE format('ALTER TABLE %%s DROP CONSTRAINT %%I', index.indrelid::regclass, rule.conname) END,
       CASE WHEN rule.oid IS NULL THEN pg_get_indexdef(index.indexrelid)
            ELSE format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', index.indrelid::regclass, rule.conname,
                        pg_get_constraintdef(rule.oid)) END
FROM pg_index AS index
LEFT JOIN pg_constraint AS rule ON rule.conindid = index.indexrelid AND rule.contype IN ('p', 'u')
WHERE index.indrelid = ANY(%s::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint AS needing WHERE needing.conindid = index.indexrelid AND contype = 'f')
ORDER BY index.indexrelid
"""


@contextmanager
def bare(tables: Sequence[str]) -> Iterator[None]:
    """These tables without indexes, which are there again, as they were, when the block ends."""
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [list(tables)])
        found = cursor.fetchall()
        for drop, _ in found:
            cursor.execute(drop)
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for _, make in found:
            cursor.execute(make)
        cursor.execute("RESET maintenance_work_mem")


def unchecked() -> None:
    """Let this connection write without looking up what foreign keys name: whoever fills a table knows."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
