"""Objection, restriction and opt-out: carried out as withdrawals in the consent ledger."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.acts import NewAct, record
from consent.models import WITHDRAWN, Purpose
from privacy import requests, subjects
from privacy.deadlines import CCPA, GDPR
from privacy.models import APPROVED, OBJECTION, OPEN, OPT_OUT, RESTRICTION, SubjectRequest

WITHDRAWS = {
    OBJECTION: ("marketing", "personalization"),
    OPT_OUT: ("marketing", "personalization"),
    RESTRICTION: ("marketing", "personalization", "analytics"),
}
JURISDICTIONS = {GDPR: "EU", CCPA: "US-CA"}


def carry_out(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    """Withdraw what the request is about, on every channel and source profile of the person, and complete it.

    Raises `privacy.requests.NotOpen`, `privacy.requests.WrongKind`, `privacy.subjects.UnknownProfile`.
    """
    with transaction.atomic():
        request = requests.lock(request, kinds=list(WITHDRAWS), states=[OPEN, APPROVED])
        subject = subjects.find(request.profile_id)
        acts = [
            _withdrawal(source_profile, purpose, channel, request, actor, now)
            for source_profile in sorted(subject.source_profiles)
            for purpose, channel in _said_no_to(request.kind)
        ]
        record(acts, now=now)
        outcome = {"acts": len(acts), "purposes": list(WITHDRAWS[request.kind])}
        return requests.complete(request, outcome=outcome, actor=actor, now=now)


def _said_no_to(kind: str) -> list[tuple[str, str]]:
    """Each purpose once without a channel, and once for each that it has."""
    purposes = Purpose.objects.filter(slug__in=WITHDRAWS[kind]).order_by("slug")
    return [(purpose.slug, channel) for purpose in purposes for channel in ["", *purpose.channels]]


def _withdrawal(
    source_profile: UUID, purpose: str, channel: str, request: SubjectRequest, actor: str, now: datetime
) -> NewAct:
    return NewAct(
        source_profile=source_profile,
        purpose=purpose,
        channel=channel,
        state=WITHDRAWN,
        occurred_at=now,
        how="subject_request",
        verified=True,
        actor=actor,
        jurisdiction=JURISDICTIONS[request.regulation],
    )
