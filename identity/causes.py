"""Causes: what would keep two parts of one person apart, were everybody asked anew."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from uuid import UUID

import numpy as np

from identity.blocked import Blocked
from identity.edges import Edge, ordered, scored
from identity.matching import Limit, words
from identity.models import Assignment
from identity.review_order import LIMIT
from identity.scene import Scene
from identity.waiting import CONTRADICTED, OUTWEIGHED, VISITING, would_join_two_known
from identity.weighing import Rows
from vault.arrays import Uuids
from vault.questions import Question, answer

# Beside the reasons for which a likely pair waits.
ANSWERED, OBJECTED, BLOCKED, TOO_LITTLE, NOTHING = "answered", "objected", "blocked", "too little", "nothing"
# Of two who would be one, where the pair itself would not join them.
THROUGH_OTHERS = "through others"
NOT_ALIKE = "nothing alike"
# What one person has only once.
_ONCE = ("given_name", "birth_date")
_WORDS = {
    ANSWERED: "a person keeps them apart",
    OBJECTED: "does not agree to be linked",
    VISITING: "would join two known people in one browser or app",
    OUTWEIGHED: "their other records weigh more",
    TOO_LITTLE: "too little speaks for it",
    NOTHING: "nothing that both have speaks for it",
    THROUGH_OTHERS: "joined through others of the same person",
}
# Namespaces with their blind indexes, by source profile.
Bearers = Mapping[UUID, set[tuple[str, bytes]]]


@dataclass(frozen=True, slots=True)
class Cause:
    """What keeps two sides apart, and the pair of them that shows it, with what comparing it comes to.

    `detail` says which: the fields that plainly differ, the limit, the kinds of identifier that are blocked; or, where
    a link is missing, by what the two were joined so far.
    """

    kind: str
    pair: Rows
    edge: Edge | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Causes:
    """What is known of the people of a scene beside it: which pairs a limit holds back, who bears which blocked values,
    and by what the ledger has joined whom."""

    scene: Scene
    held: Mapping[Rows, Limit]
    blocked: Bearers
    so_far: Mapping[tuple[UUID, UUID], str]

    def between(self, one: Sequence[int], other: Sequence[int]) -> Cause:
        """Why these two sides are not one person: what no evidence outweighs first, and then what is missing."""
        pairs = [ordered(*pair) for pair in product(one, other)]
        edges = self.scene.edges
        known = [pair for pair in pairs if pair in edges]
        best = max(
            known, key=lambda pair: (edges[pair].exact, edges[pair].bits, pair), default=ordered(one[0], other[0])
        )
        if ruled := [pair for pair in pairs if pair in self.scene.apart]:
            return self._of(ANSWERED, min(ruled))
        if self.scene.objecting.issuperset(one) or self.scene.objecting.issuperset(other):
            return self._of(OBJECTED, best)
        if differing := self._contradicting(pairs):
            return self._differ(max(differing, key=lambda pair: (pair in edges, self._edge(pair).bits, pair)))
        if held := [pair for pair in known if pair in self.held]:
            pair = max(held, key=lambda pair: (edges[pair].bits, pair))
            return self._of(LIMIT, pair, self.held[pair].label)
        if best in edges and edges[best].reaches(self.scene.thresholds.link):
            visits = would_join_two_known(self.scene, best, {*one}, {*other})
            return self._of(VISITING if visits else OUTWEIGHED, best)
        return self._missing(pairs, best)

    def _missing(self, pairs: Collection[Rows], best: Rows) -> Cause:
        """Nothing keeps them apart: what would join them is not there, or not enough."""
        sharing = {pair: shared for pair in pairs if (shared := self._blocked_of(pair))}
        if sharing:
            pair = max(sharing, key=lambda pair: (pair in self.scene.edges, pair))
            return self._of(BLOCKED, pair, ", ".join(sorted(sharing[pair])))
        ids = self.scene.everyone
        joined = sorted({why for a, b in pairs if (why := self.so_far.get((ids[a], ids[b])))})
        return self._of(TOO_LITTLE if best in self.scene.edges else NOTHING, best, ", ".join(joined))

    def _of(self, kind: str, pair: Rows, detail: str = "") -> Cause:
        edge = self._edge(pair)
        return Cause(kind, pair, edge if edge.fields or pair in self.scene.edges else None, detail)

    def _differ(self, pair: Rows) -> Cause:
        levels = self._edge(pair).levels
        fields = [name for name, level, _ in levels if name in _ONCE and level == "different"]
        return self._of(CONTRADICTED, pair, ", ".join(fields))

    def _edge(self, pair: Rows) -> Edge:
        """What comparing the two comes to, also where nothing brought them together, or a person kept them apart."""
        if pair in self.scene.edges:
            return self.scene.edges[pair]
        edge = scored([pair], self.scene.scales, self.scene.thresholds)[pair]
        return edge if edge.bits > 0 else replace(edge, reason=NOT_ALIKE)

    def _contradicting(self, pairs: Sequence[Rows]) -> list[Rows]:
        found = self.scene.contradicts(np.array(pairs, dtype=np.int32)).tolist()
        return [pair for pair, no in zip(pairs, found, strict=True) if no]

    def _blocked_of(self, pair: Rows) -> set[str]:
        one, other = (self.blocked.get(self.scene.everyone[row], set()) for row in pair)
        return {namespace for namespace, _ in one & other}


# Of these source profiles, who bears which values that are blocked.
BLOCKED_BY_BEARER = """
SELECT source_profile_id, namespace, index FROM records_identifier
WHERE source_profile_id = ANY(%(ids)b::uuid[]) AND (namespace, index) IN (
    SELECT * FROM unnest(%(blocked_names)b::text[], %(blocked_indexes)b::bytea[])
)
"""


def blocked_of(ids: Collection[UUID], nobodys: Blocked) -> Bearers:
    """The blocked values that each of these bears."""
    asked = {name: value for name, value in nobodys.parameters.items() if name != "blocked_devices"}
    found: dict[UUID, set[tuple[str, bytes]]] = defaultdict(set)
    for id, namespace, index in answer(Question(BLOCKED_BY_BEARER, {**asked, "ids": Uuids(ids)}, list)):
        found[id].add((namespace, bytes(index)))
    return found


def joined_so_far(ids: Collection[UUID]) -> dict[tuple[UUID, UUID], str]:
    """Of each pair of these by which the ledger has joined somebody the reason; the pair in either order."""
    entries = Assignment.objects.current().filter(source_profile__in=ids, evidence__has_key="with")
    found = {}
    for id, with_, reason in entries.values_list("source_profile_id", "evidence__with", "reason"):
        found[id, UUID(with_)] = found[UUID(with_), id] = reason
    return found


def in_words(kind: str, detail: str) -> str:
    """A cause as people say it: "birth date plainly differs"."""
    if kind == CONTRADICTED:
        fields = _named(detail) or ["what one person has only once"]
        return f"{' and '.join(fields)} plainly {'differs' if len(fields) == 1 else 'differ'}"
    if kind == LIMIT:
        return f"limit on {detail.replace('_', ' ')}"
    if kind == BLOCKED:
        return f"the same {' and '.join(_named(detail))}, which is blocked and tells nothing"
    so_far = f"; so far joined by: {detail}" if detail else ""
    return f"{_WORDS[kind]}{so_far}" if kind in _WORDS else ""


def shortened(detail: str, most: int) -> str:
    """As much of the detail as so many letters hold: whole parts of it, or whole words of the first."""
    if len(detail) <= most:
        return detail
    return detail[: most + 2].rpartition(", ")[0] or detail[: most + 1].rpartition(" ")[0] or detail[:most]


def _named(detail: str) -> list[str]:
    """The names of fields and kinds of identifier, as people say them."""
    return [words.in_words(name).lower() for name in detail.split(", ") if name]
