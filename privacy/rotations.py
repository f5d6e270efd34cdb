"""What the three rotations have in common: one at a time, progress, and who does it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection

from vault.grants import Actor

STAGE = Actor.machine("rotate keys")
PURPOSE = "security"
ONE_AT_A_TIME = 0x1D3C6


class AlreadyRunning(RuntimeError):
    """Another process rotates keys just now."""


@dataclass(frozen=True)
class Progress:
    """How many are done, of how many as far as is known."""

    done: int
    total: int


@contextmanager
def alone() -> Iterator[None]:
    """Hold off other rotations; a process that dies lets go by itself. Raises `AlreadyRunning`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            raise AlreadyRunning("another process rotates keys just now; this one would only get in its way")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])
