"""Where a request stands, in words for its page: its clocks, and what is to be done next."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from privacy.clocks import CLOCKS
from privacy.models import (
    ACCESS,
    APPROVED,
    ERASURE,
    HUMAN_REVIEW,
    IN_PROGRESS,
    NEEDS_IDENTITY,
    OPEN,
    PORTABILITY,
    RECTIFICATION,
    UNFINISHED,
    SubjectRequest,
)

SOON = 7
SECOND_PERSON = "You opened it, so a second person has to approve it."


@dataclass(frozen=True)
class Clock:
    """One deadline: its name, its day, whether it is met, and how near it is."""

    name: str
    day: date
    tone: str
    words: str
    note: str = ""
    percent: int = 0


def clocks_of(one: SubjectRequest, *, today: date) -> list[Clock]:
    """The deadlines of a request, the first to come first."""
    found = []
    if one.acknowledge_by:
        found.append(_clock("Confirm receipt", one.acknowledge_by, one.acknowledged_at, one, today))
    note = f"put off from {one.first_due_date:%b} {one.first_due_date.day}" if one.extended_at else ""
    found.append(_clock("Answer", one.due_date, one.ended_at, one, today, note))
    return found


def next_act(one: SubjectRequest, *, own: bool) -> tuple[str, str]:
    """The name of what is to be done next and a sentence about it; empty when nothing is."""
    if one.state not in UNFINISHED:
        return "", ""
    if one.acknowledge_by and not one.acknowledged_at:
        return "acknowledge", "Tell the person that the request has come in."
    if one.kind in NEEDS_IDENTITY and not one.verified_at:
        return "verify", "Make sure that it is the person who asks. Until then nothing can be decided."
    if one.kind == ERASURE:
        return _next_of_erasure(one, own)
    if one.kind in (ACCESS, PORTABILITY):
        return "answer", "Gather what is held about the person, and hand it over."
    if one.kind == HUMAN_REVIEW:
        return "review", "Look at what was decided about the person, and say whether it stands."
    if one.kind == RECTIFICATION:
        if one.state == OPEN:
            return "approve", "Decide whether the correction is right."
        return "rectify", "Fill in what is right. Tell the source as well."
    return "withdraw", "Carry it out: the withdrawals go to the consent ledger."


def _next_of_erasure(one: SubjectRequest, own: bool) -> tuple[str, str]:
    if one.state == OPEN:
        return ("", SECOND_PERSON) if own else ("approve", "Decide, as the second person.")
    if one.state == APPROVED:
        return "erase", "Approved. It is carried out when its window has passed, or by you at once."
    return ("erase", "It was interrupted: go on.") if one.state == IN_PROGRESS else ("", "")


def _clock(name: str, day: date, met_at: datetime | None, one: SubjectRequest, today: date, note: str = "") -> Clock:
    received = timezone.localdate(one.received_at)
    percent = min(max(round(100 * (today - received).days / max((day - received).days, 1)), 0), 100)
    if met_at:
        met = timezone.localdate(met_at)
        return Clock(name, day, "good" if met <= day else "warn", f"done {met:%b} {met.day}", note, 100)
    if one.state not in UNFINISHED:
        return Clock(name, day, "", "no longer due", note, 100)
    days = (day - today).days
    if days < 0:
        return Clock(name, day, "bad", f"{-days} day{'s' * (days != -1)} overdue", note, 100)
    words = "today" if not days else "tomorrow" if days == 1 else f"in {days} days"
    return Clock(name, day, "warn" if days <= SOON else "good", words, note, percent)


def law_of(regulation: str) -> str:
    """What the law is called; one that has no clock any more by its slug."""
    return CLOCKS[regulation].name if regulation in CLOCKS else regulation.upper()


def facts_of(one: SubjectRequest) -> dict[str, Any]:
    """What else the page says of the request."""
    clock = CLOCKS.get(one.regulation)
    of_kind = clock.of(one.kind) if clock else None
    return {
        "law": law_of(one.regulation),
        "needs_identity": one.kind in NEEDS_IDENTITY,
        "may_extend": bool(of_kind and of_kind.extension) and one.state in UNFINISHED and not one.extended_at,
        "may_call_back": one.state in (OPEN, APPROVED),
        "unfinished": one.state in UNFINISHED,
    }
