"""A change of a dry run as its pages show it: how likely the two are one person, and what keeps them apart or joins
them."""

from dataclasses import dataclass
from math import floor

from console.actors import names_of
from console.profile.evidence import HINTS, Piece, of_fields, of_levels
from console.showing import day
from console.telling import sentence
from identity.causes import ANSWERED, BLOCKED, NOTHING, OBJECTED, THROUGH_OTHERS, TOO_LITTLE, in_words
from identity.matching.waterfall import PRIOR
from identity.matching.words import in_words as in_words_of
from identity.models import CANNOT_LINK, SPLIT, DryRunChange, Verdict
from identity.review_order import LIMIT
from identity.waiting import CONTRADICTED, OUTWEIGHED, VISITING

_APART = {
    OBJECTED: "Somebody of one side does not agree to being linked any more, so that side stands alone.",
    LIMIT: "Together they would bear more than one person may.",
    VISITING: sentence(HINTS[VISITING]),
    OUTWEIGHED: sentence(HINTS[OUTWEIGHED]),
    CONTRADICTED: "One person has that only once, so nothing that agrees outweighs it.",
    BLOCKED: "What is blocked links nobody; who blocked it, and when, stands under Identifier limits.",
    TOO_LITTLE: "No difference, limit or answer keeps them apart: what speaks for it is not enough for the rules.",
    NOTHING: "No difference, limit or answer keeps them apart: what would join them is not there.",
}
# No field says so.
_WHATEVER_THE_EVIDENCE = (ANSWERED, OBJECTED, LIMIT, VISITING)
_THROUGH = "No pair between the two is likely enough alone: a third who would be the same person brings them together."


@dataclass(frozen=True)
class Why:
    """What keeps two apart, or joins them: in short, at length, and the fields that say so, in bits; and how likely
    they are one person."""

    in_short: str
    at_length: str
    fields: list[Piece]
    percent: float | None
    likely: str


@dataclass(frozen=True)
class Row:
    """A change in the list: its fields, what keeps the two apart or joins them, and how likely they are one person."""

    change: DryRunChange
    pieces: list[Piece]
    because: str
    percent: float | None
    likely: str


def row_of(change: DryRunChange) -> Row:
    """The change as a line of the list."""
    pieces = of_fields(change.evidence)
    return Row(change, pieces, _in_short(change), _percent(change), likely(change.probability))


def why_of(change: DryRunChange) -> Why:
    """The same on the page of one change; who kept two apart says why there."""
    pieces = [piece for piece in of_levels(change.evidence).pieces if piece.comparison != in_words_of(PRIOR)]
    if change.kind == SPLIT:
        tells = change.cause not in _WHATEVER_THE_EVIDENCE
        fields = sorted((one for one in pieces if tells and one.bits < 0), key=lambda one: one.bits)
        at_length = _apart(change)
    else:
        fields = sorted((one for one in pieces if one.bits > 0), key=lambda one: -one.bits)
        at_length = _THROUGH if change.cause == THROUGH_OTHERS else ""
    return Why(_in_short(change), at_length, fields, _percent(change), likely(change.probability))


def likely(probability: float | None) -> str:
    """A probability in percent, never rounded up to a threshold that it does not reach."""
    if probability is None:
        return "not compared"
    if probability > 0.9999:
        return "> 99.99%"
    if probability < 0.01:
        return "< 1%"
    digits = 2 if probability > 0.99 else 1
    return f"{floor(probability * 100 * 10**digits) / 10**digits:g}%"


def _percent(change: DryRunChange) -> float | None:
    """How long the bar is."""
    return None if change.probability is None else 100 * change.probability


def _in_short(change: DryRunChange) -> str:
    """Of a merge the reason of its strongest pair; changes of earlier releases have no cause."""
    return in_words(change.cause, change.detail) or change.reason


def _apart(change: DryRunChange) -> str:
    if change.cause == ANSWERED:
        return _answer(change)
    return _APART.get(change.cause, "")


def _answer(change: DryRunChange) -> str:
    """Who said that the two are two people, when and why."""
    low, high = sorted((change.left_id, change.right_id))
    said = Verdict.objects.filter(left=low, right=high, verdict=CANNOT_LINK, undone_at=None).first()
    if said is None:
        return "That has been taken back since."
    who = names_of([said.actor]).get(said.actor, said.actor)
    return f"{who}, {day(said.decided_at)}: {said.reason.rstrip('.')}. That stands whatever the rules."
