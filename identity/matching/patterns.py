"""The few ways in which many pairs agree: each distinct row of levels once."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import in_order
from identity.matching.levels import COMPARISONS, NO_EVIDENCE, Levels


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


def patterns_of(levels: Levels) -> Patterns:
    """Return the patterns of these levels, shape (pairs, comparisons)."""
    code = np.zeros(len(levels), dtype=np.int64)
    for column, comparison in enumerate(COMPARISONS):
        shown = levels[:, column]
        if (shown != NO_EVIDENCE).any():
            code *= len(comparison.levels) + 1
            code += shown - NO_EVIDENCE
    ordered, places = in_order(code)
    first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    of = np.empty(len(levels), dtype=np.int32)
    of[places] = np.cumsum(first) - 1
    starts = np.flatnonzero(first)
    counts = np.diff(np.append(starts, len(ordered))).astype(np.float64)
    return Patterns(levels[places[starts]], counts, of)
