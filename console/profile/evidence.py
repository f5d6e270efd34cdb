"""Evidence: what spoke for and against joining two source profiles, field by field, in bits. Levels, never values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console.showing import label_of

LEVELS = {"same_local_part": "same local part", "same_city": "same city", "same_postcode": "same postcode"}
PRIOR, HOUSEHOLD, CONTRADICTION = "prior", "household", "contradiction"
NAMES = {PRIOR: "Starting point"}
# What no field of a record says, in words.
HINTS = {
    PRIOR: "how rare it is that any two records are one person",
    HOUSEHOLD: "two people of one household share a family name, an address or a phone as well, so these count less",
    CONTRADICTION: "something that one person has only once is plainly different, so it is not joined by itself",
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
    rows = [(str(name), str(level), float(bits)) for name, level, bits in levels]
    edges = [0.0]
    for _, _, bits in rows:
        edges.append(edges[-1] + bits)
    low, span = min(edges), (max(edges) - min(edges)) or 1
    return [
        Piece(
            comparison=NAMES.get(name, label_of(name)),
            level=LEVELS.get(level, level.replace("_", " ")),
            bits=bits,
            start=100 * (min(before, after) - low) / span,
            length=100 * abs(bits) / span,
            tone="good" if bits > 0 else "bad",
            hint=HINTS.get(name, ""),
        )
        for (name, level, bits), before, after in zip(rows, edges, edges[1:], strict=False)
    ]


def of_assignment(evidence: Mapping[str, Any]) -> Evidence:
    """The evidence of a ledger entry; empty where it was certain or decided by hand."""
    return of_levels(evidence.get("levels") or [])
