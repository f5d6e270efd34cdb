"""The database's epoch: the last entry of the erasure ledger that this database knows of.

A restored backup is behind the ledger. It serves nothing and nothing is done with it until the erasures that it missed
have been repeated (`privacy.replay`).
"""

from datetime import datetime

from django.db import connection

from privacy import erasure_ledger
from privacy.erasure_ledger import GENESIS, Entry, Head, News
from privacy.models import ErasureEpoch
from vault.cursors import plan_once

WAY_OUT = "run: manage.py privacy replay-erasures"


class Behind(RuntimeError):
    """The database does not stand where the erasure ledger does; the message says how and what to do."""


def fault() -> str:
    """What is wrong with the database's epoch; empty when it equals the ledger's head.

    An erasure that is about to commit has written to the ledger already: it is waited for.
    """
    if _stands(_epoch()):
        return ""
    epoch = _epoch(lock="FOR SHARE")
    if _stands(epoch):
        return ""
    head = erasure_ledger.head()
    if head.sequence > epoch.sequence:
        missing = head.sequence - epoch.sequence
        return f"the database is {missing} behind the erasure ledger: it was restored; {WAY_OUT}"
    return (
        f"the erasure ledger at {erasure_ledger.path()} has {head.sequence} entries and the database knows "
        f"{epoch.sequence}: put back the ledger's last copy"
    )


def must_be_current() -> None:
    """Raises `Behind` unless the database stands where the ledger does."""
    if wrong := fault():
        raise Behind(wrong)


def note(news: News, *, now: datetime) -> Entry:
    """Write this to the ledger, and its place to the database; last in the transaction that makes it true.

    What an interrupted attempt at the same request wrote does no harm: it is written again. Raises `Behind` when
    anything else is missing, for then this database must not go on.
    """
    epoch = _epoch(lock="FOR UPDATE")
    if not _stands(epoch):
        missed = erasure_ledger.entries(after=epoch.sequence)
        if erasure_ledger.hash_at(epoch.sequence) != epoch.hash or {one.news.request for one in missed} != {
            news.request
        }:
            raise Behind(f"the database does not stand where the erasure ledger does; {WAY_OUT}")
    entry = erasure_ledger.append(news, now=now)
    stand_at(entry.head, now=now)
    return entry


def stand_at(head: Head, *, now: datetime) -> None:
    """Let the database's epoch be this."""
    ErasureEpoch.objects.update_or_create(
        id=1, defaults={"sequence": head.sequence, "hash": head.hash, "reached_at": now}
    )


def current(*, lock: bool = False) -> Head:
    """The database's epoch; locked to the end of the transaction when asked to."""
    return _epoch(lock="FOR UPDATE" if lock else "")


MAKE = """
INSERT INTO privacy_erasureepoch (id, sequence, hash, reached_at) VALUES (1, 0, %s, now()) ON CONFLICT DO NOTHING
"""


def _epoch(*, lock: str = "") -> Head:
    with connection.cursor() as cursor:
        if lock == "FOR UPDATE":
            cursor.execute(MAKE, [GENESIS])
        plan_once(cursor).execute(f"SELECT sequence, hash FROM privacy_erasureepoch WHERE id = 1 {lock}")
        row = cursor.fetchone()
    return Head(row[0], bytes(row[1])) if row else Head(0, GENESIS)


def _stands(epoch: Head) -> bool:
    return epoch == erasure_ledger.head()
