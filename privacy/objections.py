"""Objection, restriction and opt-out: carried out as withdrawals in the consent ledger."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from privacy import requests, subjects
from privacy.clocks import CLOCKS
from privacy.models import APPROVED, OBJECTION, OPEN, OPT_OUT, RESTRICTION, SubjectRequest

WITHDRAWS = {
    OBJECTION: ("marketing", "personalization"),
    OPT_OUT: ("marketing", "personalization"),
    RESTRICTION: ("marketing", "personalization", "analytics"),
}


def carry_out(request: SubjectRequest, *, actor: str, now: datetime) -> SubjectRequest:
    """Withdraw what the request is about, on every channel and source profile of the person, and complete it.

    Raises `privacy.requests.NotOpen`, `privacy.requests.WrongKind`, `privacy.subjects.UnknownProfile`.
    """
    with transaction.atomic():
        request = requests.lock(request, kinds=list(WITHDRAWS), states=[OPEN, APPROVED])
        subject = subjects.find(request.profile_id)
        acts = [
            _withdrawal(source_profile, purpose, request, actor, now)
            for source_profile in sorted(subject.source_profiles)
            for purpose in WITHDRAWS[request.kind]
        ]
        record(acts, now=now)
        outcome = {"acts": len(acts), "purposes": list(WITHDRAWS[request.kind])}
        return requests.complete(request, outcome=outcome, actor=actor, now=now)


def _withdrawal(source_profile: UUID, purpose: str, request: SubjectRequest, actor: str, now: datetime) -> NewAct:
    """An act without a channel: it speaks of all of them."""
    return NewAct(
        source_profile=source_profile,
        purpose=purpose,
        channel="",
        state=WITHDRAWN,
        occurred_at=now,
        how="subject_request",
        verified=True,
        actor=actor,
        jurisdiction=CLOCKS[request.regulation].jurisdiction,
        source="subject request",
        addressed=request.profile_id,
    )
