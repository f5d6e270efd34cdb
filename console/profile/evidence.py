"""Evidence: what spoke for and against joining two source profiles, field by field, in bits. Levels, never values."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from console.showing import label_of

LEVELS = {"same_local_part": "same local part", "same_city": "same city", "same_postcode": "same postcode"}


@dataclass(frozen=True)
class Piece:
    """One comparison: the level of agreement, its bits, and where its bar begins and how long it is, in percent."""

    comparison: str
    level: str
    bits: float
    start: float
    length: float
    tone: str


def waterfall(levels: Iterable[Iterable[Any]]) -> list[Piece]:
    """Each comparison's bar begins where the one before it ended; together they run from no evidence to the sum."""
    rows = [(str(name), str(level), float(bits)) for name, level, bits in levels]
    edges = [0.0]
    for _, _, bits in rows:
        edges.append(edges[-1] + bits)
    low, span = min(edges), (max(edges) - min(edges)) or 1
    return [
        Piece(
            comparison=label_of(name),
            level=LEVELS.get(level, level.replace("_", " ")),
            bits=bits,
            start=100 * (min(before, after) - low) / span,
            length=100 * abs(bits) / span,
            tone="good" if bits > 0 else "bad",
        )
        for (name, level, bits), before, after in zip(rows, edges, edges[1:], strict=False)
    ]


def of_assignment(evidence: Mapping[str, Any]) -> list[Piece]:
    """The evidence of a ledger entry; empty where it was certain or decided by hand."""
    return waterfall(evidence.get("levels") or [])
