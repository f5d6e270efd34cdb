"""Measure clusters against the truth."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


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


def pairwise_metrics(labels: ArrayLike, truth: Sequence[Hashable]) -> Quality:
    """Return precision and recall over pairs in one cluster; both inputs have length n. No pairs at all count as 1."""
    ours, theirs, both = _sizes(labels, truth)
    together = _pairs(both[2])
    found, real = _pairs(ours), _pairs(theirs)
    return Quality(together / found if found else 1.0, together / real if real else 1.0)


def b_cubed(labels: ArrayLike, truth: Sequence[Hashable]) -> Quality:
    """Return precision and recall averaged over records (Bagga and Baldwin, LREC workshop, 1998)."""
    ours, theirs, (mine, true, overlap) = _sizes(labels, truth)
    n = max(int(overlap.sum()), 1)
    squared = overlap.astype(np.float64) ** 2
    return Quality(float((squared / ours[mine]).sum() / n), float((squared / theirs[true]).sum() / n))


_Counts = NDArray[np.int64]


def _sizes(labels: ArrayLike, truth: Sequence[Hashable]) -> tuple[_Counts, _Counts, tuple[_Counts, _Counts, _Counts]]:
    """Return the sizes of our clusters, of the true ones, and of the overlaps with the two clusters each lies in."""
    mine = np.unique(np.asarray(labels), return_inverse=True)[1].astype(np.int64)
    number: dict[Hashable, int] = {}
    true = np.array([number.setdefault(value, len(number)) for value in truth], dtype=np.int64)
    if len(mine) != len(true):
        raise ValueError(f"{len(mine)} labels for {len(true)} truths")
    overlaps, sizes = np.unique(mine * max(len(number), 1) + true, return_counts=True)
    width = max(len(number), 1)
    return np.bincount(mine), np.bincount(true), (overlaps // width, overlaps % width, sizes.astype(np.int64))


def _pairs(sizes: _Counts) -> float:
    return float((sizes * (sizes - 1) // 2).sum())
