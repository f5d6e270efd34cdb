"""What came of a request, for reading: counts and names of tables, never a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from console.showing import label_of
from console.things import things

NAMES = {
    "source_profiles": "Source profiles deleted",
    "keys": "Keys destroyed",
    "suppressed": "Identifiers put on the suppression list",
    "shared": "Identifiers shared with others, who keep them",
    "retrain": "Models to train again",
    "rectified": "Fields put right",
    "values": "Values replaced or completed",
    "records": "Records",
    "recipients_told": "Recipients told",
}
# Counts by table: they are drawn.
BY_TABLE = {"rows": "Deleted", "mentions": "Deleted where the person was only mentioned"}


@dataclass(frozen=True)
class Bar:
    """A kind of rows, how many, and how long its bar is in percent of the most."""

    name: str
    count: int
    percent: float


@dataclass(frozen=True)
class Outcome:
    """Single facts, and counts by table under their headings."""

    facts: list[tuple[str, str]]
    drawn: list[tuple[str, list[Bar]]]


def outcome_of(outcome: Mapping[str, Any]) -> Outcome | None:
    """The outcome of a completed request; None while there is none."""
    if not outcome:
        return None
    counted = [(BY_TABLE[name], bars(value)) for name, value in outcome.items() if name in BY_TABLE and value]
    known = {name: place for place, name in enumerate(NAMES)}
    single = sorted((name for name in outcome if name not in BY_TABLE), key=lambda name: known.get(name, len(known)))
    return Outcome([(NAMES.get(name, label_of(name)), _said(outcome[name])) for name in single], counted)


def bars(counts: Mapping[str, int]) -> list[Bar]:
    """Counts by table as bars, the longest first."""
    named = sorted(
        ((things(model), count) for model, count in counts.items() if count), key=lambda row: (-row[1], row[0])
    )
    most = max((count for _, count in named), default=1)
    return [Bar(name, count, 100 * count / most) for name, count in named]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, list):
        return "; ".join(_named(str(one)) for one in value) or "none"
    return str(value)


def _named(text: str) -> str:
    """A table's name in words, where one stands at the beginning; a field as people call it."""
    model, _, rest = text.partition(" ")
    return f"{things(model)} {rest}".strip() if "." in model else label_of(text)
