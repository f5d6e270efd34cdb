"""Versions of a mapping or a contract as their pages list them: who, when, and what changed, in words."""

from collections.abc import Sequence
from dataclasses import dataclass

from console.actors import names_of
from console.json_text import indented
from console.showing import moment
from records.versions import ADDED, REMOVED, Change, Version

WORDS = {ADDED: "added", REMOVED: "removed"}
TONES = {ADDED: "good", REMOVED: "bad"}
MOST_SHOWN = 30


@dataclass(frozen=True)
class Line:
    """One change: a word and its tone, the place, and what stood and stands there."""

    word: str
    tone: str
    place: str
    value: str


@dataclass(frozen=True)
class Entry:
    """One version in the list."""

    number: int
    who: str
    when: str
    mode: str
    lines: list[Line]
    more: int
    text: str
    is_last: bool


def entries(versions: Sequence[Version]) -> list[Entry]:
    """The versions, the latest first, as they are shown."""
    names = names_of(one.saved_by for one in versions)
    return [
        Entry(
            number=one.number,
            who=names.get(one.saved_by, one.saved_by) or "unknown",
            when=moment(one.saved_at),
            mode=one.mode,
            lines=[_line(change) for change in one.changes[:MOST_SHOWN]],
            more=max(0, len(one.changes) - MOST_SHOWN),
            text=indented(one.content) if one.content else "",
            is_last=position == 0,
        )
        for position, one in enumerate(versions)
    ]


def _line(change: Change) -> Line:
    if change.kind == REMOVED:
        value = change.before
    elif change.kind == ADDED:
        value = change.after
    else:
        value = f"{change.before} → {change.after}"
    return Line(WORDS.get(change.kind, "changed"), TONES.get(change.kind, "warn"), change.place, value)
