"""Alone: one worker at a time with one piece of long work; whoever dies lets go of it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from django.db import DatabaseError, InterfaceError, connection

# Held by the connection, and so by no worker that has died.
LOCK = "SELECT pg_try_advisory_lock(hashtextextended(%s, 0))"
UNLOCK = "SELECT pg_advisory_unlock(hashtextextended(%s, 0))"


@contextmanager
def alone_with(work: str) -> Iterator[bool]:
    """Whether nobody else is at this work; as long as the context lasts, nobody else will be."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [work])
        (alone,) = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            # With the connection the lock is gone as well.
            with suppress(DatabaseError, InterfaceError), connection.cursor() as cursor:
                cursor.execute(UNLOCK, [work])
