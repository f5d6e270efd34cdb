"""Crossing: work that met an erasure or another worker half-way, and lost a row or a lock, is done once more."""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError, connection
from psycopg.errors import DeadlockDetected, ForeignKeyViolation

TRIES = 5
Answer = TypeVar("Answer")


def again_when_crossed(work: Callable[[], Answer], *, may_be_part: bool = False) -> Answer:
    """Do this work, which is a transaction of its own; try again when it crossed another.

    Work that may be part of a caller's transaction is then tried once: the whole is lost, and the caller's to repeat.
    """
    for _ in range(TRIES - 1):
        try:
            return work()
        except (IntegrityError, OperationalError) as error:
            if (may_be_part and connection.in_atomic_block) or not _crossed(error):
                raise
    return work()


def _crossed(error: IntegrityError | OperationalError) -> bool:
    return isinstance(error.__cause__, ForeignKeyViolation | DeadlockDetected)
