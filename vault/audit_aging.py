"""The end of audit entries: two years after they were sealed they go, seal by seal, and a signed word about it stays.

The chain of seals is kept whole, so that everything younger verifies as before, against old checkpoints, too. What
went is stated: which seals, how many entries, when, signed with the sealer's key, which whoever owns the tables does
not have. An entry that is missing without such a word, or before its time, was removed by somebody.
docs/decisions/audit-sealed-offline.md tells the reasons.
"""

import hashlib
import struct
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, groupby

from django.db import connection, transaction

from vault import kept_keys, signatures
from vault.audit_seals import KEY, LOCK, content_of
from vault.models import AuditAging, AuditSeal

# Never less than 24 months.
KEPT = timedelta(days=731)
SEALS_AT_ONCE = 1_000


@dataclass(frozen=True)
class Aged:
    """What went, or would: entries, and the seals that covered them; the entries that a hold kept."""

    entries: int = 0
    seals: int = 0
    held: int = 0

    def __add__(self, other: "Aged") -> "Aged":
        return Aged(self.entries + other.entries, self.seals + other.seals, self.held + other.held)


def age(*, now: datetime, kept: Collection[bytes] = (), dry_run: bool = False) -> Aged:
    """Remove the entries of seals that are two years old, or count them (`dry_run`). In portions that commit each.

    `kept` are keyed hashes of people who keep everything: a seal with a read of one of them stays, as a whole. So does
    a seal whose entries are not as they were sealed: what shows that somebody changed them does not go.
    """
    done, last = Aged(), 0
    while seals := _due(last, now):
        last = seals[-1].number
        held = _held({one.number for one in seals}, kept)
        done += Aged(held=sum(one.count for one in seals if one.number in held))
        for stretch in _stretches([one for one in seals if one.number not in held and _is_whole(one)]):
            if not dry_run:
                _remove(stretch, now=now)
            done += Aged(sum(one.count for one in stretch), len(stretch))
    return done


def statement(one: AuditAging, upto: AuditSeal) -> bytes:
    """What is signed: the first and last seal of the stretch, how many entries, when; and the head of the last seal."""
    said = struct.pack(
        ">qqqqH", one.first, one.last, one.count, round(one.aged_at.timestamp() * 1_000_000), one.key_version
    )
    return hashlib.sha256(b"onym audit aging 1\0" + said + bytes(upto.head)).digest()


DUE = """
SELECT * FROM vault_auditseal AS seal
WHERE number > %s AND sealed_at <= %s
  AND NOT EXISTS (SELECT FROM vault_auditaging WHERE seal.number BETWEEN first AND last)
ORDER BY number LIMIT %s
"""


def _due(after: int, now: datetime) -> list[AuditSeal]:
    """The next seals whose time is over and of which nothing is stated yet."""
    return list(AuditSeal.objects.raw(DUE, [after, now - KEPT, SEALS_AT_ONCE]))


# Seals with a read, by a person or program, of one of these people. Runs of machine stages name nobody.
HELD = """
SELECT DISTINCT seal.number FROM vault_auditentry AS entry
JOIN vault_auditseal AS seal ON entry.id > seal.after_id AND entry.id <= seal.upto_id
WHERE seal.number = ANY(%s) AND entry.actor_kind <> 'machine' AND entry.subjects && %s::bytea[]
"""


def _held(numbers: Collection[int], kept: Collection[bytes]) -> set[int]:
    if not kept:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(HELD, [list(numbers), list(kept)])
        return {row[0] for row in cursor.fetchall()}


def _is_whole(one: AuditSeal) -> bool:
    return content_of(one.after_id, one.upto_id) == (bytes(one.content), one.count)


def _stretches(seals: Sequence[AuditSeal]) -> Iterator[list[AuditSeal]]:
    """Seals that follow each other directly, together."""
    places = count()
    for _, stretch in groupby(seals, key=lambda one: one.number - next(places)):
        yield list(stretch)


REMOVE = "SELECT vault_remove_aged_entries(%s, %s)"


def _remove(stretch: Sequence[AuditSeal], *, now: datetime) -> None:
    """Remove what these seals cover and state it, in one transaction. The table's owner removes, on our behalf."""
    first, last = stretch[0], stretch[-1]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        if AuditAging.objects.filter(first__lte=last.number, last__gte=first.number).exists():
            return
        version, key = kept_keys.newest(KEY)
        said = AuditAging(
            first=first.number,
            last=last.number,
            count=sum(one.count for one in stretch),
            aged_at=now,
            key_version=version,
        )
        said.signature = signatures.sign(key, statement(said, last))
        said.save(force_insert=True)
        with connection.cursor() as cursor:
            cursor.execute(REMOVE, [first.number, last.number])
