"""Human review: a person asks that somebody looks at what was decided about them automatically (GDPR 22(3))."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from privacy import requests, subjects
from privacy.models import APPROVED, HUMAN_REVIEW, OPEN, SubjectRequest
from segments import review
from segments.models import WAITING, HeldChange, Membership
from segments.review import HumanNeeded
from vault.grants import Actor


def decisions_about(request: SubjectRequest) -> list[Membership]:
    """The person's standing memberships in segments with a significant effect, each with why.

    Raises `privacy.subjects.UnknownProfile`.
    """
    subject = subjects.find(request.profile_id)
    standing = Membership.objects.filter(
        profile_id__in=subject.profiles, segment__significant_effect=True, left_at=None
    )
    return list(standing.select_related("segment").order_by("segment__slug"))


def waiting_about(request: SubjectRequest) -> list[HeldChange]:
    """What is held about the person and waits for a release. Raises `UnknownProfile`."""
    subject = subjects.find(request.profile_id)
    held = HeldChange.objects.filter(profile_id__in=subject.profiles, decision=WAITING)
    return list(held.select_related("segment").order_by("proposed_at"))


def carry_out(request: SubjectRequest, *, ended: Collection[UUID], actor: Actor, now: datetime) -> SubjectRequest:
    """Complete a request for human review: a person has looked, and ends these of the memberships.

    Raises `segments.review.HumanNeeded` for anybody but a person; `privacy.requests.NotOpen`,
    `privacy.requests.NotVerified`, `privacy.requests.WrongKind`, `privacy.subjects.UnknownProfile`.
    """
    if actor.kind != review.PERSON:
        raise HumanNeeded("a person has to look at this: no program and no machine stage may")
    with transaction.atomic():
        request = requests.lock(request, kinds=[HUMAN_REVIEW], states=[OPEN, APPROVED])
        looked_at = decisions_about(request)
        ending = [membership for membership in looked_at if membership.pk in set(ended)]
        for membership in ending:
            review.end(membership, actor=actor, now=now)
        outcome = {"looked_at": len(looked_at), "ended": len(ending)}
        return requests.complete(request, outcome=outcome, actor=actor.id, now=now)
