"""Evidence: what spoke for and against joining two source profiles, field by field, in bits. Levels, never values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from identity.matching.waterfall import CONTRADICTION, HOUSEHOLD, PRIOR, Step, bars_of
from identity.matching.words import in_words, level_in_words
from identity.review_order import HELD_BACK
from identity.waiting import CONTRADICTED, OUTWEIGHED, VISITING

# What no field of a record says, in words.
HINTS = {
    PRIOR: "how rare it is that any two records are one person",
    HOUSEHOLD: "two people of one household share a family name, an address or a phone as well, so these count less",
    CONTRADICTION: "something that one person has only once is plainly different, so it is not joined by itself",
    CONTRADICTED: "by other records of theirs the two people plainly differ, in a birth date or a given name",
    VISITING: "what comes from a browser or an app joins one known person at most, and this would join two",
    OUTWEIGHED: "this pair alone is likely enough, but their other records make it less likely",
}
_HELD = {
    CONTRADICTED: "other records differ",
    VISITING: "two known people",
    OUTWEIGHED: "other records weigh more",
}


@dataclass(frozen=True)
class Piece:
    """One comparison: the level of agreement, its bits, and where its bar begins and how long it is, in percent."""

    comparison: str
    level: str
    bits: float
    start: float
    length: float
    tone: str
    hint: str = ""


@dataclass(frozen=True)
class Evidence:
    """The pieces in order, their sum, and whether they are all there is: older evidence lacks its starting point."""

    pieces: list[Piece]
    total: float
    complete: bool

    def __bool__(self) -> bool:
        return bool(self.pieces)

    @property
    def hints(self) -> list[tuple[str, str]]:
        """What has to be explained."""
        return [(piece.comparison, piece.hint) for piece in self.pieces if piece.hint]


def of_levels(levels: Iterable[Iterable[Any]]) -> Evidence:
    """The evidence of a pair, as a waterfall that adds up."""
    rows = [tuple(row) for row in levels]
    pieces = waterfall(rows)
    return Evidence(pieces, sum(piece.bits for piece in pieces), any(row[0] == PRIOR for row in rows))


def of_fields(levels: Iterable[Iterable[Any]]) -> list[Piece]:
    """What the fields of the two say, without the starting point."""
    return waterfall(row for row in map(tuple, levels) if row[0] != PRIOR)


def waterfall(levels: Iterable[Iterable[Any]]) -> list[Piece]:
    """Each comparison's bar begins where the one before it ended; together they run from no evidence to the sum."""
    bars = bars_of(steps_of(levels))
    edges = [0.0, *(bar.after for bar in bars)]
    low, span = min(edges), (max(edges) - min(edges)) or 1
    return [
        Piece(
            comparison=in_words(bar.name),
            level=_HELD.get(bar.level, level_in_words(bar.level)),
            bits=bar.bits,
            start=100 * (min(bar.before, bar.after) - low) / span,
            length=100 * abs(bar.bits) / span,
            tone="good" if bar.bits > 0 else "bad",
            hint=HINTS.get(bar.level if bar.name == HELD_BACK else bar.name, ""),
        )
        for bar in bars
    ]


def steps_of(levels: Iterable[Iterable[Any]]) -> list[Step]:
    """The steps of a waterfall as evidence is stored."""
    return [(str(name), str(level), float(bits)) for name, level, bits in levels]


def of_assignment(evidence: Mapping[str, Any]) -> Evidence:
    """The evidence of a ledger entry; empty where it was certain or decided by hand."""
    return of_levels(evidence.get("levels") or [])
