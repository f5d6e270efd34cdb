"""Cluster: join pairs into people, best evidence first, and never across a contradiction."""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from identity.matching.column import in_order
from identity.matching.limits import HasRoom
from identity.matching.score import LINK, log_odds
from identity.matching.threads import each
from identity.matching.ties import WEAK, Marks, Rows, Ties, apart, resolved, tied

# Takes pairs of rows, shape (pairs, 2), returns which contradict, shape (pairs,).
Contradiction = Callable[[NDArray[np.int32]], NDArray[np.bool_]]
_PAIRS_AT_ONCE = 1_000_000
# So many ties are decided at a time.
_TIES_AT_ONCE = 250_000


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
    clear_above: float = np.inf,
    room: HasRoom | None = None,
) -> NDArray[np.int32]:
    """Return the cluster of each of `n` rows, shape (n,): the lowest row in it.

    `edges` has shape (edges, 2), `weights` shape (edges,) in bits of log2 odds, negative ones included, since they are
    the evidence against. `link_threshold` is a probability. Edges at or above it are taken best first; two clusters
    join when the evidence between them sums to more than zero, no `cannot_link` pair lies between them and no two
    members contradict each other, so no chain joins two birth dates that do. Two that evidence kept apart are asked
    again when one of them has grown. `must_link` pairs are joined beforehand, unless a `cannot_link` pair forbids it:
    keeping apart is the safe side. `sure` pairs are joined after those, in their order, as far as there is `room`; so
    is what edges join. An edge of more than `clear_above` bits does not contradict itself. The order of the edges does
    not matter.
    """
    foes = np.array(list(cannot_link), dtype=np.int32).reshape(-1, 2)
    leader = _joined_beforehand(n, must_link, sure, foes, room)
    threshold = log_odds(link_threshold)
    if not len(edges) or weights.max() < threshold:
        return _lowest_of_each(leader)
    chain, ties = tied(leader, edges, weights, threshold, clear_above)
    number = np.arange(n, dtype=np.int32)

    def join(portion: tuple[Rows, Ties]) -> None:
        rows, some = portion
        number[rows] = np.arange(len(rows))
        joining = _Joining(rows, number.take(leader.take(rows)), some.renumbered(number), foes, contradicts, room)
        while joining.step():
            pass
        leader[rows] = rows.take(resolved(joining.leader))

    # Rooms and foes are told of rows all over the file.
    all_at_once = room is not None or len(foes)
    portions = [(number.copy(), ties)] if all_at_once else apart(chain, ties, _TIES_AT_ONCE)
    each(join, portions, rows=n)
    return _lowest_of_each(leader)


def _joined_beforehand(
    n: int,
    must_link: Iterable[tuple[int, int]],
    sure: Iterable[tuple[int, int]],
    cannot_link: Rows,
    room: HasRoom | None,
) -> Rows:
    """Return each row's leader, shape (n,), once the pairs that must link are joined, but for those that may not."""
    leader = np.arange(n, dtype=np.int32)

    def lead(row: int) -> int:
        while leader[row] != row:
            leader[row] = leader[leader[row]]
            row = int(leader[row])
        return row

    foes: dict[int, set[int]] = {}
    for a, b in cannot_link.tolist():
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
    return resolved(leader)


class _Joining:
    """Best first, all over these rows at once; clusters go by the numbers that their leaders have among them.

    Two clusters that are each other's best are joined or refused as if they stood alone, so each step decides all such
    pairs together. Whom contradictions keep apart stay apart; whom the evidence does is asked again once one has grown.
    """

    def __init__(
        self,
        rows: Rows,
        leader: Rows,
        ties: Ties,
        foes: Rows,
        contradicts: Contradiction | None,
        room: HasRoom | None,
    ) -> None:
        self.room = room
        self.leader = leader
        self.ties = ties
        self.foes = foes
        self.contradicts = contradicts
        self.rows = rows
        self.homes = leader.copy()
        self.sizes = np.bincount(leader, minlength=len(leader))
        # Written for clusters at play before it is read for them.
        self.scratch = np.empty(len(leader), dtype=np.int32)
        self.worth_a_look = len(ties.one)
        self._leave_settled()

    def step(self) -> bool:
        """Join those that are each other's best; whether any were left to be decided."""
        chosen = self._mutually_best()
        if not len(chosen):
            return False
        a, b = self.ties.one.take(chosen), self.ties.other.take(chosen)
        barred = self._kept_apart(a, b)
        favored = (self.ties.bits.take(chosen) > 0) & ~barred
        if self.contradicts is not None:
            in_doubt = self.ties.clear.take(chosen) < self.sizes.take(a) * self.sizes.take(b)
            asked = np.flatnonzero(favored & in_doubt)
            if len(asked):
                barred[asked] = self._contradict(a.take(asked), b.take(asked), self.contradicts)
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
        ranked = open_ones.take(np.argsort(self.ties.rank.take(open_ones)))
        one, other = self.ties.one.take(ranked), self.ties.other.take(ranked)
        place = np.arange(len(ranked), dtype=np.int32)
        # Of several values for one place the last is kept.
        self.scratch[np.stack((one, other), axis=1).ravel()[::-1]] = np.repeat(place, 2)[::-1]
        best: NDArray[np.int64] = ranked.compress(
            (self.scratch.take(one) == place) & (self.scratch.take(other) == place)
        )
        return best

    def _kept_apart(self, a: Rows, b: Rows) -> Marks:
        barred = np.zeros(len(a), dtype=np.bool_)
        if len(self.foes):
            homes = resolved(self.leader)[self.foes]
            self.scratch[homes.ravel()] = -1
            self.scratch[a] = self.scratch[b] = np.arange(len(a), dtype=np.int32)
            pair = self.scratch[homes]
            barred[pair[(pair[:, 0] == pair[:, 1]) & (pair[:, 0] >= 0), 0]] = True
        return barred

    def _contradict(self, a: Rows, b: Rows, contradicts: Contradiction) -> Marks:
        """Return which clusters hold members of whom one contradicts one of the other's."""
        asked_of = np.zeros(len(self.leader), dtype=np.bool_)
        asked_of[a] = asked_of[b] = True
        members = np.flatnonzero(asked_of.take(self.homes))
        homes, order = in_order(self.homes.take(members).astype(np.int64))
        rows = self.rows.take(members.take(order))
        starts = np.flatnonzero(np.diff(homes, prepend=-1))
        # Which of the runs of equal homes is each cluster's.
        self.scratch[homes[starts]] = np.arange(len(starts))
        runs = self.scratch.take(np.stack((a, b)))
        start, size = starts.take(runs), np.diff(starts, append=len(homes)).take(runs)
        found = np.zeros(len(a), dtype=np.bool_)
        for some in _in_portions(size[0] * size[1]):
            pair, left, right = _crosswise(size[0, some], size[1, some])
            one = rows.take(start[0, some].take(pair) + left)
            other = rows.take(start[1, some].take(pair) + right)
            asked = np.stack((np.minimum(one, other), np.maximum(one, other)), axis=1)
            found[some.start + pair.compress(contradicts(asked))] = True
        return found

    def _at_play(self) -> Marks:
        """Return which clusters a chain of ties that may yet open leads to, shape (n,)."""
        at_play = np.zeros(len(self.leader), dtype=np.bool_)
        at_play[self.ties.one[self.ties.open]] = True
        possible = np.flatnonzero((self.ties.rank < WEAK) & ~self.ties.barred)
        one, other = self.ties.one.take(possible), self.ties.other.take(possible)
        while (new := at_play.take(one) != at_play.take(other)).any():
            at_play[one[new]] = at_play[other[new]] = True
        return at_play

    def _join(self, a: Rows, b: Rows) -> None:
        if self.room is not None:
            for one, other in zip(a.tolist(), b.tolist(), strict=True):
                self.room.join(one, other)
        self.leader[b] = a
        self.sizes[a] += self.sizes.take(b)
        self.homes = self.leader.take(self.homes)
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
        self.ties = self.ties[at_play.take(self.ties.one) & at_play.take(self.ties.other)]
        stay = at_play.take(self.homes)
        self.rows, self.homes = self.rows.compress(stay), self.homes.compress(stay)


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
    return pair, *np.divmod(within, rights.take(pair))


def _lowest_of_each(leader: Rows) -> Rows:
    """Return for each row the lowest row with its leader."""
    lowest = np.empty_like(leader)
    lowest[leader[::-1]] = np.arange(len(leader), dtype=np.int32)[::-1]
    labels: Rows = lowest.take(leader)
    return labels
