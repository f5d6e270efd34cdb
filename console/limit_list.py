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
    blocked: int


@dataclass(frozen=True)
class Version:
    """One version of a limit: what it was before and after, who said so, and when."""

    number: int
    before: str
    after: str
    who: str
    when: str
    is_in_force: bool


@dataclass(frozen=True)
class Shown:
    """A value that is blocked, or was: in full if it has been from the start, else how it begins."""

    text: str
    is_blocked: bool
    from_the_start: bool
    row: str
    told: str


def rows_of(standing: Mapping[str, Limit], nobodys: Blocked) -> list[Row]:
    """Every kind of identifier, what is believed first at the top."""
    return [
        Row(
            namespace=one.namespace,
            name=label_of(one.namespace),
            priority=one.priority,
            most=f"{one.most:,}" if one.most is not None else "any number",
            in_window=_window(one),
            version=one.version,
            blocked=len(nobodys.of(one.namespace)),
        )
        for one in standing.values()
    ]


def versions_of(namespace: str, rows: Sequence[IdentifierLimit]) -> list[Version]:
    """The versions of a limit, the latest first."""
    names = names_of(row.saved_by for row in rows)
    said = [in_words(row) for row in rows] + [in_words(DEFAULTS[namespace])]
    return [
        Version(
            number=row.version,
            before=said[place + 1],
            after=said[place],
            who=names.get(row.saved_by, row.saved_by) or "unknown",
            when=moment(row.saved_at),
            is_in_force=place == 0,
        )
        for place, row in enumerate(rows)
    ]


def shown_of(words: Sequence[Word]) -> list[Shown]:
    """The blocked values, those that a person spoke of with who and when."""
    names = names_of(word.last.saved_by for word in words if word.last)
    return [
        Shown(
            text=word.text,
            is_blocked=word.is_blocked,
            from_the_start=word.from_the_start,
            row=str(word.last.pk) if word.last else "",
            told=_told(word.last, names) if word.last else "",
        )
        for word in words
    ]


def _told(row: BlockedValue, names: Mapping[str, str]) -> str:
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


def initial_of(limit: Limit) -> dict[str, Any]:
    """What the form shows at first."""
    return {name: getattr(limit, name) for name in ("priority", "most", "most_in_window", "window_days")}
