"""Subject requests: received, verified, decided, carried out. Each step is written down in its own transaction."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from privacy import callbacks, erasure_case
from privacy.clocks import GDPR
from privacy.deadlines import acknowledge_by, due_date
from privacy.models import (
    APPROVED,
    CALLED_BACK,
    COMPLETED,
    CONSOLE,
    ERASURE,
    IN_PROGRESS,
    KINDS,
    NEEDS_IDENTITY,
    OPEN,
    RECTIFICATION,
    REJECTED,
    RequestStep,
    SubjectRequest,
)
from privacy.subjects import living
from privacy.verification import Verification, verified_fields, vouched
from vault.ids import new_id

# The step of somebody who decided that other profiles are the same person.
JOINED = "profiles joined"


class UnknownKind(ValueError):
    """Nobody can ask for this."""


class NotOpen(ValueError):
    """The request is in a state in which this cannot be done."""


class NotVerified(PermissionError):
    """Nobody has made sure yet that whoever asks is the person."""


class SecondPersonNeeded(PermissionError):
    """Whoever opened an erasure request, or decided whom else it covers, cannot approve it."""


class WrongKind(ValueError):
    """The request asks for something else."""


def open(kind: str, *, profile_id: UUID | None, actor: str, regulation: str = GDPR, now: datetime) -> SubjectRequest:
    """A new request of a person whom the actor has before them and vouches for. Raises what `receive` raises."""
    return receive(
        kind, profile_id=profile_id, actor=actor, regulation=regulation, verification=vouched(actor), now=now
    )


def receive(
    kind: str,
    *,
    profile_id: UUID | None,
    actor: str,
    regulation: str = GDPR,
    channel: str = CONSOLE,
    received_at: datetime | None = None,
    verification: Verification | None = None,
    now: datetime,
) -> SubjectRequest:
    """A new request about this profile, with the days by which it is to be acknowledged and answered.

    Without a profile it is about somebody of whom nothing is known: whoever asks cannot tell the difference. Without a
    verification it goes no further, where its kind needs one, until `privacy.workflow.verify`. The clocks run from
    `received_at` (default: now). Raises `UnknownKind`, `privacy.subjects.UnknownProfile`,
    `privacy.deadlines.UnknownRegulation`.
    """
    if kind not in KINDS:
        raise UnknownKind(f"'{kind}' is not one of {', '.join(KINDS)}")
    received = min(received_at or now, now)
    received_date = timezone.localdate(received)
    due = due_date(regulation, received_date, kind=kind)
    with transaction.atomic():
        request = SubjectRequest.objects.create(
            id=new_id(),
            kind=kind,
            regulation=regulation,
            profile_id=profile_id and living(profile_id),
            channel=channel,
            received_at=received,
            opened_at=now,
            acknowledge_by=acknowledge_by(regulation, received_date, kind=kind),
            first_due_date=due,
            due_date=due,
            opened_by=actor,
            **(verified_fields(verification, now=now) if verification else {}),
        )
        how = {"verification": verification.method, "level": verification.level} if verification else {}
        take_step(request, "opened", actor=actor, now=now, detail=how)
    return request


def approve(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    """The request, approved. Raises `NotOpen`, `NotVerified`, `SecondPersonNeeded`."""
    with transaction.atomic():
        request = lock(request, states=[OPEN])
        if request.kind == ERASURE and request.opened_by == actor:
            raise SecondPersonNeeded("whoever opened an erasure request cannot approve it")
        if request.kind == ERASURE and request.steps.filter(what=JOINED, actor=actor).exists():
            raise SecondPersonNeeded("whoever joined other profiles to an erasure request cannot approve it")
        request.state, request.approved_at, request.approved_by = APPROVED, now, actor
        request.save(update_fields=["state", "approved_at", "approved_by"])
        take_step(request, "approved", actor=actor, now=now)
        if request.kind == ERASURE:
            erasure_case.prepare(request, now=now)
    return request


def begin(request: SubjectRequest, *, what: str, actor: str, now: datetime) -> SubjectRequest:
    """A locked request, now in progress."""
    request.state = IN_PROGRESS
    request.save(update_fields=["state"])
    take_step(request, what, actor=actor, now=now)
    callbacks.queue(request, now=now)
    return request


def reject(request: SubjectRequest, *, reason: str, actor: str, now: datetime) -> SubjectRequest:
    """The request, rejected for a reason that the person is told. Raises `NotOpen`."""
    return _end(request, REJECTED, note=reason, states=[OPEN, APPROVED], actor=actor, now=now)


def call_back(request: SubjectRequest, *, reason: str = "", actor: str, now: datetime) -> SubjectRequest:
    """The request, called back by whoever asked, as long as nobody has begun to carry it out. Raises `NotOpen`."""
    return _end(request, CALLED_BACK, note=reason, states=[OPEN, APPROVED], actor=actor, now=now)


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


def lock(
    request: SubjectRequest, *, states: Collection[str], kinds: Collection[str] = KINDS, unverified: bool = False
) -> SubjectRequest:
    """The request as it is now, locked to the end of the transaction.

    Raises `NotOpen`, `WrongKind`, and `NotVerified` where the kind needs to know who asks, unless that may be unknown.
    """
    request = SubjectRequest.objects.select_for_update().get(pk=request.pk)
    if request.kind not in kinds:
        raise WrongKind(f"this asks for {request.get_kind_display()}, not for {' or '.join(kinds)}")
    if request.state not in states:
        raise NotOpen(f"this request is {request.get_state_display()}; it had to be {' or '.join(states)}")
    if not unverified and request.kind in NEEDS_IDENTITY and request.verified_at is None:
        raise NotVerified("nobody has verified yet that it is the person who asks: verify that first")
    return request


def complete(request: SubjectRequest, *, outcome: dict[str, Any], actor: str, now: datetime) -> SubjectRequest:
    """A locked request, completed with this outcome: counts and names of tables, never a value of a person."""
    request.state, request.completed_at, request.ended_at, request.outcome = COMPLETED, now, now, outcome
    request.save(update_fields=["state", "completed_at", "ended_at", "outcome"])
    take_step(request, "completed", actor=actor, now=now, detail=outcome)
    callbacks.queue(request, now=now)
    return request


def take_step(
    request: SubjectRequest, what: str, *, actor: str, now: datetime, detail: dict[str, Any] | None = None
) -> None:
    """Write down a step, in the transaction that takes it."""
    RequestStep.objects.create(request=request, what=what, detail=detail or {}, actor=actor, at=now)


def _end(
    request: SubjectRequest, state: str, *, note: str, states: Collection[str], actor: str, now: datetime
) -> SubjectRequest:
    with transaction.atomic():
        request = lock(request, states=states, unverified=True)
        request.state, request.note, request.ended_at = state, note, now
        request.save(update_fields=["state", "note", "ended_at"])
        erasure_case.drop(request, actor=actor, now=now)
        take_step(request, request.get_state_display(), actor=actor, now=now)
        callbacks.queue(request, now=now)
    return request
