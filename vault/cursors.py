"""Many rows at once, in PostgreSQL's binary format: cursors that read them so, and COPY.

Django reads a timestamp from text, by a regular expression: ten times as slow. Not for JSON, which Django's models
expect as text.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from django.db import connection, connections
from django.db.backends.utils import CursorWrapper
from psycopg.pq import Format

from vault.arrays import Texts


@contextmanager
def binary_cursor(using: str = "default") -> Iterator[CursorWrapper]:
    """A cursor of Django's for reading many rows."""
    with connections[using].cursor() as cursor:
        cursor.cursor.format = Format.BINARY
        yield cursor


@contextmanager
def planned_cursor(using: str = "default") -> Iterator[CursorWrapper]:
    """The same for statements that are planned once (`plan_once`)."""
    with binary_cursor(using) as cursor:
        yield plan_once(cursor)


# Only where the large ones of these tables are known to have so many rows, and the others have been counted or are of a
# few pages: a plan made while a table is empty or unknown is kept after it has been filled, and may begin at the wrong
# end.
PLAN_FOR_ALL = """
SELECT set_config('plan_cache_mode', 'force_generic_plan', true) FROM pg_class
WHERE oid = ANY(%(large)b::text[]::regclass[]) OR oid = ANY(%(others)b::text[]::regclass[])
HAVING min(reltuples) FILTER (WHERE oid = ANY(%(large)b::text[]::regclass[])) >= %(least)b
   AND bool_and(reltuples >= 0 OR pg_relation_size(oid) < 100 * 1024)
"""
LEAST_ROWS = 10_000


def plan_for_all(*, large: Sequence[str], others: Sequence[str]) -> None:
    """Let what is planned once be so from its first use, to the end of this transaction, once these tables are known.

    The server would plan for each array that it is given, to see whether that pays: for a few rows this takes longer
    than to find them. Not for long arrays: in a plan for all, what is looked for among them is looked for one by one.
    """
    with planned_cursor() as cursor:
        cursor.execute(PLAN_FOR_ALL, {"large": Texts(large), "others": Texts(others), "least": LEAST_ROWS})


def plan_once(cursor: CursorWrapper) -> CursorWrapper:
    """This cursor, whose statements the server is to plan once for each connection: those that find rows by an index,
    however many are asked for. With `ONYM_PREPARED_STATEMENTS=off` they are planned each time.
    """
    cursor.cursor.execute = partial(cursor.cursor.execute, prepare=True)
    return cursor


def copy_rows(table: str, types: Mapping[str, str], rows: Iterable[Sequence[object]]) -> None:
    """Append rows to a table by COPY. `types` are the types of its columns, in the order of each row's values.

    What is unique must be so already: COPY knows of no conflicts. Raises the errors of `django.db`.
    """
    statement = f"COPY {table} ({', '.join(types)}) FROM STDIN (FORMAT binary)"
    with connection.cursor() as cursor, connection.wrap_database_errors, cursor.copy(statement) as copy:
        copy.set_types(list(types.values()))
        for row in rows:
            copy.write_row(row)
