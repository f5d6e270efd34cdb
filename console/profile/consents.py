"""Consents of a person: what may be done, and whose word decides it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.models import CONTRACT, GRANTED, LEGAL_OBLIGATION, LEGITIMATE_INTEREST, WITHDRAWN
from consent.rules import SAID_NO
from consent.state import Standing, standing
from console.profile.known import Part
from console.showing import short

BASES = {
    CONTRACT: "for the contract",
    LEGITIMATE_INTEREST: "legitimate interest; nobody objected",
    LEGAL_OBLIGATION: "the law requires it",
}
TONES = {GRANTED: "o-good", WITHDRAWN: "o-bad"}


@dataclass(frozen=True)
class Word:
    """An act that decides: what was said, when, and at which source profile."""

    state: str
    tone: str
    at: datetime
    source: str
    short: str


@dataclass(frozen=True)
class Line:
    """A purpose and channel: whether it is allowed, by whose word, and what else there is to say of it."""

    purpose: str
    channel: str
    allowed: bool
    word: Word | None
    note: str


def lines_of(parts: Collection[Part], source_profiles: Collection[UUID], *, at: datetime) -> list[Line]:
    """What stands for this person, purpose by purpose and channel by channel."""
    sources = {part.id: part.source for part in parts}
    return list(_lines(standing(source_profiles, at=at), sources))


def _lines(stands: Iterable[Standing], sources: Mapping[UUID, str]) -> Iterable[Line]:
    for one in stands:
        yield Line(one.purpose_name, one.channel, one.allowed, _word(one, sources), _note(one))


def _word(one: Standing, sources: Mapping[UUID, str]) -> Word | None:
    act = one.decisive
    if act is None:
        return None
    source = sources.get(act.source_profile, "")
    return Word(act.state, TONES.get(act.state, "o-faint"), act.occurred_at, source, short(act.source_profile))


def _note(one: Standing) -> str:
    if one.decision == SAID_NO:
        return "a later yes elsewhere does not lift it" if one.state != WITHDRAWN else ""
    if not one.allowed:
        return one.decision
    return "" if one.decisive else BASES.get(one.legal_basis, "")
