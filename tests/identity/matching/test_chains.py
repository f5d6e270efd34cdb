"""Clusters that hold by chains fall apart where records that were never compared differ."""

from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from identity.matching.chains import without_chains
from identity.matching.cluster import cluster
from identity.matching.pairs import Pairs


def _labels(n: int, compared: list[tuple[int, int]], against: float) -> tuple[list[int], list[tuple[int, int]]]:
    """Return the labels where each compared pair has five bits for one person and each other one so many against, and
    which pairs were asked about."""
    pairs, bits = np.array(compared, dtype=np.int32), np.full(len(compared), 5.0)
    asked: list[tuple[int, int]] = []

    def bits_against(others: Pairs) -> NDArray[np.float64]:
        asked.extend((int(a), int(b)) for a, b in others)
        return np.full(len(others), against)

    joined = partial(cluster, n)
    labels = without_chains(joined(pairs, bits), pairs, bits, against=bits_against, cluster=joined)
    return labels.tolist(), asked


TWO_OF_FIVE = [*combinations(range(5), 2), *combinations(range(5, 10), 2), (4, 5)]


def test_one_pair_that_looks_alike_does_not_join_two_of_many_records() -> None:
    labels, asked = _labels(10, TWO_OF_FIVE, against=-8.0)
    assert labels == [0] * 5 + [5] * 5
    assert asked == [(a, b) for a in range(5) for b in range(5, 10) if (a, b) != (4, 5)]


def test_what_nothing_speaks_against_stays() -> None:
    assert _labels(10, TWO_OF_FIVE, against=0.0)[0] == [0] * 10


def test_where_most_were_compared_nothing_is_asked() -> None:
    assert _labels(4, [(0, 1), (1, 2), (2, 3)], against=-8.0) == ([0] * 4, [])
