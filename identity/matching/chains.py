"""Clusters that hold by chains: who was joined without having been compared is held against one another afterwards."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import MISSING
from identity.matching.pairs import Pairs, Runs, in_one, in_rows, places_within

# So many pairs at most, or so many a record where that is more; of the largest clusters none, for they make most.
_MOST_PAIRS = 2_000_000
_A_RECORD = 2
_LARGEST = 2_000

Against = Callable[[Pairs], NDArray[np.float64]]
Cluster = Callable[[Pairs, NDArray[np.float64]], NDArray[np.int32]]


def without_chains(
    labels: NDArray[np.int32], pairs: Pairs, odds: NDArray[np.float64], *, against: Against, cluster: Cluster
) -> NDArray[np.int32]:
    """Return the labels, shape (n,), with those clusters made anew in which records differ that were never compared.

    `pairs` are those that were compared, with their odds in bits. `against` gives the bits of others, zero or less;
    `cluster` makes labels of pairs and their bits. Blocking brings together what agrees: of two people of many records
    each it finds the few pairs that look alike, and none of the many that do not, so one chain would join them all.
    Clusters may fall apart so, and none is joined with another.
    """
    within = places_within(labels, pairs)
    unseen = _never_compared(labels, pairs.take(within, axis=0))
    if not len(unseen):
        return labels
    bits = against(unseen)
    doubtful = np.zeros(len(labels), dtype=np.bool_)
    doubtful[labels.take(unseen[bits < 0, 0])] = True
    asked = doubtful.take(labels)
    known = within.compress(asked.take(pairs[:, 0].take(within)))
    more = asked.take(unseen[:, 0])
    anew = cluster(
        np.concatenate([pairs.take(known, axis=0), unseen.compress(more, axis=0)]),
        np.concatenate([odds.take(known), bits.compress(more)]),
    )
    return np.where(asked, anew, labels).astype(np.int32)


def _never_compared(labels: NDArray[np.int32], compared: Pairs) -> Pairs:
    """Return the pairs within clusters that are not among those compared within them, shape (pairs, 2)."""
    counts = np.bincount(labels, minlength=len(labels)).astype(np.int64)
    seen = np.bincount(labels.take(compared[:, 0]), minlength=len(labels))
    total = counts * (counts - 1) // 2
    # Where fewer pairs than there are records were not compared, those that were tell enough. The smallest come first,
    # as far as the pairs go.
    clusters = np.flatnonzero((total - seen > counts) & (counts <= _LARGEST))
    clusters = clusters.take(np.argsort(counts.take(clusters), kind="stable"))
    most = max(_MOST_PAIRS, _A_RECORD * len(labels))
    pairs = np.cumsum(total.take(clusters))
    chosen = np.zeros(len(labels), dtype=np.bool_)
    chosen[clusters.compress(pairs <= most)] = True
    rows = np.where(chosen.take(labels), labels, MISSING).astype(np.int32)
    everyone = Runs.of(rows, alone=False).pairs(_LARGEST)
    everyone.sort()
    mine = compared.compress(chosen.take(labels.take(compared[:, 0])), axis=0)
    known = in_one(mine[:, 0], mine[:, 1])
    return in_rows(np.setdiff1d(everyone, known, assume_unique=True))
