"""What people said, recorded by a person at the screen, and put to work at once."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.acts import NewAct, record
from pipeline import queue
from privacy import objections, subjects
from privacy.models import SubjectRequest


def say(
    source_profiles: Collection[UUID],
    *,
    profile: UUID,
    purpose: str,
    channel: str,
    state: str,
    how: str,
    actor: str,
    now: datetime,
) -> int:
    """Record an act on every source profile of a person. Raises `consent.acts.UnknownPurpose`. Returns how many."""
    acts = [
        NewAct(
            id,
            purpose,
            channel,
            state,
            occurred_at=now,
            how=how,
            verified=True,
            actor=actor,
            source="screen",
            addressed=profile,
        )
        for id in sorted(source_profiles)
    ]
    with transaction.atomic():
        record(acts, now=now)
        queue.enqueue(source_profiles, now=now)
    return len(acts)


def object_to(request: SubjectRequest, *, actor: str, now: datetime) -> None:
    """Carry out an objection, restriction or opt-out. Raises what `privacy.objections.carry_out` raises."""
    with transaction.atomic():
        objections.carry_out(request, actor=actor, now=now)
        queue.enqueue(sorted(subjects.find(request.profile_id).source_profiles), now=now)
