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
