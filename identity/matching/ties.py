"""What lies between clusters: the evidence of all pairs of records, summed for each two, and which is the best."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import in_order
from identity.matching.pairs import places_within
from identity.matching.threads import begun

# Evidence against joining counts at most this many bits per pair: in a dirty file, one bad record must not undo many.
_MOST_AGAINST = -10.0
_MANY_EDGES = 50_000
_PLACE_BITS = 32
# The rank of what no strong edge ties.
WEAK = np.iinfo(np.int32).max

Rows = NDArray[np.int32]
Marks = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, slots=True)
class Ties:
    """What lies between two clusters, once for each two; arrays have shape (ties,).

    one, other: their leaders, the lower first. bits: the evidence, summed. clear: how many pairs of their rows are
    known not to contradict each other. rank: of their best strong edge. barred: they contradict each other. refused:
    the evidence did not suffice when they were asked.
    """

    one: Rows
    other: Rows
    bits: NDArray[np.float64]
    clear: Rows
    rank: Rows
    barred: Marks
    refused: Marks

    def __getitem__(self, some: Marks) -> "Ties":
        if some.all():
            return self
        places = np.flatnonzero(some)
        return Ties(*(getattr(self, name).take(places) for name in Ties.__slots__))

    @property
    def open(self) -> Marks:
        """Return which may be decided."""
        is_open: Marks = (self.rank < WEAK) & ~self.barred & ~self.refused
        return is_open

    def renumbered(self, number: Rows) -> "Ties":
        """Return the same ties of clusters that go by these numbers, shape (n,), which keep their order."""
        return replace(self, one=number.take(self.one), other=number.take(self.other))

    def led_by(self, leader: Rows, grown: Marks) -> "Ties":
        """Return the ties between the clusters that `leader` makes, those of `grown` ones asked anew."""
        touched = grown.take(self.one) | grown.take(self.other)
        stay, merged = self[~touched], self[touched].merged(leader)
        return Ties(*(np.concatenate((getattr(stay, n), getattr(merged, n))) for n in Ties.__slots__))

    def merged(self, leader: Rows) -> "Ties":
        """Return one tie for each two of the clusters that `leader` makes, those of which nothing was refused."""
        one, other = leader.take(self.one), leader.take(self.other)
        between = np.flatnonzero(one != other)
        low, high = np.minimum(one, other).take(between), np.maximum(one, other).take(between)
        key = low.astype(np.int64) * len(leader) + high
        if len(key) == len(self.one) and (key[1:] > key[:-1]).all():
            return replace(self, one=low, other=high, refused=np.zeros(len(key), dtype=np.bool_))
        key, order = in_order(key)
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        low, high, of = low.take(order).take(starts), high.take(order).take(starts), between.take(order)
        if not len(starts):
            return self[np.zeros(len(self.one), dtype=np.bool_)]
        return Ties(
            low,
            high,
            np.add.reduceat(self.bits.take(of), starts),
            np.add.reduceat(self.clear.take(of), starts, dtype=np.int32),
            np.minimum.reduceat(self.rank.take(of), starts),
            np.logical_or.reduceat(self.barred.take(of), starts),
            np.zeros(len(starts), dtype=np.bool_),
        )


def tied(
    leader: Rows, edges: Rows, weights: NDArray[np.float64], threshold: float, clear_above: float
) -> tuple[Rows, Ties]:
    """Return the chain of strong edges that each row hangs on, however long, by the lowest leader in it, shape (n,);
    and the ties that the edges make within chains. Those of more than `clear_above` bits do not contradict themselves.
    """
    edges, weights = _by_rows(edges, weights)
    homes = edges if np.array_equal(leader, np.arange(len(leader))) else leader[edges]
    one, other = np.ascontiguousarray(homes.T)
    strong = np.flatnonzero((weights >= threshold) & (one != other))
    best = begun(partial(_best_first, weights.take(strong)), rows=len(strong))
    chain = _chains(len(leader), one.take(strong), other.take(strong)).take(leader)
    kept = places_within(chain, homes)
    one, other, weights = one.take(kept), other.take(kept), weights.take(kept)
    rank = np.full(len(kept), WEAK, dtype=np.int32)
    rank[np.flatnonzero((weights >= threshold) & (one != other)).take(best())] = np.arange(len(strong), dtype=np.int32)
    nothing = np.zeros(len(kept), dtype=np.bool_)
    clear = (weights > clear_above).astype(np.int32)
    ties = Ties(one, other, np.maximum(weights, _MOST_AGAINST), clear, rank, nothing, nothing)
    return chain, ties.merged(leader)


def apart(chain: Rows, ties: Ties, most: int) -> Iterator[tuple[Rows, Ties]]:
    """Yield portions of some `most` ties that share no chain, each with the rows that hang on its chains."""
    of_ties = chain.take(ties.one)
    is_tied = np.zeros(len(chain), dtype=np.bool_)
    is_tied[of_ties] = True
    rows = np.flatnonzero(is_tied.take(chain)).astype(np.int32)
    of_rows = chain.take(rows)
    bounds = np.unique([0, *np.sort(of_ties)[most::most].tolist(), len(chain)])
    for start, end in pairwise(bounds):
        within, tied_within = ((of >= start) & (of < end) for of in (of_rows, of_ties))
        yield rows.compress(within), ties[tied_within]


def _by_rows(edges: Rows, weights: NDArray[np.float64]) -> tuple[Rows, NDArray[np.float64]]:
    """Return edges and weights in the order of the edges' rows."""
    low, high = edges.T
    if ((low[1:] > low[:-1]) | ((low[1:] == low[:-1]) & (high[1:] > high[:-1]))).all():
        return edges, weights
    order = np.lexsort((high, low))
    return edges[order], weights[order]


def _best_first(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places of the edges, the best first; equal ones in their order.

    Of very many equal ones it is a mixed order, the same each time: in theirs all would wait for one row's.
    """
    if len(weights) <= _MANY_EDGES:
        return np.argsort(-weights, kind="stable")
    mixed = np.random.default_rng(0).permutation(len(weights))
    against = -weights.take(mixed)
    order = np.argsort(against)
    ordered = against.take(order)
    # A stable sort takes several times as long as this and another of the places of equal ones.
    place = np.cumsum(np.diff(ordered, prepend=ordered[:1]) != 0)
    best: NDArray[np.int64] = mixed.take(np.sort(place << _PLACE_BITS | order) & ((1 << _PLACE_BITS) - 1))
    return best


def _chains(n: int, one: Rows, other: Rows) -> Rows:
    """Return the chain that each row hangs on, shape (n,): the lowest row that edges lead to, or itself."""
    chain = np.arange(n, dtype=np.int32)
    while len(one):
        one, other = chain.take(one), chain.take(other)
        differ = one != other
        one, other = one.compress(differ), other.compress(differ)
        # Whichever of several lower rows is kept for a row, it lies on the same chain.
        chain[np.maximum(one, other)] = np.minimum(one, other)
        chain = resolved(chain)
    return chain


def resolved(leader: Rows) -> Rows:
    """Return the leader of each row's leader, and so on to the last."""
    while not np.array_equal(leader, further := leader.take(leader)):
        leader = further
    return leader
