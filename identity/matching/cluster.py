"""Cluster: join pairs into people, best evidence first, and never across a contradiction."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import in_order
from identity.matching.limits import HasRoom
from identity.matching.score import LINK, log_odds

# Takes pairs of rows, shape (pairs, 2), returns which contradict, shape (pairs,).
Contradiction = Callable[[NDArray[np.int32]], NDArray[np.bool_]]
# Evidence against joining counts at most this many bits per pair: in a dirty file, one bad record must not undo many.
_MOST_AGAINST = -10.0
_PAIRS_AT_ONCE = 1_000_000
_MANY_EDGES = 50_000
_PLACE_BITS = 32
# The rank of what no strong edge ties.
_WEAK = np.iinfo(np.int32).max

Rows = NDArray[np.int32]
Marks = NDArray[np.bool_]


def cluster(
    n: int,
    edges: NDArray[np.int32],
    weights: NDArray[np.float64],
    *,
    link_threshold: float = LINK,
    cannot_link: Iterable[tuple[int, int]] = (),
    must_link: Iterable[tuple[int, int]] = (),
    sure: Iterable[tuple[int, int]] = (),
    contradicts: Contradiction | None = None,
    room: HasRoom | None = None,
) -> NDArray[np.int32]:
    """Return the cluster of each of `n` rows, shape (n,): the lowest row in it.

    `edges` has shape (edges, 2), `weights` shape (edges,) in bits of log2 odds, negative ones included, since they are
    the evidence against. `link_threshold` is a probability. Edges at or above it are taken best first; two clusters
    join when the evidence between them sums to more than zero, no `cannot_link` pair lies between them and no two
    members contradict each other, so no chain joins two birth dates that do. Two that evidence kept apart are asked
    again when one of them has grown. `must_link` pairs are joined beforehand, unless a `cannot_link` pair forbids it:
    keeping apart is the safe side. `sure` pairs are joined after those, in their order, as far as there is `room`; so
    is what edges join. The order of the edges does not matter.
    """
    apart = np.array(list(cannot_link), dtype=np.int32).reshape(-1, 2)
    leader = _joined_beforehand(n, must_link, sure, apart, room)
    threshold = log_odds(link_threshold)
    if not len(edges) or weights.max() < threshold:
        return _lowest_of_each(leader)
    ties = _Ties.between(leader, edges, weights, threshold)
    joining = _Joining(leader, ties, apart, contradicts, room)
    while joining.step():
        pass
    return _lowest_of_each(_resolved(leader))


def _joined_beforehand(
    n: int, must_link: Iterable[tuple[int, int]], sure: Iterable[tuple[int, int]], apart: Rows, room: HasRoom | None
) -> Rows:
    """Return each row's leader, shape (n,), once the pairs that must link are joined, but for those that may not."""
    leader = np.arange(n, dtype=np.int32)

    def lead(row: int) -> int:
        while leader[row] != row:
            leader[row] = leader[leader[row]]
            row = int(leader[row])
        return row

    foes: dict[int, set[int]] = {}
    for a, b in apart.tolist():
        foes.setdefault(a, set()).add(b)
        foes.setdefault(b, set()).add(a)
    for limited, a, b in (*((False, *pair) for pair in must_link), *((True, *pair) for pair in sure)):
        one, other = lead(a), lead(b)
        if one == other or other in foes.get(one, ()):
            continue
        if room is not None:
            if limited and room.exceeded(one, other):
                continue
            room.join(one, other)
        leader[other] = one
        for foe in foes.pop(other, set()):
            foes[foe] = (foes[foe] - {other}) | {one}
            foes.setdefault(one, set()).add(foe)
    return _resolved(leader)


class _Joining:
    """Best first, all over the file at once.

    Two clusters that are each other's best are joined or refused as if they stood alone, so each step decides all such
    pairs together. Whom contradictions keep apart stay apart; whom the evidence does is asked again once one has grown.
    """

    def __init__(
        self, leader: Rows, ties: "_Ties", apart: Rows, contradicts: Contradiction | None, room: HasRoom | None
    ) -> None:
        self.room = room
        self.leader = leader
        self.ties = ties
        self.apart = apart
        self.contradicts = contradicts
        self.rows = np.arange(len(leader), dtype=np.int32)
        self.homes = leader.copy()
        # Written for clusters at play before it is read for them.
        self.scratch = np.empty(len(leader), dtype=np.int32)
        self.worth_a_look = len(ties.one)
        self._leave_settled()

    def step(self) -> bool:
        """Join those that are each other's best; whether any were left to be decided."""
        chosen = self._mutually_best()
        if not len(chosen):
            return False
        a, b = self.ties.one[chosen], self.ties.other[chosen]
        barred = self._kept_apart(a, b)
        favored = (self.ties.bits[chosen] > 0) & ~barred
        if self.contradicts is not None:
            barred[favored] = self._contradict(a[favored], b[favored], self.contradicts)
        if self.room is not None:
            asked = np.flatnonzero(favored & ~barred)
            barred[asked] = [self.room.exceeded(int(a[at]), int(b[at])) is not None for at in asked]
        join = favored & ~barred
        self.ties.barred[chosen[barred]] = True
        self.ties.refused[chosen[~join]] = True
        self._join(a[join], b[join])
        self._leave_settled()
        return True

    def _mutually_best(self) -> NDArray[np.int64]:
        """Return the ties, as places, that are the best open one at both their ends."""
        open_ones = np.flatnonzero(self.ties.open)
        ranked = open_ones[np.argsort(self.ties.rank[open_ones])]
        one, other = self.ties.one[ranked], self.ties.other[ranked]
        place = np.arange(len(ranked), dtype=np.int32)
        # Of several values for one place the last is kept.
        self.scratch[np.stack((one, other), axis=1).ravel()[::-1]] = np.repeat(place, 2)[::-1]
        best: NDArray[np.int64] = ranked[(self.scratch[one] == place) & (self.scratch[other] == place)]
        return best

    def _kept_apart(self, a: Rows, b: Rows) -> Marks:
        barred = np.zeros(len(a), dtype=np.bool_)
        if len(self.apart):
            homes = _resolved(self.leader)[self.apart]
            self.scratch[homes.ravel()] = -1
            self.scratch[a] = self.scratch[b] = np.arange(len(a), dtype=np.int32)
            pair = self.scratch[homes]
            barred[pair[(pair[:, 0] == pair[:, 1]) & (pair[:, 0] >= 0), 0]] = True
        return barred

    def _contradict(self, a: Rows, b: Rows, contradicts: Contradiction) -> Marks:
        """Return which clusters hold members of whom one contradicts one of the other's."""
        asked_of = np.zeros(len(self.leader), dtype=np.bool_)
        asked_of[a] = asked_of[b] = True
        members = np.flatnonzero(asked_of[self.homes])
        homes, order = in_order(self.homes[members].astype(np.int64))
        rows = self.rows[members[order]]
        starts = np.flatnonzero(np.diff(homes, prepend=-1))
        # Which of the runs of equal homes is each cluster's.
        self.scratch[homes[starts]] = np.arange(len(starts))
        runs = self.scratch[np.stack((a, b))]
        start, size = starts[runs], np.diff(starts, append=len(homes))[runs]
        found = np.zeros(len(a), dtype=np.bool_)
        for some in _in_portions(size[0] * size[1]):
            pair, left, right = _crosswise(size[0, some], size[1, some])
            asked = np.stack((rows[start[0, some][pair] + left], rows[start[1, some][pair] + right]), axis=1)
            found[some.start + pair[contradicts(np.sort(asked, axis=1))]] = True
        return found

    def _at_play(self) -> Marks:
        """Return which clusters a chain of ties that may yet open leads to, shape (n,)."""
        at_play = np.zeros(len(self.leader), dtype=np.bool_)
        at_play[self.ties.one[self.ties.open]] = True
        possible = np.flatnonzero((self.ties.rank < _WEAK) & ~self.ties.barred)
        one, other = self.ties.one[possible], self.ties.other[possible]
        while (new := at_play[one] != at_play[other]).any():
            at_play[one[new]] = at_play[other[new]] = True
        return at_play

    def _join(self, a: Rows, b: Rows) -> None:
        if self.room is not None:
            for one, other in zip(a.tolist(), b.tolist(), strict=True):
                self.room.join(one, other)
        self.leader[b] = a
        self.homes = self.leader[self.homes]
        grown = np.zeros(len(self.leader), dtype=np.bool_)
        grown[a] = grown[b] = True
        self.ties = self.ties.led_by(self.leader, grown)

    def _leave_settled(self) -> None:
        """Leave out the clusters that nothing can join any more: where nothing is open, however far one looks."""
        left = int(self.ties.open.sum())
        if left > self.worth_a_look:
            return
        self.worth_a_look = left // 2
        at_play = self._at_play()
        self.ties = self.ties[at_play[self.ties.one] & at_play[self.ties.other]]
        stay = at_play[self.homes]
        self.rows, self.homes = self.rows[stay], self.homes[stay]


@dataclass(frozen=True, eq=False, slots=True)
class _Ties:
    """What lies between two clusters, once for each two; arrays have shape (ties,).

    one, other: their leaders, the lower first. bits: the evidence, summed. rank: of their best strong edge. barred:
    they contradict each other. refused: the evidence did not suffice when they were asked.
    """

    one: Rows
    other: Rows
    bits: NDArray[np.float64]
    rank: Rows
    barred: Marks
    refused: Marks

    def __getitem__(self, some: Marks) -> "_Ties":
        if some.all():
            return self
        return _Ties(*(getattr(self, name)[some] for name in _Ties.__slots__))

    @property
    def open(self) -> Marks:
        """Return which may be decided."""
        is_open: Marks = (self.rank < _WEAK) & ~self.barred & ~self.refused
        return is_open

    @staticmethod
    def between(leader: Rows, edges: Rows, weights: NDArray[np.float64], threshold: float) -> "_Ties":
        """Return the ties that the edges make between clusters that strong edges may join, however long the chain."""
        homes = edges if np.array_equal(leader, np.arange(len(leader))) else leader[edges]
        chains = _chains(len(leader), homes[weights >= threshold])
        one, other = chains[homes[:, 0]], chains[homes[:, 1]]
        kept = np.flatnonzero((one == other) & (homes[:, 0] != homes[:, 1]))
        kept = kept[_by_rows(edges[kept])]
        weights = weights[kept]
        strong = np.flatnonzero(weights >= threshold)
        rank = np.full(len(kept), _WEAK, dtype=np.int32)
        rank[strong[_best_first(weights[strong])]] = np.arange(len(strong), dtype=np.int32)
        nothing = np.zeros(len(kept), dtype=np.bool_)
        one, other = np.ascontiguousarray(homes[kept].T)
        return _Ties(one, other, np.maximum(weights, _MOST_AGAINST), rank, nothing, nothing)._merged(leader)

    def led_by(self, leader: Rows, grown: Marks) -> "_Ties":
        """Return the ties between the clusters that `leader` makes, those of `grown` ones asked anew."""
        touched = grown[self.one] | grown[self.other]
        stay, merged = self[~touched], self[touched]._merged(leader)
        return _Ties(*(np.concatenate((getattr(stay, n), getattr(merged, n))) for n in _Ties.__slots__))

    def _merged(self, leader: Rows) -> "_Ties":
        one, other = leader[self.one], leader[self.other]
        between = np.flatnonzero(one != other)
        low, high = np.minimum(one, other)[between], np.maximum(one, other)[between]
        key = low.astype(np.int64) * len(leader) + high
        if len(key) == len(self.one) and (key[1:] > key[:-1]).all():
            return _Ties(low, high, self.bits, self.rank, self.barred, np.zeros(len(key), dtype=np.bool_))
        key, order = in_order(key)
        starts = np.flatnonzero(np.diff(key, prepend=-1))
        low, high, of = low[order][starts], high[order][starts], between[order]
        if not len(starts):
            return _Ties(low, high, self.bits[:0], self.rank[:0], self.barred[:0], self.refused[:0])
        return _Ties(
            low,
            high,
            np.add.reduceat(self.bits[of], starts),
            np.minimum.reduceat(self.rank[of], starts),
            np.logical_or.reduceat(self.barred[of], starts),
            np.zeros(len(starts), dtype=np.bool_),
        )


def _best_first(weights: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the places of the edges, the best first; equal ones in their order.

    Of very many equal ones it is a mixed order, the same each time: in theirs all would wait for one row's.
    """
    if len(weights) <= _MANY_EDGES:
        return np.argsort(-weights, kind="stable")
    mixed = np.random.default_rng(0).permutation(len(weights))
    against = -weights[mixed]
    order = np.argsort(against)
    ordered = against[order]
    # A stable sort takes several times as long as this and another of the places of equal ones.
    place = np.cumsum(np.diff(ordered, prepend=ordered[:1]) != 0)
    best: NDArray[np.int64] = mixed[np.sort(place << _PLACE_BITS | order) & ((1 << _PLACE_BITS) - 1)]
    return best


def _chains(n: int, edges: Rows) -> Rows:
    """Return the chain that each row hangs on, shape (n,): the lowest row that edges lead to, or itself."""
    chain = np.arange(n, dtype=np.int32)
    one, other = np.ascontiguousarray(edges.T)
    while len(one):
        one, other = chain[one], chain[other]
        apart = one != other
        one, other = one[apart], other[apart]
        # Whichever of several lower rows is kept for a row, it lies on the same chain.
        chain[np.maximum(one, other)] = np.minimum(one, other)
        chain = _resolved(chain)
    return chain


def _by_rows(edges: Rows) -> NDArray[np.int64] | slice:
    """Return the places of the edges in the order of their rows; all as they stand where they are in order already."""
    key = edges[:, 0].astype(np.int64) << 32 | edges[:, 1]
    return slice(None) if (key[1:] > key[:-1]).all() else np.argsort(key, kind="stable")


def _in_portions(counts: NDArray[np.int64]) -> Iterator[slice]:
    """Yield runs of places whose counts come to a million or so."""
    portion = np.cumsum(counts) // _PAIRS_AT_ONCE
    starts = [0, *(np.flatnonzero(np.diff(portion)) + 1).tolist(), len(counts)]
    for start, end in pairwise(starts):
        yield slice(start, end)


def _crosswise(lefts: Rows, rights: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Return, for each of the pairs of clusters of these sizes, every place on the left with every one on the right."""
    counts = lefts.astype(np.int64) * rights
    pair = np.repeat(np.arange(len(counts)), counts)
    within = np.arange(len(pair)) - np.repeat(np.cumsum(counts) - counts, counts)
    return pair, within // rights[pair], within % rights[pair]


def _resolved(leader: Rows) -> Rows:
    """Return the leader of each row's leader, and so on to the last."""
    while not np.array_equal(leader, further := leader[leader]):
        leader = further
    return leader


def _lowest_of_each(leader: Rows) -> Rows:
    """Return for each row the lowest row with its leader."""
    lowest = np.empty_like(leader)
    lowest[leader[::-1]] = np.arange(len(leader), dtype=np.int32)[::-1]
    labels: Rows = lowest[leader]
    return labels
