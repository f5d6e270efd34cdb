"""Where a request stands, in words for its page: its clocks, and what is to be done next."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from console.showing import day
from privacy.clocks import CLOCKS
from privacy.deadlines import NoExtension, UnknownRegulation, extended_due_date
from privacy.letter_templates import may_extend
from privacy.models import (
    ACCESS,
    APPROVED,
    ERASURE,
    FORM,
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
    found.append(_clock("Answer", one.due_date, one.ended_at, one, today, _note(one, today)))
    return found


def _note(one: SubjectRequest, today: date) -> str:
    """What has become of the first period, or may."""
    if one.extended_at:
        return f"put off from {day(one.first_due_date)}"
    later = later_of(one) if may_extend(one, today=today) else None
    return f"can be put off once, to {day(later)}, if the person is told before" if later else ""


def later_of(one: SubjectRequest) -> date | None:
    """The day to which the answer can be put off; None where the law lets nobody do that."""
    try:
        return extended_due_date(one.regulation, timezone.localdate(one.received_at), kind=one.kind)
    except (NoExtension, UnknownRegulation):
        return None


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
    if one.kind in (ACCESS, PORTABILITY) and one.channel == FORM:
        return _next_of_form(one)
    if one.kind in (ACCESS, PORTABILITY):
        return "answer", "Gather what is held about the person, and hand it over."
    if one.kind == HUMAN_REVIEW:
        return "review", "Look at what was decided about the person, and say whether it stands."
    if one.kind == RECTIFICATION:
        if one.state == OPEN:
            return "approve", "Decide whether the correction is right."
        return "rectify", "Fill in what is right. Tell the source as well."
    return "withdraw", "Carry it out: the withdrawals go to the consent ledger."


def _next_of_form(one: SubjectRequest) -> tuple[str, str]:
    """Whoever asked on the public page has a link, by which they fetch the answer once it is approved."""
    if one.state == OPEN:
        return "approve", "Approve it: the person then fetches the answer by the link that they have."
    return (
        "answer",
        "Approved: the person can fetch the answer by their link. Only if they cannot, hand it over yourself.",
    )


def _next_of_erasure(one: SubjectRequest, own: bool) -> tuple[str, str]:
    if one.state == OPEN:
        return ("", SECOND_PERSON) if own else ("approve", "Decide, as the second person.")
    if one.state == APPROVED:
        return "erase", "Approved. It is carried out when its window has passed, or by you at once."
    return ("erase", "It was interrupted: go on.") if one.state == IN_PROGRESS else ("", "")


def _clock(name: str, due: date, met_at: datetime | None, one: SubjectRequest, today: date, note: str = "") -> Clock:
    received = timezone.localdate(one.received_at)
    percent = min(max(round(100 * (today - received).days / max((due - received).days, 1)), 0), 100)
    if met_at:
        met = timezone.localdate(met_at)
        return Clock(name, due, "good" if met <= due else "warn", f"done {met:%b} {met.day}", note, 100)
    if one.state not in UNFINISHED:
        return Clock(name, due, "", "no longer due", note, 100)
    days = (due - today).days
    if days < 0:
        return Clock(name, due, "bad", f"{-days} day{'s' * (days != -1)} overdue", note, 100)
    words = "today" if not days else "tomorrow" if days == 1 else f"in {days} days"
    return Clock(name, due, "warn" if days <= SOON else "good", words, note, percent)


def law_of(regulation: str) -> str:
    """What the law is called; one that has no clock any more by its slug."""
    return CLOCKS[regulation].name if regulation in CLOCKS else regulation.upper()


def facts_of(one: SubjectRequest, *, today: date) -> dict[str, Any]:
    """What else the page says of the request."""
    return {
        "law": law_of(one.regulation),
        "needs_identity": one.kind in NEEDS_IDENTITY,
        "may_extend": may_extend(one, today=today),
        "may_call_back": one.state in (OPEN, APPROVED),
        "unfinished": one.state in UNFINISHED,
    }
