"""Measure clusters against the truth."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from identity.matching.column import dense, in_order


@dataclass(frozen=True, slots=True)
class Quality:
    """Shares from 0 to 1."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Return the harmonic mean."""
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0


def pairwise_metrics(labels: ArrayLike, truth: Sequence[Hashable] | NDArray[np.int64]) -> Quality:
    """Return precision and recall over pairs in one cluster; both inputs have length n. No pairs at all count as 1."""
    ours, theirs, both = _sizes(labels, truth)
    together = _pairs(both[2])
    found, real = _pairs(ours), _pairs(theirs)
    return Quality(together / found if found else 1.0, together / real if real else 1.0)


def b_cubed(labels: ArrayLike, truth: Sequence[Hashable] | NDArray[np.int64]) -> Quality:
    """Return precision and recall averaged over records (Bagga and Baldwin, LREC workshop, 1998)."""
    ours, theirs, (mine, true, overlap) = _sizes(labels, truth)
    n = max(int(overlap.sum()), 1)
    squared = overlap.astype(np.float64) ** 2
    return Quality(float((squared / ours[mine]).sum() / n), float((squared / theirs[true]).sum() / n))


_Counts = NDArray[np.int64]


def _sizes(
    labels: ArrayLike, truth: Sequence[Hashable] | NDArray[np.int64]
) -> tuple[_Counts, _Counts, tuple[_Counts, _Counts, _Counts]]:
    """Return the sizes of our clusters, of the true ones, and of the overlaps with the two clusters each lies in."""
    mine, true = _small(np.asarray(labels, dtype=np.int64)), _numbered(truth)
    if len(mine) != len(true):
        raise ValueError(f"{len(mine)} labels for {len(true)} truths")
    width = int(true.max(initial=0)) + 1
    both, _ = in_order(mine * width + true)
    starts = np.flatnonzero(np.diff(both, prepend=-1))
    sizes = np.diff(starts, append=len(both))
    return np.bincount(mine), np.bincount(true), (both[starts] // width, both[starts] % width, sizes)


def _numbered(truth: Sequence[Hashable] | NDArray[np.int64]) -> _Counts:
    if isinstance(truth, np.ndarray):
        return _small(truth)
    number: dict[Hashable, int] = {}
    return np.array([number.setdefault(value, len(number)) for value in truth], dtype=np.int64)


def _small(numbers: _Counts) -> _Counts:
    """Return numbers that stand for the same: these, unless some are much larger than there are rows."""
    return numbers if numbers.max(initial=0) <= 2 * len(numbers) else dense(numbers).astype(np.int64)


def _pairs(sizes: _Counts) -> float:
    return float((sizes * (sizes - 1) // 2).sum())
