"""The audit log: who read whose data, when, what for. It holds keyed hashes and never a value."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import router
from django.db.models import QuerySet
from django.utils import timezone

from vault.arrays import ByteArray, Texts
from vault.blind import blind_index, blind_indexes
from vault.cursors import planned_cursor
from vault.grants import Actor, Grant
from vault.ids import in_order, new_id
from vault.models import AuditEntry
from vault.reasons import without_names

SUBJECT = "audit-subject"
# Of a machine stage's subjects only this much of each hash is kept: enough to find one person's runs again.
COHORT_BYTES = 8


@dataclass(frozen=True)
class Run:
    """A machine stage's batch in which a person was."""

    id: UUID
    stage: str
    purpose: str
    action: str
    at: datetime
    count: int


WRITE = """
INSERT INTO vault_auditentry
    (at, actor, actor_kind, action, purpose, reason, run, subjects, cohort, count, fields)
VALUES (%(at)b, %(actor)b, %(actor_kind)b, %(action)b, %(purpose)b, %(reason)b, %(run)b, %(subjects)b::bytea[],
    %(cohort)b, %(count)b, %(fields)b::text[])
RETURNING id
"""


def write(grant: Grant, source_profiles: Collection[UUID], *, action: str, fields: Iterable[str] = ()) -> None:
    """One row for a read by a person or program, naming its subjects; one per batch of a machine stage, counted.

    `fields` names what was opened: fields of the data dictionary, or table and column; no values.
    """
    by_machine = grant.actor.kind == "machine"
    hashes = subject_hashes(source_profiles)
    entry: dict[str, Any] = {
        "at": timezone.now(),
        "actor": grant.actor.id,
        "actor_kind": grant.actor.kind,
        "action": action,
        "purpose": grant.purpose,
        "reason": grant.reason,
        "run": grant.id,
        "subjects": ByteArray([] if by_machine else hashes),
        "cohort": b"".join(sorted(one[:COHORT_BYTES] for one in hashes)) if by_machine else b"",
        "count": len(source_profiles),
        "fields": Texts(sorted(set(fields))),
    }
    with planned_cursor(router.db_for_write(AuditEntry)) as cursor:
        cursor.execute(WRITE, entry)
        # Waited for, whatever else is not: what could not be written down is not read.
        cursor.fetchone()


def note(actor: Actor, *, action: str, purpose: str, reason: str) -> None:
    """One row for an act that opens nothing itself and leads to reads with rows of their own: who, and why."""
    entry: dict[str, Any] = {
        "at": timezone.now(),
        "actor": actor.id,
        "actor_kind": actor.kind,
        "action": action,
        "purpose": purpose,
        "reason": without_names(reason)[:200],
        "run": new_id(),
        "subjects": ByteArray([]),
        "cohort": b"",
        "count": 0,
        "fields": Texts([]),
    }
    with planned_cursor(router.db_for_write(AuditEntry)) as cursor:
        cursor.execute(WRITE, entry)
        cursor.fetchone()


def subject_hash(source_profile: UUID) -> bytes:
    """The keyed hash by which the audit log names a source profile."""
    return blind_index(SUBJECT, source_profile.hex)


def subject_hashes(source_profiles: Iterable[UUID]) -> list[bytes]:
    """The keyed hashes of these source profiles, in the order of their ids."""
    return blind_indexes(SUBJECT, [id.hex for id in in_order(source_profiles)])


def reads_of(source_profiles: Collection[UUID]) -> "QuerySet[AuditEntry]":
    """The reads by people and programs that name any of these, the earliest first."""
    named = AuditEntry.objects.exclude(actor_kind="machine").filter(subjects__overlap=subject_hashes(source_profiles))
    return named.order_by("id")


def runs_of(source_profiles: Collection[UUID], *, since: datetime) -> list[Run]:
    """The batches of machine stages in which any of these was, the earliest first."""
    beginnings = [one[:COHORT_BYTES] for one in subject_hashes(source_profiles)]
    batches = AuditEntry.objects.raw(RUNS, {"since": since, "beginnings": beginnings})
    return [
        Run(entry.run, entry.actor, entry.purpose, entry.action, entry.at, entry.count)
        for entry in batches
        if entry.run and _holds(bytes(entry.cohort), beginnings)
    ]


# The batches since then whose cohort holds one of these beginnings, wherever it begins in it.
RUNS = """
SELECT id, run, actor, purpose, action, at, count, cohort FROM vault_auditentry
WHERE actor_kind = 'machine' AND at >= %(since)s
  AND EXISTS (SELECT FROM unnest(%(beginnings)s::bytea[]) AS beginning WHERE position(beginning IN cohort) > 0)
ORDER BY id
"""


def _holds(cohort: bytes, beginnings: Collection[bytes]) -> bool:
    """Whether one of them stands in the cohort as a whole, and not across two others."""
    return any(cohort[at : at + COHORT_BYTES] in beginnings for at in range(0, len(cohort), COHORT_BYTES))
