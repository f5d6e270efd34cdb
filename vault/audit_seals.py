"""Sealing the audit log: offline, in batches, each hashed, chained to the one before and signed (Ed25519).

No trigger chains rows as they come in: that would halve the rate of inserts and queue all of them behind one row. The
key lies in the key store, so whoever owns the tables of the log can break the chain and not mend it.
docs/decisions/audit-sealed-offline.md tells the reasons.
"""

import hashlib
import struct
import time
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from psycopg import sql

from vault import kept_keys, signatures
from vault.models import AuditSeal

KEY = "audit seal key"
BEGINNING = bytes(32)
# Entries are counted from here, so that none can be slipped in before the first.
BEFORE_ALL = -(2**63)
MOST_IDS = 50_000
PATIENCE_SECONDS = 20.0
PAUSE_SECONDS = 0.05
LOCK = 0x6F6E796D_5EA1


@dataclass(frozen=True)
class Sealed:
    """What a run of the sealer did: seals made, entries in them, and the transactions that it could not wait for."""

    seals: int
    entries: int
    waiting_for: int


def seal(*, now: datetime, patience: float = PATIENCE_SECONDS) -> Sealed:
    """Seal every entry that has settled: whose transaction, and every transaction with an earlier id, has ended.

    Ids are given out at the insert and seen at the commit, so a later one may be seen first. The sealer takes the last
    id given out, then waits, for `patience` seconds at most, until the transactions that were writing to the log
    then have ended. When one takes longer nothing is sealed, and the next run takes it up.
    """
    last_id = _last_id()
    waiting_for = _outlast(_writers(), patience)
    if waiting_for:
        return Sealed(0, 0, waiting_for)
    seals = entries = 0
    while made := _seal_next(last_id, now=now):
        seals, entries = seals + 1, entries + made.count
    return Sealed(seals, entries, 0)


def content_of(after_id: int, upto_id: int) -> tuple[bytes, int]:
    """The SHA-256 of these entries in order, as PostgreSQL copies them out in binary, and how many there are."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        with cursor.copy(ENTRIES.format(after=sql.Literal(after_id), upto=sql.Literal(upto_id))) as copy:
            for part in copy:
                digest.update(part)
        return digest.digest(), cursor.rowcount


def head_of(one: AuditSeal, before: bytes) -> bytes:
    """The link of the chain that this seal makes after that head."""
    said = struct.pack(
        ">qqqqqH",
        one.number,
        one.after_id,
        one.upto_id,
        one.count,
        round(one.sealed_at.timestamp() * 1_000_000),
        one.key_version,
    )
    return hashlib.sha256(b"onym audit seal 1\0" + before + said + bytes(one.content)).digest()


# All columns, named one by one: a column that is added later belongs to a later form of the seal.
ENTRIES = sql.SQL("""
COPY (
    SELECT id, at, actor, actor_kind, action, purpose, reason, run, subjects, cohort, count, fields
    FROM vault_auditentry WHERE id > {after} AND id <= {upto} ORDER BY id
) TO STDOUT (FORMAT BINARY)
""")

LAST_ID = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM vault_auditentry_id_seq"

# Whoever has written to the log, or is about to, holds this lock until the end of the transaction.
WRITERS = """
SELECT DISTINCT virtualtransaction FROM pg_locks
WHERE locktype = 'relation' AND relation = 'vault_auditentry'::regclass AND mode = 'RowExclusiveLock'
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND pid IS DISTINCT FROM pg_backend_pid()
"""


def _last_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute(LAST_ID)
        return int(cursor.fetchone()[0])


def _writers() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(WRITERS)
        return {row[0] for row in cursor.fetchall()}


def _outlast(writers: set[str], patience: float) -> int:
    """How many of these transactions still go on when patience ends."""
    until = time.monotonic() + patience
    while (left := writers & _writers()) and time.monotonic() < until:
        time.sleep(PAUSE_SECONDS)
    return len(left)


def _seal_next(last_id: int, *, now: datetime) -> AuditSeal | None:
    """The next seal up to that id; None when all is sealed. One sealer at a time."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        latest = AuditSeal.objects.order_by("-number").first()
        after = latest.upto_id if latest else BEFORE_ALL
        upto = min(last_id, max(after, 0) + MOST_IDS)
        if upto <= max(after, 0):
            return None
        content, count = content_of(after, upto)
        version, key = kept_keys.newest(KEY)
        one = AuditSeal(
            number=latest.number + 1 if latest else 1,
            after_id=after,
            upto_id=upto,
            count=count,
            content=content,
            sealed_at=now,
            key_version=version,
        )
        one.head = head_of(one, bytes(latest.head) if latest else BEGINNING)
        one.signature = signatures.sign(key, one.head)
        one.save(force_insert=True)
        return one
