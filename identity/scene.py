"""The scene of one batch: everybody whom it is about, what speaks for joining them, and where they belong so far."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from consent.decide import decide_each
from consent.rules import EXPIRED, NEVER_SAID, ONLY_SOME_DEVICES, OUTDATED, SAID_NO, UNCONFIRMED
from identity import candidates, crowds
from identity.candidates import EXCLUSIVE, Pair
from identity.learning import LINKING, active_model
from identity.matching import (
    COMPARISONS,
    LINK,
    Contradiction,
    Model,
    People,
    Person,
    Scores,
    compare,
    contradicts,
    evidence,
    log_odds,
    score,
)
from identity.models import CANNOT_LINK, SIGNED_IN
from identity.persons import known, open_persons
from identity.profiles import profile_of
from records.source_profiles import standing
from vault.cursors import binary_cursor
from vault.grants import Actor

STAGE = Actor.machine("resolve")
SAME_DEVICE, SAME_EMAIL, SIMILAR, VERDICT = (
    "same device",
    "same e-mail",
    "similar person",
    "verdict",
)
EXCLUSIVE_REASONS = {namespace: f"same {namespace.replace('_', ' ')}" for namespace in EXCLUSIVE}
# Why a link that was made no longer stands: what the person said of it, or no longer says.
OBJECTIONS = {SAID_NO, NEVER_SAID, EXPIRED, OUTDATED, UNCONFIRMED, ONLY_SOME_DEVICES}
SURE_BITS = log_odds(LINK) + 1.0
# Smaller is rounding.
LEAST_REST = 0.1


@dataclass
class Edge:
    """Why two source profiles may be one: bits for it (log2 odds), the reason, levels of agreement. Exact: certain."""

    bits: float
    reason: str
    exact: bool = False
    levels: list[tuple[str, str, float]] = field(default_factory=list)

    @property
    def probability(self) -> float:
        """That the two are one person."""
        return 1.0 if self.exact else 1 / (1 + 2 ** min(-self.bits, 1_000))


@dataclass
class Scene:
    """Everybody whom this batch is about, what speaks for joining them, and where they belong so far.

    `parting` leave the profile that they are in: they no longer agree to being linked. Of the profiles that are crowds
    only a few source profiles are here; they stand for all.
    """

    fresh: set[UUID]
    parting: set[UUID]
    everyone: list[UUID]
    place: dict[UUID, int]
    trusted: set[UUID]
    belongs: dict[UUID, UUID]
    crowds: set[UUID]
    edges: dict[Pair, Edge]
    apart: set[Pair]
    people: People
    contradicts: Contradiction
    version: str


def look_around(fresh: set[UUID], *, now: datetime) -> Scene:
    """The scene around these source profiles: their candidates, and whoever stands for the profiles of those."""
    newcomers, linkable, objecting = _open(fresh, now)
    candidates.keep_tokens({id: newcomers[id] for id in known(newcomers)})
    shared = candidates.by_identifier(fresh)
    alike = candidates.by_token(fresh)
    signed_in, on_device = candidates.by_sign_in(fresh), candidates.by_device(fresh)
    verdicts = _verdicts(fresh)
    met = {id for pair in (*shared, *alike, *signed_in, *on_device, *verdicts) for id in pair} | fresh
    homes = profile_of(met)
    needed = {id for pair in (*signed_in, *on_device) if homes.get(pair[0]) != homes.get(pair[1]) for id in pair}
    company = crowds.company(set(homes.values()), met=met, needed=needed, exclusive=EXCLUSIVE)
    belongs = {id: home for id, home in homes.items() if id in fresh} | company.belongs
    others, may_be_linked, object_too = _open((met - homes.keys()) | belongs.keys(), now, without=newcomers.keys())
    persons, linkable = newcomers | others, linkable | may_be_linked
    parting = _parting(belongs, objecting | object_too, crowds=company.crowds)
    candidates.forget(objecting | object_too)
    everyone = sorted(persons)
    people = People.build(everyone, [persons[id] for id in everyone])
    model, version = active_model()
    edges = _scored(_within(linkable, shared.keys() | alike), everyone, people, model)
    _add_certain(edges, _within(linkable, signed_in), SIGNED_IN)
    _add_exclusive(edges, {pair: shared[pair] for pair in _within(linkable, shared)}, everyone, people, model)
    _add_devices(edges, _within(linkable, on_device))
    verdicts = {pair: verdict for pair, verdict in _verdicts(everyone).items() if pair in _within(persons, [pair])}
    _add_verdicts(edges, verdicts, linkable)
    return Scene(
        fresh=fresh | parting,
        parting=parting,
        everyone=everyone,
        place={id: row for row, id in enumerate(everyone)},
        trusted=_trusted(persons),
        belongs={id: profile for id, profile in belongs.items() if id in persons and id not in parting},
        crowds=company.crowds,
        edges=edges,
        apart={pair for pair, verdict in verdicts.items() if verdict == CANNOT_LINK},
        people=people,
        contradicts=partial(contradicts, people, model),
        version=version,
    )


def _trusted(persons: Mapping[UUID, Person]) -> set[UUID]:
    """Those that stand for a known person: of a trusted source, and not a device that nobody has called theirs."""
    named = known(persons)
    found = standing(persons.keys())
    return {id for id, one in found.items() if one.trusted and (not one.episode or id in named)}


def _open(
    ids: Iterable[UUID], now: datetime, *, without: Collection[UUID] = ()
) -> tuple[dict[UUID, Person], set[UUID], set[UUID]]:
    """The persons behind these source profiles, which may be linked, and which object to it; of those that may not
    be linked nothing is opened. A restriction leaves things as they are: it is no objection.
    """
    wanted = {id: (id,) for id in ids if id not in without}
    decisions = decide_each(wanted, purpose=LINKING, at=now, actor=STAGE, reason="resolve source profiles")
    opened = open_persons(sorted(decisions.allowed), decisions.grant)
    objecting = {id for id, reason in decisions.refused.items() if reason in OBJECTIONS}
    return {id: opened.get(id, Person()) for id in wanted}, set(decisions.allowed), objecting


def _parting(belongs: Mapping[UUID, UUID], objecting: set[UUID], *, crowds: Collection[UUID]) -> set[UUID]:
    """Those of the objecting that leave their profile: all of them, but for one where nobody else would stay."""
    members: dict[UUID, list[UUID]] = defaultdict(list)
    for id in sorted(belongs):
        members[belongs[id]].append(id)
    leaving = set()
    for profile, ids in members.items():
        out = [id for id in ids if id in objecting]
        leaving |= set(out if len(out) < len(ids) or profile in crowds else out[1:])
    return leaving


def _within(ids: Collection[UUID], pairs: Iterable[Pair]) -> set[Pair]:
    """The pairs of which both belong to these."""
    return {pair for pair in pairs if pair[0] in ids and pair[1] in ids}


def _verdicts(ids: Collection[UUID]) -> dict[Pair, str]:
    with binary_cursor() as cursor:
        cursor.execute(VERDICTS, {"ids": list(ids)})
        return {(left, right): verdict for left, right, verdict in cursor.fetchall()}


# The standing verdicts on any of these.
VERDICTS = """
SELECT left_id, right_id, verdict FROM identity_verdict
WHERE undone_at IS NULL AND (left_id = ANY(%(ids)b::uuid[]) OR right_id = ANY(%(ids)b::uuid[]))
"""


def _scored(pairs: Iterable[Pair], everyone: Sequence[UUID], people: People, model: Model) -> dict[Pair, Edge]:
    place = {id: row for row, id in enumerate(everyone)}
    wanted = sorted(pairs)
    rows = np.array([(place[left], place[right]) for left, right in wanted], dtype=np.int32).reshape(-1, 2)
    levels = compare(people, rows)
    scores = score(levels, model, people=people, pairs=rows)
    bits = scores.log_odds
    email = [comparison.name for comparison in COMPARISONS].index("email")
    same_email = levels[:, email] == len(COMPARISONS[email].levels) - 1
    # One place more than there are values, so that the code of a missing e-mail (-1) finds it.
    shared_email = np.append(people.shared_emails.household, True)[people.email.codes[rows[:, 0]]]
    edges = {}
    for row, pair in enumerate(wanted):
        reason = SIMILAR
        weight = float(bits[row])
        if same_email[row] and not shared_email[row] and not scores.contradiction[row]:
            reason, weight = SAME_EMAIL, max(weight, SURE_BITS)
        edges[pair] = _with_rest(Edge(weight, reason, levels=_levels(levels[row], scores, row)))
    return edges


def _levels(levels: NDArray[np.int8], scores: Scores, row: int) -> list[tuple[str, str, float]]:
    """The odds before any evidence, what each comparison adds, and what a shared household or a contradiction takes
    off: levels and bits, which sum to the odds of the pair."""
    against = round(float(scores.alternative[row]), 2)
    found = [("prior", "before any evidence", round(float(scores.base[row]), 2)), *evidence(levels, scores.weight[row])]
    why = ("contradiction", "plainly differ") if scores.contradiction[row] else ("household", "may be two people")
    return [*found, (*why, against)] if against else found


def _with_rest(edge: Edge) -> Edge:
    """The edge with what its reason alone is worth, where that lifts it above its evidence: the levels add up."""
    rest = round(edge.bits - sum(bits for _, _, bits in edge.levels), 2)
    if edge.levels and edge.reason != SIMILAR and abs(rest) >= LEAST_REST:
        edge.levels = [*edge.levels, (edge.reason, "names one person", rest)]
    return edge


def _add_certain(edges: dict[Pair, Edge], pairs: Iterable[Pair], reason: str) -> None:
    for pair in pairs:
        levels = edges[pair].levels if pair in edges else []
        edges[pair] = _with_rest(Edge(2 * SURE_BITS, reason, exact=True, levels=levels))


def _add_exclusive(
    edges: dict[Pair, Edge],
    shared: Mapping[Pair, set[str]],
    everyone: Sequence[UUID],
    people: People,
    model: Model,
) -> None:
    """Pairs that share an exclusive identifier are one, unless who bears it is plainly somebody else."""
    place = {id: row for row, id in enumerate(everyone)}
    reasons = {
        pair: EXCLUSIVE_REASONS[namespace]
        for pair, namespaces in sorted(shared.items())
        for namespace in EXCLUSIVE
        if namespace in namespaces
    }
    rows = np.array([(place[left], place[right]) for left, right in reasons], dtype=np.int32).reshape(-1, 2)
    for (pair, reason), contradict in zip(reasons.items(), contradicts(people, model, rows).tolist(), strict=True):
        if not contradict:
            _add_certain(edges, [pair], reason)


def _add_devices(edges: dict[Pair, Edge], pairs: Iterable[Pair]) -> None:
    for pair in pairs:
        if pair not in edges or not edges[pair].exact:
            edges[pair] = Edge(SURE_BITS, SAME_DEVICE)


def _add_verdicts(edges: dict[Pair, Edge], verdicts: Mapping[Pair, str], linkable: Collection[UUID]) -> None:
    for pair, verdict in verdicts.items():
        if verdict == CANNOT_LINK:
            edges.pop(pair, None)
        elif pair in _within(linkable, [pair]):
            edges[pair] = Edge(2 * SURE_BITS, VERDICT, exact=True)


def ordered(one: UUID, other: UUID) -> Pair:
    """The pair with the lower id first."""
    return (one, other) if one < other else (other, one)
