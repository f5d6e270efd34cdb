"""Edges: why two source profiles may be one person, and how much speaks for it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from identity.candidates import EXCLUSIVE
from identity.matching import LINK, log_odds
from identity.matching.waterfall import Step
from identity.models import CANNOT_LINK, SIGNED_IN
from identity.rules import Thresholds
from identity.weighing import Compared, Rows, Weighing

SAME_DEVICE, SAME_EMAIL, SIMILAR, VERDICT = (
    "same device",
    "same e-mail",
    "similar person",
    "verdict",
)
EXCLUSIVE_REASONS = {namespace: f"same {namespace.replace('_', ' ')}" for namespace in EXCLUSIVE}
# The kind of identifier that each reason rests on.
RESTS_ON = {reason: namespace for namespace, reason in EXCLUSIVE_REASONS.items()} | {
    SAME_EMAIL: "email",
    SAME_DEVICE: "device_id",
    SIGNED_IN: "device_id",
}
SURE_BITS = log_odds(LINK) + 1.0
# Smaller is rounding.
LEAST_REST = 0.1


@dataclass(frozen=True, slots=True)
class Edge:
    """Why two source profiles may be one: bits for it (log2 odds), and the reason. Exact: certain.

    `claims` are the reasons that lifted it above what was `compared`, each with the bits that it came to.
    """

    bits: float
    reason: str
    exact: bool = False
    compared: Compared | None = None
    row: int = 0
    claims: tuple[tuple[str, float], ...] = ()

    @property
    def probability(self) -> float:
        """That the two are one person."""
        return 1.0 if self.exact else 1 / (1 + 2 ** min(-self.bits, 1_000))

    def reaches(self, threshold: float) -> bool:
        """Whether it is enough by itself where pairs from this probability on are: what is certain always is."""
        return self.exact or self.bits >= log_odds(threshold)

    @property
    def fields(self) -> int:
        """In how many fields the two could be compared."""
        return self.compared.fields[self.row] if self.compared else 0

    @property
    def levels(self) -> list[Step]:
        """Levels of agreement and what each adds, with what the reason alone is worth: they add up to the bits."""
        steps = self.compared.steps(self.row) if self.compared else []
        for reason, bits in self.claims if steps else ():
            rest = round(bits - sum(bits for _, _, bits in steps), 2)
            if abs(rest) >= LEAST_REST:
                steps.append((reason, "names one person", rest))
        return steps


def scored(pairs: Iterable[Rows], scales: Weighing, thresholds: Thresholds) -> dict[Rows, Edge]:
    """The edges of these pairs, by what comparing them comes to."""
    wanted = sorted(pairs)
    if not wanted:
        return {}
    compared = scales.weigh(wanted)
    edges = {}
    for row, pair in enumerate(wanted):
        bits = compared.bits[row]
        if thresholds.same_email and compared.same_mailbox[row]:
            weight = max(bits, thresholds.sure_bits)
            edges[pair] = Edge(weight, SAME_EMAIL, compared=compared, row=row, claims=((SAME_EMAIL, weight),))
        else:
            edges[pair] = Edge(bits, SIMILAR, compared=compared, row=row)
    return edges


def add_certain(edges: dict[Rows, Edge], pairs: Iterable[Rows], reason: str) -> None:
    """Let these pairs be one for certain, for this reason."""
    for pair in pairs:
        edge = edges.get(pair, Edge(0.0, reason))
        claims = (*edge.claims, (reason, 2 * SURE_BITS))
        edges[pair] = replace(edge, bits=2 * SURE_BITS, reason=reason, exact=True, claims=claims)


def add_exclusive(edges: dict[Rows, Edge], shared: Mapping[Rows, set[str]], scales: Weighing) -> None:
    """Pairs that share an exclusive identifier are one, unless who bears it is plainly somebody else."""
    pairs = [pair for pair, namespaces in sorted(shared.items()) if not namespaces.isdisjoint(EXCLUSIVE)]
    if not pairs:
        return
    contradict = scales.contradicts(np.array(pairs, dtype=np.int32)).tolist()
    for pair, no in zip(pairs, contradict, strict=True):
        for namespace in EXCLUSIVE:
            if not no and namespace in shared[pair]:
                add_certain(edges, [pair], EXCLUSIVE_REASONS[namespace])


def add_devices(edges: dict[Rows, Edge], pairs: Iterable[Rows], thresholds: Thresholds) -> None:
    """Let pairs of episodes and accounts of one device be one, but where more is certain."""
    for pair in pairs:
        if pair not in edges or not edges[pair].exact:
            edges[pair] = Edge(thresholds.sure_bits, SAME_DEVICE)


def add_verdicts(edges: dict[Rows, Edge], verdicts: Mapping[Rows, str], linkable: Collection[int]) -> None:
    """What a person decided of these pairs counts before all else."""
    for pair, verdict in verdicts.items():
        if verdict == CANNOT_LINK:
            edges.pop(pair, None)
        elif pair[0] in linkable and pair[1] in linkable:
            edges[pair] = Edge(2 * SURE_BITS, VERDICT, exact=True)


def ordered(one: int, other: int) -> Rows:
    """The pair with the lower row first."""
    return (one, other) if one < other else (other, one)
