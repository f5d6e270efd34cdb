"""Cluster: join pairs into people, best evidence first, and never across a contradiction."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from identity.matching.score import LINK, log_odds

# Takes pairs of rows, shape (pairs, 2), returns which contradict, shape (pairs,).
Contradiction = Callable[[NDArray[np.int32]], NDArray[np.bool_]]
# Evidence against joining counts at most this many bits per pair: in a dirty file, one bad record must not undo many.
_MOST_AGAINST = -10.0
_PAIRS_AT_ONCE = 1_000_000


@dataclass(slots=True)
class _Clusters:
    """The clusters so far. `evidence[a][b]` is the summed bits between the clusters led by a and b."""

    leader: list[int]
    members: dict[int, list[int]] = field(default_factory=dict)
    evidence: dict[int, dict[int, float]] = field(default_factory=dict)
    apart: dict[int, set[int]] = field(default_factory=dict)

    def lead(self, row: int) -> int:
        while self.leader[row] != row:
            self.leader[row] = self.leader[self.leader[row]]
            row = self.leader[row]
        return row

    def of(self, row: int) -> list[int]:
        return self.members.get(row, [row])

    def part(self, one: int, other: int) -> None:
        """Keep two leaders apart for good."""
        self.apart.setdefault(one, set()).add(other)
        self.apart.setdefault(other, set()).add(one)

    def join(self, one: int, other: int) -> None:
        """Join two leaders; the larger cluster's leader leads both."""
        if len(self.of(one)) < len(self.of(other)):
            one, other = other, one
        self.members[one] = self.of(one) + self.of(other)
        self.members.pop(other, None)
        self.leader[other] = one
        toward = self.evidence.setdefault(one, {})
        for third, bits in self.evidence.pop(other, {}).items():
            between = self.evidence[third]
            del between[other]
            if third != one:
                between[one] = between.get(one, 0.0) + bits
                toward[third] = between[one]
        foes = self.apart.pop(other, set())
        for foe in foes:
            self.apart[foe].discard(other)
            self.apart[foe].add(one)
        self.apart.setdefault(one, set()).update(foes)


def cluster(
    n: int,
    edges: NDArray[np.int32],
    weights: NDArray[np.float64],
    *,
    link_threshold: float = LINK,
    cannot_link: Iterable[tuple[int, int]] = (),
    must_link: Iterable[tuple[int, int]] = (),
    contradicts: Contradiction | None = None,
) -> NDArray[np.int32]:
    """Return the cluster of each of `n` rows, shape (n,): the lowest row in it.

    `edges` has shape (edges, 2), `weights` shape (edges,) in bits of log2 odds, negative ones included, since they are
    the evidence against. `link_threshold` is a probability. Edges at or above it are taken best first; two clusters
    join when the evidence between them sums to more than zero, no `cannot_link` pair lies between them and no two
    members contradict each other, so no chain joins two birth dates that do. `must_link` pairs are joined beforehand,
    unless a `cannot_link` pair forbids it: keeping apart is the safe side. The order of the edges does not matter.
    """
    clusters = _Clusters(list(range(n)))
    for a, b in cannot_link:
        clusters.part(a, b)
    for a, b in must_link:
        one, other = clusters.lead(a), clusters.lead(b)
        if one != other and other not in clusters.apart.get(one, ()):
            clusters.join(one, other)
    best = _best_first(edges, weights, log_odds(link_threshold))
    chain_of = _chains(n, best, clusters)
    if contradicts is not None:
        _keep_apart(clusters, chain_of, contradicts)
    within = (chain_of[edges[:, 0]] >= 0) & (chain_of[edges[:, 0]] == chain_of[edges[:, 1]])
    _weigh(clusters, edges[within], weights[within])
    for a, b in best.tolist():
        one, other = clusters.lead(a), clusters.lead(b)
        if one != other and clusters.evidence[one].get(other, 0.0) > 0 and other not in clusters.apart.get(one, ()):
            clusters.join(one, other)
    return _labels(clusters, n)


def _chains(n: int, best: NDArray[np.int32], clusters: _Clusters) -> NDArray[np.int32]:
    """Return the chain of strong edges that each row hangs on, shape (n,), -1 for none: all that could ever join."""
    chains = _Clusters(list(range(n)))
    for members in clusters.members.values():
        for member in members[1:]:
            chains.leader[chains.lead(member)] = chains.lead(members[0])
    for a, b in best.tolist():
        chains.leader[chains.lead(a)] = chains.lead(b)
    chain_of = np.full(n, -1, dtype=np.int32)
    rows = np.unique(best).tolist()
    rows += [member for row in rows for member in clusters.of(clusters.lead(row))]
    chain_of[rows] = [chains.lead(row) for row in rows]
    return chain_of


def _keep_apart(clusters: _Clusters, chain_of: NDArray[np.int32], contradicts: Contradiction) -> None:
    """Mark as apart all contradicting pairs that strong edges could bring together, however long the chain.

    Pairs that a person has linked stay linked.
    """
    for pairs in _pairs_of_chains(chain_of):
        for a, b in pairs[contradicts(pairs)].tolist():
            one, other = clusters.lead(a), clusters.lead(b)
            if one != other:
                clusters.part(one, other)


def _pairs_of_chains(chain_of: NDArray[np.int32]) -> Iterator[NDArray[np.int32]]:
    """Yield the pairs of rows within each chain, shape (pairs, 2), a million or so at a time."""
    rows = np.flatnonzero(chain_of >= 0).astype(np.int32)
    rows = rows[np.argsort(chain_of[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(chain_of[rows], prepend=-1))
    pending, size = [], 0
    for members in np.split(rows, starts[1:]):
        low, high = np.triu_indices(len(members), k=1)
        pending.append(np.stack((members[low], members[high]), axis=1))
        size += len(low)
        if size >= _PAIRS_AT_ONCE:
            yield np.concatenate(pending)
            pending, size = [], 0
    if pending:
        yield np.concatenate(pending)


def _weigh(clusters: _Clusters, edges: NDArray[np.int32], weights: NDArray[np.float64]) -> None:
    bounded = np.maximum(weights, _MOST_AGAINST).tolist()
    for (a, b), bits in zip(edges.tolist(), bounded, strict=True):
        one, other = clusters.lead(a), clusters.lead(b)
        if one != other:
            between = clusters.evidence.setdefault(one, {})
            between[other] = between.get(other, 0.0) + bits
            clusters.evidence.setdefault(other, {})[one] = between[other]


def _best_first(edges: NDArray[np.int32], weights: NDArray[np.float64], threshold: float) -> NDArray[np.int32]:
    strong = np.flatnonzero(weights >= threshold)
    order = np.lexsort((edges[strong, 1], edges[strong, 0], -weights[strong]))
    best: NDArray[np.int32] = edges[strong[order]]
    return best


def _labels(clusters: _Clusters, n: int) -> NDArray[np.int32]:
    lowest = {leader: min(members) for leader, members in clusters.members.items()}
    leaders = [clusters.lead(row) for row in range(n)]
    return np.array([lowest.get(leader, leader) for leader in leaders], dtype=np.int32)
