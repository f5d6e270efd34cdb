"""Who seals or indexes shares this lock to the end of its transaction; a rotation holds it alone for each small batch.

So nothing is ever written under a key that a rotation is just leaving behind, and a value is under one version at a
time in every table.
"""

from django.db import connection

from vault.cursors import planned_cursor

LOCK = 0x1D3C5


def hold_off(*, at_once: bool = True) -> None:
    """Let no rotation change keys under what this transaction writes. Outside a transaction it does nothing.

    Not `at_once`: whoever is to wait for others later asks before that, so that nobody waits in a circle, and holds off
    once more before keys are looked at.
    """
    if connection.in_atomic_block:
        with planned_cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [LOCK])
            if at_once:
                # Waited for, whatever else is not: which key is in force is read from another database.
                cursor.fetchone()


def hold_alone() -> None:
    """Wait for those who write now, and keep others from sealing and indexing until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
