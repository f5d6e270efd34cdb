"""The few ways in which many pairs agree: each distinct row of levels once."""

from collections.abc import Sequence
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

    def part(self, start: int, end: int) -> "Patterns":
        """Return the same patterns for the pairs from `start` to before `end`; the counts stay those of all."""
        return Patterns(self.levels, self.counts, self.of[start:end])

    @staticmethod
    def together(parts: Sequence["Patterns"]) -> "Patterns":
        """Return the patterns of the pairs of all the parts, one behind the other."""
        levels = np.concatenate([part.levels for part in parts]) if parts else np.empty((0, len(_SIZES)), dtype=np.int8)
        merged = patterns_of(levels)
        counts = np.bincount(
            merged.of, weights=[count for part in parts for count in part.counts], minlength=len(merged.counts)
        )
        ends = np.cumsum([len(part.levels) for part in parts])
        of = [merged.of[end - len(part.levels) : end][part.of] for part, end in zip(parts, ends, strict=True)]
        return Patterns(merged.levels, counts.astype(np.float64), np.concatenate(of) if of else merged.of)


def patterns_of(levels: Levels) -> Patterns:
    """Return the patterns of these levels, shape (pairs, comparisons)."""
    numbers = np.zeros(len(levels), dtype=np.int64)
    for place, size in enumerate(_SIZES):
        numbers *= size
        numbers += levels[:, place] - NO_EVIDENCE
    ordered, places = in_order(numbers)
    first = np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)]
    of = np.empty(len(numbers), dtype=np.int32)
    of[places] = np.cumsum(first, dtype=np.int32) - 1
    starts = np.flatnonzero(first)
    return Patterns(levels[places[starts]], np.diff(starts, append=len(ordered)).astype(np.float64), of)
