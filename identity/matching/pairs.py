"""Pairs of rows: those that share a value, each pair in one number so that very many are sorted fast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import MISSING, Codes, side_by_side
from identity.matching.threads import each

Pairs = NDArray[np.int32]

# A pair in one number: the lower row in front of so many bits of the higher.
_ROW_BITS = 32
_AT_ONCE = 250_000


@dataclass(frozen=True, eq=False, slots=True)
class Runs:
    """Rows with the same number, side by side: shape (rows,), and how long each run of them is, shape (runs,)."""

    rows: NDArray[np.int64]
    sizes: NDArray[np.int64]

    @staticmethod
    def of(numbers: NDArray[np.integer], *, alone: bool = True) -> "Runs":
        """Return the runs of these numbers, shape (n,); who has a negative one is in none, and who stands `alone` is
        only if that is wanted."""
        rows, begins = side_by_side(numbers)
        if not alone:
            with_others = ~(begins & np.append(begins[1:], True)[: len(begins)])
            rows, begins = rows.compress(with_others), begins.compress(with_others)
        return Runs(rows, np.diff(np.flatnonzero(begins), append=len(rows)))

    def of_rows(self, rows: NDArray[np.int64]) -> "Runs":
        """Return the runs of these rows, shape (n,), where this one speaks of their places."""
        return Runs(rows.take(self.rows), self.sizes)

    def among(self, wanted: NDArray[np.bool_]) -> "Runs":
        """Return the runs that are wanted, shape (runs,)."""
        if wanted.all():
            return self
        return Runs(self.rows.compress(np.repeat(wanted, self.sizes)), self.sizes.compress(wanted))

    def pairs(self, most: int) -> NDArray[np.int64]:
        """Return all pairs inside each run of at most `most` rows, shape (pairs,), as `in_rows` takes them."""
        few = self.among(self.sizes <= most)
        rows, sizes = few.rows, few.sizes
        pairs = np.empty(int((sizes * (sizes - 1)).sum()) // 2, dtype=np.int64)
        place = np.arange(len(rows))
        behind = np.repeat(np.cumsum(sizes), sizes) - place - 1
        # Each row with the next of its run, then each with the one behind that, and so on.
        found, ahead = 0, 1
        while found < len(pairs):
            more = behind >= ahead
            place, behind = place.compress(more), behind.compress(more)
            some = pairs[found : found + len(place)]
            np.left_shift(rows.take(place), _ROW_BITS, out=some)
            some |= rows.take(place + ahead)
            found, ahead = found + len(place), ahead + 1
        return pairs

    def codes(self, wanted: NDArray[np.bool_], n: int) -> Codes:
        """Return the number of the run that each row is in, shape (n,), missing but for those wanted, shape (runs,)."""
        codes = np.full(n, MISSING, dtype=np.int32)
        numbered = np.where(wanted, np.cumsum(wanted) - 1, MISSING).astype(np.int32)
        codes[self.rows] = np.repeat(numbered, self.sizes)
        return codes


def pairs_within(blocks: Codes) -> NDArray[np.int64]:
    """Return all pairs inside each block, shape (pairs,), as `in_rows` takes them."""
    return Runs.of(blocks, alone=False).pairs(len(blocks))


def places_within(labels: NDArray[np.int32], pairs: Pairs) -> NDArray[np.int64]:
    """Return the places of the pairs, shape (pairs, 2), of which both rows have the same label, shape (n,)."""

    def within(start: int) -> NDArray[np.int64]:
        one, other = pairs[start : start + _AT_ONCE].T
        return start + np.flatnonzero(labels.take(one) == labels.take(other))

    found = each(within, range(0, len(pairs), _AT_ONCE), rows=len(pairs))
    return np.concatenate([np.empty(0, dtype=np.int64), *found])


def in_one(low: NDArray[np.integer], high: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return a number for each two rows, by which pairs are in the order of their rows."""
    return low.astype(np.int64) << _ROW_BITS | high


def in_rows(pairs: NDArray[np.int64]) -> Pairs:
    """Return the rows that such numbers stand for, shape (pairs, 2)."""
    rows = np.empty((2, len(pairs)), dtype=np.int32)
    np.right_shift(pairs, _ROW_BITS, out=rows[0], casting="unsafe")
    np.bitwise_and(pairs, (1 << _ROW_BITS) - 1, out=rows[1], casting="unsafe")
    return rows.T


def distinct(numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the sorted distinct numbers; those given are put in order, since a copy of very many takes as long. A sort
    and a comparison of neighbors is faster than `numpy.unique`."""
    numbers.sort()
    keep = np.ones(len(numbers), dtype=np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=keep[1:])
    return numbers.compress(keep)
