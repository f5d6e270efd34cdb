"""Limits in a file: how many different values of a column one cluster holds at most, counted in codes."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import MISSING, Codes
from identity.matching.limits import Limit

_NOTHING: frozenset[int] = frozenset()


class ColumnRoom:
    """What clusters hold of the limited columns, as they grow: what `limits.Room` is asked, of a million rows.

    `limited` gives each limit, which goes by its column, and the code of each row's value there, shape (n,). Nothing is
    kept of a cluster of which all rows agree.
    """

    def __init__(self, limited: Sequence[tuple[Limit, Codes]]) -> None:
        self.limited = limited
        # Numbers of Python are had from these faster than from arrays.
        self._columns = [
            (limit, limit.most, np.ascontiguousarray(codes).data) for limit, codes in limited if limit.most
        ]
        self._held: list[dict[int, frozenset[int]]] = [{} for _ in self._columns]

    def anew(self) -> "ColumnRoom":
        """Return the same with every row alone."""
        return ColumnRoom(self.limited)

    def join(self, one: int, other: int) -> None:
        """Let the first cluster hold the second as well."""
        for (_, _, codes), held in zip(self._columns, self._held, strict=True):
            theirs = held.pop(other, None)
            if theirs is None and codes[other] == codes[one]:
                continue
            theirs = _of_row(codes[other]) if theirs is None else theirs
            mine = held.get(one)
            mine = _of_row(codes[one]) if mine is None else mine
            if not theirs <= mine:
                held[one] = mine | theirs

    def exceeded(self, one: int, other: int) -> Limit | None:
        """Return the first limit that the two clusters would exceed together."""
        for (limit, most, codes), held in zip(self._columns, self._held, strict=True):
            mine, theirs = held.get(one), held.get(other)
            if mine is None and theirs is None and codes[one] == codes[other]:
                continue
            mine = _of_row(codes[one]) if mine is None else mine
            if len(mine | (_of_row(codes[other]) if theirs is None else theirs)) > most:
                return limit
        return None


def held_back(room: ColumnRoom, labels: NDArray[np.int32], pairs: NDArray[np.int32]) -> Mapping[str, int]:
    """Return how many of the pairs each limit keeps apart, by its column: those in two clusters that have no room for
    one another.

    `labels` is what `cluster` gave, shape (n,); `pairs`, shape (pairs, 2), are those that are one person by all else.
    """
    homes = labels[pairs]
    room = room.anew()
    concerned = np.zeros(len(labels), dtype=np.bool_)
    concerned[homes.ravel()] = True
    rows = np.flatnonzero(concerned[labels])
    for row, home in zip(rows.tolist(), labels[rows].tolist(), strict=True):
        if row != home:
            room.join(home, row)
    limits = (room.exceeded(one, other) for one, other in homes.tolist())
    return Counter(limit.namespace for limit in limits if limit)


def _of_row(code: int) -> frozenset[int]:
    return _NOTHING if code == MISSING else frozenset((code,))
