"""The way of an open request: verified, acknowledged, assigned, put off. Each act is a step."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from access.models import User
from access.roles import DECIDE_REQUESTS
from privacy import papers, requests
from privacy.deadlines import extended_due_date
from privacy.models import GROUNDS, OPEN, UNFINISHED, SubjectRequest
from privacy.verification import Verification, verified_fields


class TooLate(ValueError):
    """The time in which this had to happen is over."""


class AlreadyDone(ValueError):
    """This has happened already, and happens once."""


class UnknownGround(ValueError):
    """No law lets an answer be put off for this."""


class CannotDecide(ValueError):
    """Nobody who may decide requests has this id."""


def verify(request: SubjectRequest, verification: Verification, *, now: datetime) -> SubjectRequest:
    """The request of a person who has been verified; a later verification replaces an earlier one. Raises `NotOpen`."""
    with transaction.atomic():
        request = requests.lock(request, states=[OPEN], unverified=True)
        fields = verified_fields(verification, now=now)
        for name, value in fields.items():
            setattr(request, name, value)
        request.save(update_fields=list(fields))
        detail = {"method": verification.method, "level": verification.level}
        requests.take_step(request, "identity verified", actor=verification.by, now=now, detail=detail)
    return request


def acknowledge(request: SubjectRequest, *, letter: str, actor: str, now: datetime) -> SubjectRequest:
    """The request, whose receipt the person has been told of by this letter. Raises `AlreadyDone`, `NotOpen`."""
    with transaction.atomic():
        request = requests.lock(request, states=UNFINISHED, unverified=True)
        if request.acknowledged_at:
            raise AlreadyDone("the receipt of this request has been confirmed already")
        request.acknowledged_at = now
        request.save(update_fields=["acknowledged_at"])
        papers.keep_letter(request, papers.ACKNOWLEDGMENT, letter, actor=actor, now=now)
        requests.take_step(request, "acknowledged", actor=actor, now=now)
    return request


def extend(request: SubjectRequest, *, ground: str, letter: str, actor: str, now: datetime) -> SubjectRequest:
    """The request with its answer put off, once, on a ground that the law knows; the letter tells the person why.

    Raises `TooLate` once the first period is over: who was not told by then is answered by then (GDPR 12(3)).
    Raises `UnknownGround`, `AlreadyDone`, `privacy.papers.EmptyText`, `privacy.deadlines.NoExtension`,
    `privacy.requests.NotOpen`, and then has changed nothing.
    """
    if ground not in GROUNDS:
        raise UnknownGround(f"an answer can be put off for {' or '.join(GROUNDS)} alone")
    with transaction.atomic():
        request = requests.lock(request, states=UNFINISHED, unverified=True)
        if request.extended_at:
            raise AlreadyDone("this answer has been put off already, and that can be done once")
        later = extended_due_date(request.regulation, timezone.localdate(request.received_at), kind=request.kind)
        if timezone.localdate(now) > request.first_due_date:
            raise TooLate("the person had to be told within the first period, which is over: the answer is due")
        request.due_date, request.extended_at, request.extended_for = later, now, ground
        request.save(update_fields=["due_date", "extended_at", "extended_for"])
        papers.keep_letter(request, papers.EXTENSION, letter, actor=actor, now=now)
        detail = {"ground": ground, "due_date": later.isoformat()}
        requests.take_step(request, "extended", actor=actor, now=now, detail=detail)
    return request


def assign(request: SubjectRequest, *, to: UUID | None, actor: str, now: datetime) -> SubjectRequest:
    """The request, assigned to a user who may decide requests, or to nobody. Raises `CannotDecide`, `NotOpen`."""
    user = User.objects.filter(pk=to).first() if to else None
    if to and (user is None or not user.may(DECIDE_REQUESTS)):
        raise CannotDecide("a request can be assigned to somebody alone who may decide requests")
    with transaction.atomic():
        request = requests.lock(request, states=UNFINISHED, unverified=True)
        request.assignee = str(user.pk) if user else ""
        request.save(update_fields=["assignee"])
        requests.take_step(
            request, "assigned" if user else "unassigned", actor=actor, now=now, detail={"to": request.assignee}
        )
    return request


def comment(request: SubjectRequest, text: str, *, actor: str, now: datetime) -> None:
    """Keep what somebody of the team wrote about the request, sealed. Raises `privacy.papers.EmptyText`."""
    with transaction.atomic():
        papers.keep_comment(request, text, actor=actor, now=now)
        requests.take_step(request, "commented", actor=actor, now=now)


def tell(request: SubjectRequest, kind: str, letter: str, *, actor: str, now: datetime) -> None:
    """Keep that the person was told this. Raises `privacy.papers.EmptyText`, `privacy.papers.UnknownLetter`."""
    with transaction.atomic():
        papers.keep_letter(request, kind, letter, actor=actor, now=now)
        requests.take_step(request, "person told", actor=actor, now=now, detail={"letter": kind})
