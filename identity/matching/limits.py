"""Limits on identifiers: how many different ones one person bears, ever and within so many days."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Protocol

# From when to when a value was seen, in days.
Span = tuple[float, float]
# The values that somebody bears, by namespace, each with when it was seen.
Borne = Mapping[str, Mapping[Hashable, Span]]
_Held = dict[str, dict[Hashable, Span]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """At most so many different values of a namespace, ever and within any so many days; None: any number.

    Evidence of a lower `priority` number is taken first, so that of a higher one gives way.
    """

    namespace: str
    priority: int
    version: int = 0
    most: int | None = None
    most_in_window: int | None = None
    window_days: int | None = None

    @property
    def label(self) -> str:
        """Return the limit in words, with its version: what the ledger says of a link that it held back."""
        parts = [f"at most {self.most}"] if self.most is not None else []
        if self.most_in_window is not None:
            parts.append(f"at most {self.most_in_window} in {self.window_days} days")
        return f"{self.namespace}, version {self.version}: {' and '.join(parts) or 'any number'}"


def exceeded(one: Borne, other: Borne, limits: Iterable[Limit]) -> Limit | None:
    """Return the first limit that two would exceed as one person; None where all of them leave room.

    Who brings no value that the other does not bear takes no room, however full the other is.
    """
    for limit in limits:
        mine, theirs = one.get(limit.namespace, {}), other.get(limit.namespace, {})
        if mine.keys() >= theirs.keys() or theirs.keys() >= mine.keys():
            continue
        if limit.most is not None and len(mine.keys() | theirs.keys()) > limit.most:
            return limit
        if limit.most_in_window is not None and limit.window_days is not None:
            both = dict(mine)
            _add(both, theirs)
            if most_within(both.values(), limit.window_days) > limit.most_in_window:
                return limit
    return None


def most_within(spans: Iterable[Span], days: float) -> int:
    """Return how many of the values, at most, were in use within any so many days: from first to last seen."""
    ends: list[float] = []
    most = 0
    for first, last in sorted(spans):
        while ends and ends[0] + days < first:
            heappop(ends)
        heappush(ends, last)
        most = max(most, len(ends))
    return most


class HasRoom(Protocol):
    """What knows whether two clusters, which go by their leaders, have room for one another."""

    def join(self, one: int, other: int) -> None:
        """Let the first cluster hold the second as well."""

    def exceeded(self, one: int, other: int) -> Limit | None:
        """Return the first limit that the two clusters would exceed together."""


class Room:
    """What clusters bear, as they grow, and whether two have room for one another. A cluster goes by its leader.

    What the rows bear is asked for once, and not before two clusters are to be joined.
    """

    def __init__(self, borne: Callable[[], Sequence[Borne]], limits: Callable[[], Sequence[Limit]]) -> None:
        self._ask_borne = borne
        self._ask_limits = limits
        self._borne: Sequence[Borne] | None = None
        self._limits: Sequence[Limit] = ()
        self._held: dict[int, _Held] = {}
        self._joined: dict[int, list[int]] = {}

    def anew(self) -> "Room":
        """Return the same with every row alone; what they bear is not asked for again."""
        other = Room(self._ask_borne, self._ask_limits)
        other._borne, other._limits = self._borne, self._limits
        return other

    def join(self, one: int, other: int) -> None:
        """Let the first cluster hold the second as well."""
        self._joined.setdefault(one, []).append(other)

    def exceeded(self, one: int, other: int) -> Limit | None:
        """Return the first limit that the two clusters would exceed together."""
        if self._borne is None:
            self._limits = self._ask_limits()
            self._borne = self._ask_borne() if self._limits else ()
        if not self._limits:
            return None
        return exceeded(self._of(one), self._of(other), self._limits)

    def _of(self, leader: int) -> _Held:
        held = self._held.get(leader)
        if held is None:
            held = self._held[leader] = self._of_row(leader)
        waiting = self._joined.pop(leader, [])
        while waiting:
            row = waiting.pop()
            waiting += self._joined.pop(row, [])
            for namespace, values in (self._held.pop(row, None) or self._of_row(row)).items():
                _add(held.setdefault(namespace, {}), values)
        return held

    def _of_row(self, row: int) -> _Held:
        assert self._borne is not None
        return {namespace: dict(values) for namespace, values in self._borne[row].items()}


def _add(held: dict[Hashable, Span], values: Mapping[Hashable, Span]) -> None:
    for value, (first, last) in values.items():
        known = held.get(value)
        held[value] = (min(first, known[0]), max(last, known[1])) if known else (first, last)
