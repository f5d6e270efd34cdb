"""Subject requests: opened, decided, carried out. Each step is written down in the transaction that takes it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from privacy import erasure_case
from privacy.deadlines import GDPR, due_date
from privacy.models import (
    ACCESS,
    APPROVED,
    COMPLETED,
    ERASURE,
    OBJECTION,
    OPEN,
    OPT_OUT,
    PORTABILITY,
    RECTIFICATION,
    REJECTED,
    RESTRICTION,
    RequestStep,
    SubjectRequest,
)
from privacy.subjects import living
from vault.ids import new_id

KINDS = (ACCESS, PORTABILITY, RECTIFICATION, ERASURE, RESTRICTION, OBJECTION, OPT_OUT)


class UnknownKind(ValueError):
    """Nobody can ask for this."""


class NotOpen(ValueError):
    """The request is in a state in which this cannot be done."""


class SecondPersonNeeded(PermissionError):
    """Whoever opened an erasure request cannot approve it."""


class WrongKind(ValueError):
    """The request asks for something else."""


def open(kind: str, *, profile_id: UUID | None, actor: str, regulation: str = GDPR, now: datetime) -> SubjectRequest:
    """A new request about this profile, with the day on which its answer is due.

    Without a profile it is about somebody of whom nothing is known: whoever asks cannot tell the difference.
    Raises `UnknownKind`, `privacy.subjects.UnknownProfile`, `privacy.deadlines.UnknownRegulation`.
    """
    if kind not in KINDS:
        raise UnknownKind(f"'{kind}' is not one of {', '.join(KINDS)}")
    due = due_date(regulation, timezone.localdate(now))
    with transaction.atomic():
        request = SubjectRequest.objects.create(
            id=new_id(),
            kind=kind,
            regulation=regulation,
            profile_id=profile_id and living(profile_id),
            opened_at=now,
            due_date=due,
            opened_by=actor,
        )
        take_step(request, "opened", actor=actor, now=now)
    return request


def approve(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    """The request, approved. Raises `NotOpen`, `SecondPersonNeeded`."""
    with transaction.atomic():
        request = lock(request, states=[OPEN])
        if request.kind == ERASURE and request.opened_by == actor:
            raise SecondPersonNeeded("whoever opened an erasure request cannot approve it")
        request.state, request.approved_at, request.approved_by = APPROVED, now, actor
        request.save(update_fields=["state", "approved_at", "approved_by"])
        take_step(request, "approved", actor=actor, now=now)
        if request.kind == ERASURE:
            erasure_case.prepare(request, now=now)
    return request


def reject(request: SubjectRequest, *, reason: str, actor: str, now: datetime) -> SubjectRequest:
    """The request, rejected for a reason that the person is told. Raises `NotOpen`."""
    with transaction.atomic():
        request = lock(request, states=[OPEN, APPROVED])
        request.state, request.note = REJECTED, reason
        request.save(update_fields=["state", "note"])
        take_step(request, "rejected", actor=actor, now=now)
    return request


def complete_by_hand(request: SubjectRequest, *, note: str, actor: str, now: datetime) -> SubjectRequest:
    """An approved rectification that somebody has carried out, completed. Raises `NotOpen`, `WrongKind`."""
    with transaction.atomic():
        request = lock(request, kinds=[RECTIFICATION], states=[APPROVED])
        request.note = note
        request.save(update_fields=["note"])
        return complete(request, outcome={"by_hand": True}, actor=actor, now=now)


def steps(request: SubjectRequest) -> list[RequestStep]:
    """What was done about the request, in order."""
    return list(RequestStep.objects.filter(request_id=request.pk).order_by("id"))


def lock(request: SubjectRequest, *, states: Collection[str], kinds: Collection[str] = KINDS) -> SubjectRequest:
    """The request as it is now, locked to the end of the transaction. Raises `NotOpen`, `WrongKind`."""
    request = SubjectRequest.objects.select_for_update().get(pk=request.pk)
    if request.kind not in kinds:
        raise WrongKind(f"this asks for {request.kind}, not for {' or '.join(kinds)}")
    if request.state not in states:
        raise NotOpen(f"this request is {request.get_state_display()}; it had to be {' or '.join(states)}")
    return request


def complete(request: SubjectRequest, *, outcome: dict[str, Any], actor: str, now: datetime) -> SubjectRequest:
    """A locked request, completed with this outcome: counts and names of tables, never a value of a person."""
    request.state, request.completed_at, request.outcome = COMPLETED, now, outcome
    request.save(update_fields=["state", "completed_at", "outcome"])
    take_step(request, "completed", actor=actor, now=now, detail=outcome)
    return request


def take_step(
    request: SubjectRequest, what: str, *, actor: str, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Write down a step, in the transaction that takes it."""
    RequestStep.objects.create(request=request, what=what, detail=detail or {}, actor=actor, at=now)
