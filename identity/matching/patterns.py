"""The few ways in which many pairs agree: each distinct row of levels once."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import side_by_side
from identity.matching.levels import COMPARISONS, NO_EVIDENCE, Levels
from identity.matching.threads import each

# So many patterns are counted in a table, however few the pairs.
_FEW = 10_000
_AT_ONCE = 500_000
_SIZES = [len(comparison.levels) + 1 for comparison in COMPARISONS]


@dataclass(frozen=True, eq=False, slots=True)
class Tally:
    """How often patterns are shown. levels: shape (patterns, comparisons). counts: shape (patterns,), by how many
    pairs each is.
    """

    levels: Levels
    counts: NDArray[np.float64]


@dataclass(frozen=True, eq=False, slots=True)
class Patterns(Tally):
    """The same with `of`, shape (pairs,), the pattern of each pair."""

    of: NDArray[np.int32]

    def among(self, pairs: NDArray[np.bool_]) -> Tally:
        """Return how often the patterns are shown by some of the pairs, shape (pairs,)."""

        def shown_by(start: int) -> NDArray[np.int64]:
            some = slice(start, start + _AT_ONCE)
            return np.bincount(self.of[some].compress(pairs[some]), minlength=len(self.counts))

        by = each(shown_by, range(0, len(pairs), _AT_ONCE), rows=len(pairs))
        counts = np.sum(by, axis=0) if by else np.zeros(len(self.counts))
        return Tally(self.levels[counts > 0], counts.compress(counts > 0).astype(np.float64))

    def showing(self, place: int, level: int) -> NDArray[np.int64]:
        """Return the pairs, by place, that agree at this level in the comparison at that place."""
        shown = self.levels[:, place] == level
        return np.flatnonzero(shown[self.of] if shown.any() else shown[:0])

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
        of = [merged.of[end - len(part.levels) : end].take(part.of) for part, end in zip(parts, ends, strict=True)]
        return Patterns(merged.levels, counts.astype(np.float64), np.concatenate(of) if of else merged.of)


def patterns_of(levels: Levels) -> Patterns:
    """Return the patterns of these levels, shape (pairs, comparisons)."""
    numbers, size = _numbers(levels)
    if size > max(len(levels), _FEW):
        places, begins = side_by_side(numbers)
        of = np.empty(len(numbers), dtype=np.int32)
        of[places] = np.cumsum(begins, dtype=np.int32) - 1
        starts = np.flatnonzero(begins)
        return Patterns(levels[places[starts]], np.diff(starts, append=len(places)).astype(np.float64), of)
    counts = np.bincount(numbers, minlength=size)
    shown = np.flatnonzero(counts)
    place, example = np.empty(size, dtype=np.int32), np.empty(size, dtype=np.intp)
    place[shown] = np.arange(len(shown), dtype=np.int32)
    example[numbers] = np.arange(len(numbers))
    return Patterns(levels[example[shown]], counts[shown].astype(np.float64), place.take(numbers))


def _numbers(levels: Levels) -> tuple[NDArray[np.int64], int]:
    """Return a number for each row, by which patterns are in the order of their levels, and how many there may be. A
    comparison that is the same in all rows does not count.
    """
    numbers, size = np.zeros(len(levels), dtype=np.int64), 1
    for place, most in enumerate(_SIZES):
        column = levels[:, place]
        if len(column) and column.min() != column.max():
            numbers *= most
            numbers += column
            numbers -= NO_EVIDENCE
            size *= most
    return numbers, size
