"""The scene of one batch: everybody whom it is about, what speaks for joining them, and where they belong so far."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import TypeVar
from uuid import UUID

import numpy as np

from consent.decide import decide_each
from consent.rules import EXPIRED, NEVER_SAID, ONLY_SOME_DEVICES, OUTDATED, SAID_NO, UNCONFIRMED
from identity import blocked, candidates, crowds
from identity.blocked import Blocked
from identity.candidates import EXCLUSIVE, Pair
from identity.learning import LINKING, active_model
from identity.limiting import Limiting, limiting
from identity.matching import (
    COMPARISONS,
    LINK,
    NO_EVIDENCE,
    Contradiction,
    Levels,
    Model,
    People,
    Person,
    Scores,
    compare,
    contradicts,
    log_odds,
    score,
)
from identity.matching.waterfall import Step, steps_of
from identity.models import CANNOT_LINK, SIGNED_IN
from identity.persons import known, open_persons
from identity.profiles import profile_of, source_profiles_of
from records.source_profiles import standing
from vault.cursors import binary_cursor
from vault.grants import Actor
from vault.ids import in_order

STAGE = Actor.machine("resolve")
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
# Why a link that was made no longer stands: what the person said of it, or no longer says.
OBJECTIONS = {SAID_NO, NEVER_SAID, EXPIRED, OUTDATED, UNCONFIRMED, ONLY_SOME_DEVICES}
SURE_BITS = log_odds(LINK) + 1.0
# Smaller is rounding.
LEAST_REST = 0.1


T = TypeVar("T")
# Two rows of a scene, the lower first.
Rows = tuple[int, int]


@dataclass(frozen=True, eq=False, slots=True)
class Compared:
    """What comparing pairs found: their levels of agreement, shape (pairs, comparisons), and their scores."""

    levels: Levels
    scores: Scores
    fields: list[int]

    def steps(self, row: int) -> list[Step]:
        """The odds before any evidence, what each comparison adds, and what a shared household or a contradiction takes
        off: levels and bits, which sum to the odds of the pair."""
        return steps_of(self.levels, self.scores, row)


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


@dataclass
class Scene:
    """Everybody whom this batch is about, what speaks for joining them, and where they belong so far.

    They are rows, numbered in the order of their ids, in `everyone`: numbers are compared and sorted ten times as fast.
    `parting` leave the profile that they are in: they no longer agree to being linked. Whoever was there with them is
    `loosened`, and goes where the other evidence says; a restriction leaves things as they are. Of the profiles that
    are crowds only a few source profiles are here; they stand for all.
    """

    fresh: set[int]
    parting: set[int]
    loosened: dict[int, UUID]
    everyone: list[UUID]
    place: dict[UUID, int]
    trusted: set[int]
    belongs: dict[int, UUID]
    crowds: set[UUID]
    edges: dict[Rows, Edge]
    apart: set[Rows]
    people: People
    contradicts: Contradiction
    limits: Limiting
    version: str


def look_around(fresh: set[UUID], *, now: datetime, passed: frozenset[UUID] = frozenset()) -> Scene:
    """The scene around these source profiles: their candidates, and whoever stands for the profiles of those.

    It is looked at once more with all whom somebody who objects held together, and past those (`passed`) who may not
    be linked, since others may meet behind them.
    """
    nobodys = blocked.standing()
    newcomers, linkable, objecting = _open(fresh, now, nobodys)
    candidates.keep_tokens({id: newcomers[id] for id in known(newcomers)})
    shared = candidates.by_identifier(fresh, nobodys, passed)
    alike = candidates.by_token(fresh)
    signed_in, on_device = candidates.by_sign_in(fresh, nobodys), candidates.by_device(fresh, nobodys)
    verdicts = _verdicts(fresh)
    met = {id for pair in (*shared, *alike, *signed_in, *on_device, *verdicts) for id in pair} | fresh
    homes = profile_of(met)
    needed = {id for pair in (*signed_in, *on_device) if homes.get(pair[0]) != homes.get(pair[1]) for id in pair}
    company = crowds.company(set(homes.values()), met=met, needed=needed, exclusive=EXCLUSIVE)
    belongs = {id: home for id, home in homes.items() if id in fresh} | company.belongs
    unopened = ((met - homes.keys()) | belongs.keys()) - newcomers.keys()
    others, may_be_linked, object_too = _open(unopened, now, nobodys)
    persons, linkable = newcomers | others, linkable | may_be_linked
    parting = _parting(belongs, objecting | object_too, crowds=company.crowds)
    candidates.forget(objecting | object_too)
    left = {belongs[id] for id in parting}
    held = {id for ids in source_profiles_of(left).values() for id in ids} if left else set()
    met_first = {id for pair, namespaces in shared.items() if not namespaces.isdisjoint(EXCLUSIVE) for id in pair}
    shut = (met_first & persons.keys()) - linkable
    if held - fresh or shut - passed:
        return look_around(fresh | held, now=now, passed=passed | shut)
    everyone = in_order(persons)
    place = {id: row for row, id in enumerate(everyone)}
    people = People.build(everyone, [persons[id] for id in everyone])
    model, version = active_model()
    at = {id: place[id] for id in linkable}
    edges = _scored(_within(at, (*shared, *alike)), people, model)
    _add_certain(edges, _within(at, signed_in), SIGNED_IN)
    _add_exclusive(edges, _by_rows(at, shared), people, model)
    _add_devices(edges, _within(at, on_device))
    ruled = _by_rows(place, _verdicts(everyone))
    _add_verdicts(edges, ruled, set(at.values()))
    settled = {place[id]: profile for id, profile in belongs.items() if id in persons and id not in parting}
    loose = {row: profile for row, profile in settled.items() if profile in left and everyone[row] in linkable}
    stay = {row: profile for row, profile in settled.items() if row not in loose}
    return Scene(
        fresh={place[id] for id in fresh | parting},
        parting={place[id] for id in parting},
        loosened=loose,
        everyone=everyone,
        place=place,
        trusted={place[id] for id in _trusted(persons)},
        belongs=stay,
        crowds=company.crowds,
        edges=edges,
        apart={pair for pair, verdict in ruled.items() if verdict == CANNOT_LINK},
        people=people,
        contradicts=partial(contradicts, people, model),
        limits=limiting(everyone, stay, company.crowds, nobodys),
        version=version,
    )


def _trusted(persons: Mapping[UUID, Person]) -> set[UUID]:
    """Those that stand for a known person: of a trusted source, and not a device that nobody has called theirs."""
    named = known(persons)
    found = standing(persons.keys())
    return {id for id, one in found.items() if one.trusted and (not one.episode or id in named)}


def _open(ids: Iterable[UUID], now: datetime, nobodys: Blocked) -> tuple[dict[UUID, Person], set[UUID], set[UUID]]:
    """The persons behind these source profiles, which may be linked, and which object to it; of those that may not
    be linked nothing is opened. A restriction leaves things as they are: it is no objection.
    """
    wanted = {id: (id,) for id in ids}
    decisions = decide_each(wanted, purpose=LINKING, at=now, actor=STAGE, reason="resolve source profiles")
    opened = open_persons(decisions.allowed, decisions.grant, nobodys)
    objecting = {id for id, reason in decisions.refused.items() if reason in OBJECTIONS}
    return {id: opened.get(id, Person()) for id in wanted}, set(decisions.allowed), objecting


def _parting(belongs: Mapping[UUID, UUID], objecting: set[UUID], *, crowds: Collection[UUID]) -> set[UUID]:
    """Those of the objecting that leave their profile: all of them, but for one where nobody else would stay."""
    members: dict[UUID, list[UUID]] = defaultdict(list)
    for id in in_order(belongs):
        members[belongs[id]].append(id)
    leaving = set()
    for profile, ids in members.items():
        out = [id for id in ids if id in objecting]
        leaving |= set(out if len(out) < len(ids) or profile in crowds else out[1:])
    return leaving


def _within(place: Mapping[UUID, int], pairs: Iterable[Pair]) -> set[Rows]:
    """The pairs of which both have a place."""
    return {(place[left], place[right]) for left, right in pairs if left in place and right in place}


def _by_rows(place: Mapping[UUID, int], found: Mapping[Pair, T]) -> dict[Rows, T]:
    """What was found of the pairs of which both have a place."""
    return {
        (place[left], place[right]): what for (left, right), what in found.items() if left in place and right in place
    }


# The standing verdicts on any of these.
VERDICTS = """
SELECT left_id, right_id, verdict FROM identity_verdict
WHERE undone_at IS NULL AND (left_id = ANY(%(ids)b::uuid[]) OR right_id = ANY(%(ids)b::uuid[]))
"""


def _verdicts(ids: Collection[UUID]) -> dict[Pair, str]:
    with binary_cursor() as cursor:
        cursor.execute(VERDICTS, {"ids": list(ids)})
        return {(left, right): verdict for left, right, verdict in cursor.fetchall()}


def _scored(pairs: Iterable[Rows], people: People, model: Model) -> dict[Rows, Edge]:
    wanted = sorted(pairs)
    rows = np.array(wanted, dtype=np.int32).reshape(-1, 2)
    levels = compare(people, rows)
    scores = score(levels, model, people=people, pairs=rows)
    compared = Compared(levels, scores, (levels != NO_EVIDENCE).sum(axis=1).tolist())
    email = [comparison.name for comparison in COMPARISONS].index("email")
    same_email = levels[:, email] == len(COMPARISONS[email].levels) - 1
    # One place more than there are values, so that the code of a missing e-mail (-1) finds it.
    shared_email = np.append(people.shared_emails.household, True)[people.email.codes[rows[:, 0]]]
    sure = (same_email & ~shared_email & ~scores.contradiction).tolist()
    bits = scores.log_odds.tolist()
    edges = {}
    for row, pair in enumerate(wanted):
        if sure[row]:
            weight = max(bits[row], SURE_BITS)
            edges[pair] = Edge(weight, SAME_EMAIL, compared=compared, row=row, claims=((SAME_EMAIL, weight),))
        else:
            edges[pair] = Edge(bits[row], SIMILAR, compared=compared, row=row)
    return edges


def _add_certain(edges: dict[Rows, Edge], pairs: Iterable[Rows], reason: str) -> None:
    for pair in pairs:
        edge = edges.get(pair, Edge(0.0, reason))
        claims = (*edge.claims, (reason, 2 * SURE_BITS))
        edges[pair] = replace(edge, bits=2 * SURE_BITS, reason=reason, exact=True, claims=claims)


def _add_exclusive(edges: dict[Rows, Edge], shared: Mapping[Rows, set[str]], people: People, model: Model) -> None:
    """Pairs that share an exclusive identifier are one, unless who bears it is plainly somebody else."""
    pairs = [pair for pair, namespaces in sorted(shared.items()) if not namespaces.isdisjoint(EXCLUSIVE)]
    rows = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    for pair, contradict in zip(pairs, contradicts(people, model, rows).tolist(), strict=True):
        for namespace in EXCLUSIVE:
            if not contradict and namespace in shared[pair]:
                _add_certain(edges, [pair], EXCLUSIVE_REASONS[namespace])


def _add_devices(edges: dict[Rows, Edge], pairs: Iterable[Rows]) -> None:
    for pair in pairs:
        if pair not in edges or not edges[pair].exact:
            edges[pair] = Edge(SURE_BITS, SAME_DEVICE)


def _add_verdicts(edges: dict[Rows, Edge], verdicts: Mapping[Rows, str], linkable: Collection[int]) -> None:
    for pair, verdict in verdicts.items():
        if verdict == CANNOT_LINK:
            edges.pop(pair, None)
        elif pair[0] in linkable and pair[1] in linkable:
            edges[pair] = Edge(2 * SURE_BITS, VERDICT, exact=True)


def ordered(one: int, other: int) -> Rows:
    """The pair with the lower row first."""
    return (one, other) if one < other else (other, one)
