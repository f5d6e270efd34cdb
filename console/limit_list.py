"""Limits on identifiers, as their pages list them: what stands for each kind, its versions, and what is blocked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from console.actors import names_of
from console.showing import label_of, moment
from identity.blocked import Blocked
from identity.blocking_values import Word
from identity.limits import DEFAULTS
from identity.matching import Limit
from identity.models import BlockedValue, IdentifierLimit


@dataclass(frozen=True)
class Row:
    """One kind of identifier in the list."""

    namespace: str
    name: str
    priority: int
    most: str
    in_window: str
    version: int
    said: str
    reason: str
    blocked: int


@dataclass(frozen=True)
class Version:
    """One version of a limit: what it was before and after, who said so, when and why; and what it sets."""

    number: int
    before: str
    after: str
    said: str
    reason: str
    is_in_force: bool
    sets: dict[str, Any]


@dataclass(frozen=True)
class Shown:
    """A value that is blocked, or was: in full if it has been from the start, else how it begins."""

    text: str
    is_blocked: bool
    from_the_start: bool
    row: str
    told: str
    reason: str


def rows_of(standing: Mapping[str, Limit], nobodys: Blocked, latest: Mapping[str, IdentifierLimit]) -> list[Row]:
    """Every kind of identifier, what is believed first at the top."""
    names = names_of(row.saved_by for row in latest.values())
    return [
        Row(
            namespace=one.namespace,
            name=label_of(one.namespace),
            priority=one.priority,
            most=f"{one.most:,}" if one.most is not None else "any number",
            in_window=_window(one),
            version=one.version,
            said=_said(latest[one.namespace], names) if one.namespace in latest else "",
            reason=latest[one.namespace].reason if one.namespace in latest else "",
            blocked=len(nobodys.of(one.namespace)),
        )
        for one in standing.values()
    ]


def versions_of(namespace: str, rows: Sequence[IdentifierLimit]) -> list[Version]:
    """The versions of a limit, the latest first, and what held from the start."""
    names, start = names_of(row.saved_by for row in rows), DEFAULTS[namespace]
    words = [in_words(row) for row in rows] + [in_words(start)]
    saved = [
        Version(
            number=row.version,
            before=words[place + 1],
            after=words[place],
            said=_said(row, names),
            reason=row.reason,
            is_in_force=place == 0,
            sets=initial_of(row),
        )
        for place, row in enumerate(rows)
    ]
    return [*saved, Version(0, "", words[-1], "", "", not rows, initial_of(start))]


def shown_of(words: Sequence[Word]) -> list[Shown]:
    """The blocked values, those that a person spoke of with who and when."""
    names = names_of(word.last.saved_by for word in words if word.last)
    return [
        Shown(
            text=word.text,
            is_blocked=word.is_blocked,
            from_the_start=word.from_the_start,
            row=str(word.last.pk) if word.last else "",
            told=_said(word.last, names) if word.last else "",
            reason=word.last.reason if word.last else "",
        )
        for word in words
    ]


def _said(row: BlockedValue | IdentifierLimit, names: Mapping[str, str]) -> str:
    return f"{moment(row.saved_at)} · {names.get(row.saved_by, row.saved_by) or 'unknown'}"


def in_words(limit: Limit | IdentifierLimit) -> str:
    """What a limit says, in a line."""
    parts = [f"priority {limit.priority}"]
    parts.append(f"at most {limit.most:,}" if limit.most is not None else "any number")
    if limit.most_in_window is not None:
        parts.append(_window(limit))
    return ", ".join(parts)


def _window(limit: Limit | IdentifierLimit) -> str:
    if limit.most_in_window is None:
        return ""
    return f"{limit.most_in_window:,} in {limit.window_days:,} days"


def initial_of(limit: Limit | IdentifierLimit) -> dict[str, Any]:
    """What the form shows at first, and what going back to a version sets."""
    return {name: getattr(limit, name) for name in ("priority", "most", "most_in_window", "window_days")}
