"""The few ways in which many pairs agree: each distinct row of levels once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import in_order
from identity.matching.levels import COMPARISONS, NO_EVIDENCE, Levels

_SIZES = [len(comparison.levels) + 1 for comparison in COMPARISONS]


@dataclass(frozen=True, eq=False, slots=True)
class Patterns:
    """levels: shape (patterns, comparisons). counts: shape (patterns,), how many pairs show each. of: shape (pairs,),
    the pattern of each pair.
    """

    levels: Levels
    counts: NDArray[np.float64]
    of: NDArray[np.int32]

    def among(self, pairs: NDArray[np.int64]) -> "Patterns":
        """Return the patterns of some of the pairs, given by their places."""
        of = self.of[pairs]
        counts = np.bincount(of, minlength=len(self.counts)).astype(np.float64)
        shown = counts > 0
        place = (np.cumsum(shown) - 1).astype(np.int32)
        return Patterns(self.levels[shown], counts[shown], place[of])

    def showing(self, place: int, level: int) -> NDArray[np.int64]:
        """Return the pairs, by place, that agree at this level in the comparison at that place."""
        return np.flatnonzero((self.levels[:, place] == level)[self.of])


def patterns_of(levels: Levels) -> Patterns:
    """Return the patterns of these levels, shape (pairs, comparisons)."""
    return numbered(numbers_of(levels))


def numbers_of(levels: Levels) -> NDArray[np.int32]:
    """Return one number for each row of levels, shape (pairs,)."""
    numbers = np.zeros(len(levels), dtype=np.int32)
    for place, size in enumerate(_SIZES):
        numbers *= size
        numbers += levels[:, place] - NO_EVIDENCE
    return numbers


def numbered(numbers: NDArray[np.int32]) -> Patterns:
    """Return the patterns that these numbers stand for."""
    ordered, places = in_order(numbers.astype(np.int64))
    first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    of = np.empty(len(numbers), dtype=np.int32)
    of[places] = np.cumsum(first, dtype=np.int32) - 1
    starts = np.flatnonzero(first)
    left = ordered[starts]
    levels = np.empty((len(starts), len(_SIZES)), dtype=np.int8)
    for place in reversed(range(len(_SIZES))):
        left, level = np.divmod(left, _SIZES[place])
        levels[:, place] = level + NO_EVIDENCE
    return Patterns(levels, np.diff(np.append(starts, len(ordered))).astype(np.float64), of)
