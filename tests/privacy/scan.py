"""A search of every column of every table of both databases."""

import base64
from collections.abc import Iterable
from uuid import UUID

from django.db import connections

TABLES = """
SELECT quote_ident(table_schema) || '.' || quote_ident(table_name)
FROM information_schema.tables
WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1
"""


def hits(values: Iterable[str | UUID]) -> dict[str, int]:
    """The rows, by database and table, that hold one of these in any of its forms. Only tables with hits."""
    needles = sorted({form for value in values for form in forms(value)})
    found = {}
    for database in ("default", "keystore"):
        for table in _tables(database):
            count = len(_rows(database, table, needles))
            if count:
                found[f"{database}:{table}"] = count
    return found


def rows(values: Iterable[str | UUID]) -> dict[str, list[str]]:
    """The same rows, as text."""
    needles = sorted({form for value in values for form in forms(value)})
    return {
        f"{database}:{table}": found
        for database in ("default", "keystore")
        for table in _tables(database)
        if (found := _rows(database, table, needles))
    }


def forms(value: str | UUID) -> set[str]:
    """How a value may stand in a row that is cast to text: as it is, in hexadecimal (bytea), in base 64."""
    if isinstance(value, UUID):
        return {str(value), value.hex, base64.b64encode(value.bytes).decode().lower()}
    plain = value.lower().encode()
    return {value.lower(), plain.hex(), value.encode().hex(), base64.b64encode(plain).decode().lower().rstrip("=")}


def _tables(database: str) -> list[str]:
    with connections[database].cursor() as cursor:
        cursor.execute(TABLES)
        return [row[0] for row in cursor.fetchall()]


def _rows(database: str, table: str, needles: list[str]) -> list[str]:
    with connections[database].cursor() as cursor:
        cursor.execute(
            f"SELECT t::text FROM ONLY {table} AS t"
            " WHERE EXISTS (SELECT 1 FROM unnest(%s::text[]) AS needle WHERE strpos(lower(t::text), needle) > 0)"
            " ORDER BY 1",
            [needles],
        )
        return [row[0] for row in cursor.fetchall()]
