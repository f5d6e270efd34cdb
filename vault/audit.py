"""The audit log: who read whose data, when, what for. It holds keyed hashes and never a value."""

from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from vault.blind import blind_index
from vault.grants import Grant
from vault.models import AuditEntry


def write(grant: Grant, source_profiles: Collection[UUID], *, action: str) -> None:
    """One row for a read by a person or program, naming its subjects; one per batch of a machine stage, counted."""
    by_machine = grant.actor.kind == "machine"
    AuditEntry.objects.create(
        at=timezone.now(),
        actor=grant.actor.id,
        actor_kind=grant.actor.kind,
        action=action,
        purpose=grant.purpose,
        reason=grant.reason,
        run=grant.id,
        subjects=[] if by_machine else [subject_hash(id) for id in sorted(source_profiles)],
        count=len(source_profiles),
    )


def subject_hash(source_profile: UUID) -> bytes:
    """The keyed hash by which the audit log names a source profile."""
    return blind_index("audit-subject", source_profile.hex)
