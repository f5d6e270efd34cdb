"""The scene of one batch: everybody whom it is about, what speaks for joining them, and where they belong so far."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import numpy as np

from consent.decide import Decisions, decide_each
from consent.rules import EXPIRED, NEVER_SAID, ONLY_SOME_DEVICES, OUTDATED, SAID_NO, UNCONFIRMED
from identity import blocked, candidates, crowds, devices, ledger, limits, matching_views
from identity import rules as rules_of
from identity.blocked import Blocked
from identity.candidates import EXCLUSIVE, NO_TOKENS, Pair
from identity.learning import LINKING
from identity.limiting import Limiting, limiting
from identity.matching import LINK, Contradiction, Person, log_odds
from identity.matching.waterfall import Step
from identity.models import CANNOT_LINK, SIGNED_IN
from identity.persons import NOBODY, known, latest_values, open_persons, views, without_view
from identity.profiles import current, former, merged_by_hand, source_profiles_of
from identity.rules import Rules, Thresholds
from identity.weighing import Compared, Rows, Weighing, weighing
from records.source_profiles import Standing, standing
from vault.arrays import Uuids
from vault.grants import Actor
from vault.ids import in_order
from vault.questions import Asked, Question, answer, ask, hand_over, joined
from vault.questions import Rows as Found

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
    `loosened`, and goes where the other evidence says; `tied` are pairs of those that are one person without whoever
    leaves, and stay so whatever the limits say now. A restriction leaves things as they are. Of the profiles that are
    crowds only a few source profiles are here; they stand for all. `reviews` are pairs of these that wait for a person,
    each with its id; `former` the profiles that the fresh and the parting were in before, by whoever's hand. Those that
    may not be linked are `objecting`, or `restricted` and left where they are.
    """

    fresh: set[int]
    parting: set[int]
    loosened: dict[int, UUID]
    tied: list[Rows]
    everyone: list[UUID]
    place: dict[UUID, int]
    trusted: set[int]
    belongs: dict[int, UUID]
    crowds: set[UUID]
    edges: dict[Rows, Edge]
    apart: set[Rows]
    contradicts: Contradiction
    limits: Limiting
    thresholds: Thresholds
    version: str
    reviews: list[tuple[UUID, UUID, str]]
    former: set[UUID]
    objecting: set[int]
    restricted: set[int]


# A scene is looked at again so many times at most, where somebody who may not be linked stands between others.
MOST_LOOKS = 4


def look_around(
    source_profiles: Collection[UUID],
    *,
    now: datetime,
    nobodys: Blocked | None = None,
    trial: Rules | None = None,
    anew: bool = False,
) -> Scene:
    """The scene around these source profiles: their candidates, and whoever stands for the profiles of those.

    Those that were joined to somebody by a sign-in that proved to be no reason to belong nowhere from now on. `nobodys`
    are the blocked values, where they have been asked for already. It is looked at once more with all whom somebody who
    objects held together, and past those who may not be linked, since others may meet behind them.

    `anew`: what the ledger has joined is asked anew, but for what a person did. So it is with rules on `trial`, for
    which nothing is written.
    """
    nobodys = nobodys or blocked.standing()
    around, passed = set(source_profiles), frozenset[UUID]()
    for _ in range(MOST_LOOKS):
        sight = _look(around, passed, nobodys, trial, now, anew or trial is not None)
        if sight.held <= around and sight.shut <= passed:
            break
        around, passed = around | sight.held, passed | _shut_beside(sight.shut - passed, nobodys, now)
    return _scene(sight)


@dataclass
class _Sight:
    """What one look finds. `held` are all who were in a profile with somebody who leaves it; `shut` those whom others
    would meet by an exclusive identifier, were it not that they may not be linked."""

    fresh: set[UUID]
    persons: dict[UUID, Person]
    linkable: set[UUID]
    shared: dict[Pair, set[str]]
    alike: set[Pair]
    signed_in: set[Pair]
    on_device: set[Pair]
    belongs: dict[UUID, UUID]
    crowds: set[UUID]
    objecting: set[UUID]
    parting: set[UUID]
    held: set[UUID]
    shut: set[UUID]
    everyone: list[UUID]
    nobodys: Blocked
    rules: Rules
    told: Asked[Any]


def _look(
    source_profiles: Collection[UUID],
    passed: frozenset[UUID],
    nobodys: Blocked,
    trial: Rules | None,
    now: datetime,
    anew: bool,
) -> _Sight:
    sharing = ask(candidates.by_identifier(source_profiles, nobodys, passed))
    asked = ask(
        joined(
            standing(source_profiles),
            devices.disowned(source_profiles),
            candidates.by_sign_in(source_profiles, nobodys),
            candidates.by_device(source_profiles, nobodys),
            _verdicts(source_profiles),
            rules_of.which_hold(),
        )
    )
    opened, linkable, objecting = _open(_ask_leave(source_profiles, now, nobodys, by_value=True))
    shared = sharing.answer()
    found, no_more, signed_in, on_device, verdicts, hold = asked.answer()
    rules = trial or rules_of.found_in_force(hold)
    fresh = set(found)
    newcomers = {id: person for id, person in opened.items() if id in fresh}
    linkable, objecting = linkable & fresh, objecting & fresh
    made = NO_TOKENS
    if trial is None:
        devices.reject(no_more)
        ledger.release(no_more.source_profiles, now=now)
        made = candidates.tokens_of({id: newcomers[id] for id in known(newcomers)}, providers=rules.model.providers)
    alike = answer(candidates.by_token(fresh, made))
    met = {id for pair in (*shared, *alike, *signed_in, *on_device, *verdicts) for id in pair} | fresh
    belonging = merged_by_hand if anew else current
    homes, members = answer(joined(belonging(met), crowds.members_around(met)))
    needed = {id for pair in (*signed_in, *on_device) if homes.get(pair[0]) != homes.get(pair[1]) for id in pair}
    members = {profile: members[profile] for profile in set(homes.values())}
    company = crowds.company(members, met=met, needed=needed, exclusive=EXCLUSIVE)
    belongs = {id: home for id, home in homes.items() if id in fresh} | company.belongs
    strangers = ((met - homes.keys()) | belongs.keys()) - newcomers.keys()
    everyone = in_order(newcomers.keys() | strangers)
    leave = _ask_leave(strangers, now, nobodys)
    if trial is None:
        # The server is at it while those who are known already are opened.
        candidates.keep_tokens(made)
        hand_over()
    others, may_be_linked, object_too = _open(leave)
    if trial is None:
        _keep_views({**newcomers, **{id: others[id] for id in (leave.bare if leave else ())}})
    told = ask(
        joined(
            limits.which_stand(),
            standing(everyone),
            _verdicts(everyone),
            _in_review(everyone),
            former(everyone),
        )
    )
    persons, linkable = newcomers | others, linkable | may_be_linked
    parting = _parting(belongs, objecting | object_too, crowds=company.crowds)
    if trial is None:
        candidates.forget(objecting | object_too)
    vacated = {belongs[id] for id in parting}
    held = {id for ids in source_profiles_of(vacated).values() for id in ids} if vacated else set()
    met_first = {id for pair, namespaces in shared.items() if not namespaces.isdisjoint(EXCLUSIVE) for id in pair}
    shut = (met_first & persons.keys()) - linkable
    return _Sight(
        fresh=fresh,
        persons=persons,
        linkable=linkable,
        shared=shared,
        alike=alike,
        signed_in=signed_in,
        on_device=on_device,
        belongs=belongs,
        crowds=company.crowds,
        objecting=objecting | object_too,
        parting=parting,
        held=held,
        shut=shut,
        everyone=everyone,
        nobodys=nobodys,
        rules=rules,
        told=told,
    )


def _shut_beside(shut: Collection[UUID], nobodys: Blocked, now: datetime) -> frozenset[UUID]:
    """These and all who bear an exclusive identifier with them and may not be linked either, asked at once: one card
    may have served a thousand who object."""
    asked = {id: (id,) for id in {*shut, *answer(candidates.beside(shut, nobodys))}}
    decisions = decide_each(asked, purpose=LINKING, at=now, actor=STAGE, reason="resolve source profiles")
    return frozenset(asked.keys() - decisions.allowed)


def _scene(sight: _Sight) -> Scene:
    """The people seen as rows, with what speaks for joining them."""
    place = {id: row for row, id in enumerate(sight.everyone)}
    scales = weighing([sight.persons[id] for id in sight.everyone], sight.rules.model)
    thresholds = sight.rules.thresholds
    at = {id: place[id] for id in sight.linkable}
    edges = _scored(_within(at, (*sight.shared, *sight.alike)), scales, thresholds)
    limited, believed, verdicts, reviews, left = sight.told.answer()
    _add_certain(edges, _within(at, sight.signed_in), SIGNED_IN)
    _add_exclusive(edges, _by_rows(at, sight.shared), scales)
    if thresholds.same_device:
        _add_devices(edges, _within(at, sight.on_device), thresholds)
    ruled = _by_rows(place, verdicts)
    parting = {place[id] for id in sight.parting}
    _add_verdicts(edges, ruled, set(at.values()))
    vacated = {sight.belongs[id] for id in sight.parting}
    settled = {place[id]: profile for id, profile in sight.belongs.items() if id in place and place[id] not in parting}
    linkable = set(at.values())
    loose = {row: profile for row, profile in settled.items() if profile in vacated and row in linkable}
    stay = {row: profile for row, profile in settled.items() if row not in loose}
    return Scene(
        fresh={place[id] for id in sight.fresh} | parting,
        parting=parting,
        loosened=loose,
        tied=_tied(edges, loose, thresholds),
        everyone=sight.everyone,
        place=place,
        trusted={place[id] for id in _trusted(sight.persons, believed)},
        belongs=stay,
        crowds=sight.crowds,
        edges=edges,
        apart={pair for pair, verdict in ruled.items() if verdict == CANNOT_LINK},
        contradicts=scales.contradicts,
        limits=limiting(
            limited, sight.everyone, _joining(edges, settled, thresholds), stay, sight.crowds, sight.nobodys
        ),
        thresholds=thresholds,
        version=sight.rules.version,
        reviews=reviews,
        former={profile for id, profile in left if id in sight.fresh or id in sight.parting},
        objecting={place[id] for id in sight.objecting},
        restricted={place[id] for id in sight.persons.keys() - sight.linkable - sight.objecting},
    )


def _joining(edges: Mapping[Rows, Edge], belongs: Mapping[int, UUID], thresholds: Thresholds) -> set[int]:
    """Those whom a strong edge may join to somebody, and all who are in a profile with them."""
    least = log_odds(thresholds.link)
    rows = {row for pair, edge in edges.items() if edge.bits >= least for row in pair}
    profiles = {belongs[row] for row in rows if row in belongs}
    return rows | {row for row, profile in belongs.items() if profile in profiles}


def _tied(edges: Mapping[Rows, Edge], loose: Mapping[int, UUID], thresholds: Thresholds) -> list[Rows]:
    """The pairs of those whom somebody left behind in one profile that are one person without them."""
    least = log_odds(thresholds.link)
    together = [pair for pair in sorted(edges) if pair[0] in loose and loose[pair[0]] == loose.get(pair[1])]
    return [pair for pair in together if edges[pair].bits >= least]


def _trusted(persons: Mapping[UUID, Person], believed: Mapping[UUID, Standing]) -> set[UUID]:
    """Those that stand for a known person: of a trusted source, and not a device that nobody has called theirs."""
    named = known(persons)
    return {id for id, one in believed.items() if one.trusted and (not one.episode or id in named)}


@dataclass(frozen=True)
class _Leave:
    """What may be done with these source profiles, and what they last said, as it is kept.

    Some may be linked, some object to it: a restriction leaves things as they are, and is no objection. `viewed` are
    those that have a matching view; of the `bare` others that may be opened it is asked value by value.
    """

    ids: Collection[UUID]
    decisions: Decisions[UUID]
    linkable: set[UUID]
    objecting: set[UUID]
    viewed: Found
    bare: Collection[UUID]
    asked: Asked[Found] | None


def _ask_leave(ids: Collection[UUID], now: datetime, nobodys: Blocked, *, by_value: bool = False) -> _Leave | None:
    """Ask for all of these; `by_value` of those of whom there is news, so that no view is theirs any more."""
    if not ids:
        return None
    asked: Asked[Found] | None = ask(latest_values(ids, nobodys)) if by_value else None
    seen = None if by_value else ask(views(ids))
    each = {id: (id,) for id in ids}
    decisions = decide_each(each, purpose=LINKING, at=now, actor=STAGE, reason="resolve source profiles")
    objecting = {id for id, reason in decisions.refused.items() if reason in OBJECTIONS}
    viewed = seen.answer() if seen else []
    bare = without_view(decisions.allowed, viewed)
    if bare and not asked:
        asked = ask(latest_values(bare, nobodys))
    return _Leave(ids, decisions, set(decisions.allowed), objecting, viewed, bare, asked)


def _open(leave: _Leave | None) -> tuple[dict[UUID, Person], set[UUID], set[UUID]]:
    """The persons behind these source profiles, which may be linked, and which object to it; of those that may not be
    linked nothing is opened.
    """
    if leave is None:
        return {}, set(), set()
    said = leave.viewed + (leave.asked.answer() if leave.asked else [])
    opened = open_persons(leave.decisions.allowed, leave.decisions.grant, found=said)
    return {id: opened.get(id, NOBODY) for id in leave.ids}, leave.linkable, leave.objecting


def _keep_views(persons: Mapping[UUID, Person]) -> None:
    matching_views.keep({id: persons[id] for id in known(persons)})


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


def _verdicts(ids: Collection[UUID]) -> Question[dict[Pair, str]]:
    return Question(
        VERDICTS, {"ids": Uuids(ids)}, lambda rows: {(left, right): verdict for left, right, verdict in rows}
    )


# Pairs that wait for review, among these source profiles.
IN_REVIEW = """
SELECT left_id, right_id, id::text FROM identity_match
WHERE state = 'in_review' AND left_id = ANY(%(ids)b::uuid[]) AND right_id = ANY(%(ids)b::uuid[])
"""


def _in_review(ids: Collection[UUID]) -> Question[list[Any]]:
    return Question(IN_REVIEW, {"ids": Uuids(ids)}, list)


def _scored(pairs: Iterable[Rows], scales: Weighing, thresholds: Thresholds) -> dict[Rows, Edge]:
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


def _add_certain(edges: dict[Rows, Edge], pairs: Iterable[Rows], reason: str) -> None:
    for pair in pairs:
        edge = edges.get(pair, Edge(0.0, reason))
        claims = (*edge.claims, (reason, 2 * SURE_BITS))
        edges[pair] = replace(edge, bits=2 * SURE_BITS, reason=reason, exact=True, claims=claims)


def _add_exclusive(edges: dict[Rows, Edge], shared: Mapping[Rows, set[str]], scales: Weighing) -> None:
    """Pairs that share an exclusive identifier are one, unless who bears it is plainly somebody else."""
    pairs = [pair for pair, namespaces in sorted(shared.items()) if not namespaces.isdisjoint(EXCLUSIVE)]
    if not pairs:
        return
    contradict = scales.contradicts(np.array(pairs, dtype=np.int32)).tolist()
    for pair, no in zip(pairs, contradict, strict=True):
        for namespace in EXCLUSIVE:
            if not no and namespace in shared[pair]:
                _add_certain(edges, [pair], EXCLUSIVE_REASONS[namespace])


def _add_devices(edges: dict[Rows, Edge], pairs: Iterable[Rows], thresholds: Thresholds) -> None:
    for pair in pairs:
        if pair not in edges or not edges[pair].exact:
            edges[pair] = Edge(thresholds.sure_bits, SAME_DEVICE)


def _add_verdicts(edges: dict[Rows, Edge], verdicts: Mapping[Rows, str], linkable: Collection[int]) -> None:
    for pair, verdict in verdicts.items():
        if verdict == CANNOT_LINK:
            edges.pop(pair, None)
        elif pair[0] in linkable and pair[1] in linkable:
            edges[pair] = Edge(2 * SURE_BITS, VERDICT, exact=True)


def ordered(one: int, other: int) -> Rows:
    """The pair with the lower row first."""
    return (one, other) if one < other else (other, one)
