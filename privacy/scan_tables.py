"""Every table of a database, taken from its own catalog: each row as the server hands it out, each byte of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db import DatabaseError, connections
from psycopg import sql

from privacy.scans import TABLE, Scanned, in_parts
from privacy.search import Found, Search

# Tables, partitions and materialized views of every schema, the server's own catalogs included: its statistics hold
# samples of what is in the columns. Of each the columns, and whether they hold bytes.
TABLES = """
SELECT namespace.nspname, relation.relname, relation.relkind::text,
       array_agg(attribute.attname::text ORDER BY attribute.attnum),
       array_agg(attribute.atttypid = 'bytea'::regtype ORDER BY attribute.attnum)
FROM pg_class AS relation
JOIN pg_namespace AS namespace ON namespace.oid = relation.relnamespace
JOIN pg_attribute AS attribute ON attribute.attrelid = relation.oid
WHERE relation.relkind IN ('r', 'm', 'f') AND attribute.attnum > 0 AND NOT attribute.attisdropped
  AND namespace.nspname NOT LIKE 'pg\\_toast%'
GROUP BY 1, 2, 3 ORDER BY 1, 2
"""


@dataclass(frozen=True)
class _Table:
    schema: str
    name: str
    kind: str
    columns: dict[str, bool]


def scan_tables(search: Search, *, database: str, kept: Mapping[str, str], unscanned: list[str]) -> Iterator[Scanned]:
    """Search every table of the database. What cannot be read is added to `unscanned`; nothing is left out silently.

    `kept`: by table, why rows that name the person stay there.
    """
    for table in _tables(database):
        name = f"{database}.{table.schema}.{table.name}"
        try:
            yield _scan(search, table, database=database, name=name, kept=kept.get(table.name, ""))
        except DatabaseError as error:
            unscanned.append(f"table {name}: {type(error).__name__}")


def _tables(database: str) -> list[_Table]:
    with connections[database].cursor() as cursor:
        cursor.execute(TABLES)
        return [
            _Table(schema, name, kind, dict(zip(columns, binary, strict=True)))
            for schema, name, kind, columns, binary in cursor.fetchall()
        ]


def _scan(search: Search, table: _Table, *, database: str, name: str, kept: str) -> Scanned:
    found, rows, size = Found(), 0, 0
    for binary in (False, True):
        columns = [column for column, holds_bytes in table.columns.items() if holds_bytes == binary]
        if columns:
            rows_here = 0
            for batch in in_parts(_copied(database, table, columns, binary=binary)):
                found += search.in_parts(batch)
                rows_here += len(batch)
                size += sum(map(len, batch))
            rows = max(rows, rows_here)
    return Scanned(TABLE, name, parts=rows, bytes=size, values=found.values, ids=found.ids, kept=kept)


def _copied(database: str, table: _Table, columns: list[str], *, binary: bool) -> Iterator[bytes]:
    """The rows, these columns of them: as text with what it escapes restored, or as the bytes that they are."""
    statement = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT {}").format(
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.Identifier(table.schema, table.name),
        sql.SQL("(FORMAT binary)" if binary else ""),
    )
    with connections[database].cursor() as cursor, cursor.copy(statement) as copy:
        for row in copy:
            text = bytes(row)
            yield text if binary else text.replace(b"\\\\", b"\\")
