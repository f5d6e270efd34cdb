"""The scene of one batch: everybody whom it is about, what speaks for joining them, and where they belong so far."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from consent.decide import decide_each
from identity import blocked, candidates, crowds, devices, ledger, limits, matching_views
from identity import rules as rules_of
from identity.blocked import Blocked
from identity.candidates import EXCLUSIVE, NO_TOKENS, Pair, Tokens
from identity.edges import Edge, add_certain, add_devices, add_exclusive, add_verdicts, scored
from identity.leave import STAGE, ask_leave, open_all
from identity.limiting import Limiting, limiting
from identity.matching import Contradiction, Model, Person, log_odds
from identity.models import CANNOT_LINK, LINKING, SIGNED_IN
from identity.persons import known
from identity.profiles import current, former, merged_by_hand, source_profiles_of
from identity.rules import Rules, Thresholds
from identity.weighing import Rows, Weighing, weighing
from records.source_profiles import Standing, standing
from vault.arrays import Uuids
from vault.ids import in_order
from vault.questions import Asked, Question, answer, ask, joined

T = TypeVar("T")


@dataclass
class Scene:
    """Everybody whom this batch is about, what speaks for joining them, and where they belong so far.

    They are rows, numbered in the order of their ids, in `everyone`: numbers are compared and sorted ten times as fast.
    `parting` leave the profile that they are in: they no longer agree to being linked. Whoever was there with them is
    `loosened`, and goes where the other evidence says; `tied` are pairs of those that are one person without whoever
    leaves, and stay so whatever the limits say now. A restriction leaves things as they are. Of the profiles that are
    crowds only a few source profiles are here; they stand for all. `reviews` are pairs of these that wait for a person,
    each with its id; `former` the profiles that the fresh and the parting were in before, by whoever's hand. Those that
    may not be linked are `objecting`, or `restricted` and left where they are. `glimpsed` are those with whom somebody
    shares something and who are not here, since others stand for them, each with its profile.
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
    scales: Weighing
    contradicts: Contradiction
    model: Model
    limits: Limiting
    thresholds: Thresholds
    version: str
    reviews: list[tuple[UUID, UUID, str]]
    former: set[UUID]
    objecting: set[int]
    restricted: set[int]
    glimpsed: Mapping[UUID, UUID | None]
    seen: "Seen"


@dataclass(frozen=True)
class Seen:
    """What a look has made, to be kept by whoever's turn it is: blocking tokens of the newcomers, what was opened value
    by value, and who objects, of whom neither may stay."""

    tokens: Tokens
    newcomers: Mapping[UUID, Person]
    persons: Mapping[UUID, Person]
    objecting: Collection[UUID]

    def without(self, ids: Collection[UUID]) -> "Seen":
        """The same but for these, of whom it is not true any more."""
        return Seen(
            self.tokens.without(ids),
            self.newcomers,
            {id: person for id, person in self.persons.items() if id not in ids},
            [id for id in self.objecting if id not in ids],
        )

    def keep(self) -> None:
        """Keep it; safe to repeat."""
        candidates.keep_tokens(self.tokens)
        matching_views.keep({id: self.persons[id] for id in known(self.persons)})
        candidates.forget(self.objecting)


class NotAlone(Exception):
    """Something is to be put right before anybody can look around."""


# A scene is looked at again so many times at most, where somebody who may not be linked stands between others.
MOST_LOOKS = 4


def look_around(
    source_profiles: Collection[UUID],
    *,
    now: datetime,
    nobodys: Blocked | None = None,
    trial: Rules | None = None,
    anew: bool = False,
    alone: bool = True,
) -> Scene:
    """The scene around these source profiles: their candidates, and whoever stands for the profiles of those. What the
    look has `seen` is still to be kept.

    Those that were joined to somebody by a sign-in that proved to be no reason to belong nowhere from now on. `nobodys`
    are the blocked values, where they have been asked for already. It is looked at once more with all whom somebody who
    objects held together, and past those who may not be linked, since others may meet behind them.

    `anew`: what the ledger has joined is asked anew, but for what a person did. So it is with rules on `trial`, for
    which nothing is written. Who is not `alone` writes nothing either; raises `NotAlone` where that must be.
    """
    nobodys = nobodys or blocked.standing()
    around, passed = set(source_profiles), frozenset[UUID]()
    for _ in range(MOST_LOOKS):
        sight = _look(around, passed, nobodys, trial, now, anew or trial is not None, alone)
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
    glimpsed: Mapping[UUID, UUID | None]
    told: Asked[Any]
    seen: Seen


def _look(
    source_profiles: Collection[UUID],
    passed: frozenset[UUID],
    nobodys: Blocked,
    trial: Rules | None,
    now: datetime,
    anew: bool,
    alone: bool,
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
    # On trial other values may be blocked than when views were made.
    by_value = trial is not None
    mine = ask_leave(source_profiles, now, nobodys, by_value=by_value or not anew)
    opened, linkable, objecting = open_all(mine)
    shared = sharing.answer()
    found, no_more, signed_in, on_device, verdicts, hold = asked.answer()
    rules = trial or rules_of.found_in_force(hold)
    fresh = set(found)
    newcomers = {id: person for id, person in opened.items() if id in fresh}
    linkable, objecting = linkable & fresh, objecting & fresh
    made = NO_TOKENS
    if trial is None:
        if no_more.matches or no_more.source_profiles:
            if not alone:
                raise NotAlone
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
    theirs = ask_leave(strangers, now, nobodys, by_value=by_value)
    others, may_be_linked, object_too = open_all(theirs)
    persons, linkable = newcomers | others, linkable | may_be_linked
    parting = _parting(belongs, objecting | object_too, crowds=company.crowds)
    told = ask(
        joined(
            limits.which_stand(),
            standing(everyone),
            _verdicts(everyone),
            _in_review(everyone),
            former(fresh | parting),
        )
    )
    vacated = {belongs[id] for id in parting}
    held = {id for ids in source_profiles_of(vacated).values() for id in ids} if vacated else set()
    met_first = {id for pair, namespaces in shared.items() if not namespaces.isdisjoint(EXCLUSIVE) for id in pair}
    shut = (met_first & persons.keys()) - linkable
    bare = {id for leave in (mine, theirs) if leave for id in leave.bare}
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
        glimpsed={id: homes.get(id) for id in met.difference(everyone)},
        told=told,
        seen=Seen(made, newcomers, {id: persons[id] for id in bare & persons.keys()}, objecting | object_too),
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
    edges = scored(_within(at, (*sight.shared, *sight.alike)), scales, thresholds)
    limited, believed, verdicts, reviews, left = sight.told.answer()
    add_certain(edges, _within(at, sight.signed_in), SIGNED_IN)
    add_exclusive(edges, _by_rows(at, sight.shared), scales)
    if thresholds.same_device:
        add_devices(edges, _within(at, sight.on_device), thresholds)
    ruled = _by_rows(place, verdicts)
    parting = {place[id] for id in sight.parting}
    add_verdicts(edges, ruled, set(at.values()))
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
        trusted={place[id] for id in trusted(sight.persons, believed)},
        belongs=stay,
        crowds=sight.crowds,
        edges=edges,
        apart={pair for pair, verdict in ruled.items() if verdict == CANNOT_LINK},
        scales=scales,
        contradicts=scales.contradicts,
        model=sight.rules.model,
        limits=limiting(
            limited, sight.everyone, _joining(edges, settled, thresholds), stay, sight.crowds, sight.nobodys
        ),
        thresholds=thresholds,
        version=sight.rules.version,
        reviews=reviews,
        former={profile for _, profile in left},
        objecting={place[id] for id in sight.objecting},
        restricted={place[id] for id in sight.persons.keys() - sight.linkable - sight.objecting},
        glimpsed=sight.glimpsed,
        seen=sight.seen,
    )


def _joining(edges: Mapping[Rows, Edge], belongs: Mapping[int, UUID], thresholds: Thresholds) -> set[int]:
    """Those whom a strong edge may join to somebody, and all who are in a profile with them."""
    least = log_odds(thresholds.link)
    rows = {row for pair, edge in edges.items() if edge.exact or edge.bits >= least for row in pair}
    profiles = {belongs[row] for row in rows if row in belongs}
    return rows | {row for row, profile in belongs.items() if profile in profiles}


def _tied(edges: Mapping[Rows, Edge], loose: Mapping[int, UUID], thresholds: Thresholds) -> list[Rows]:
    """The pairs of those whom somebody left behind in one profile that are one person without them."""
    least = log_odds(thresholds.link)
    together = [pair for pair in sorted(edges) if pair[0] in loose and loose[pair[0]] == loose.get(pair[1])]
    return [pair for pair in together if edges[pair].bits >= least]


def trusted(persons: Mapping[UUID, Person], believed: Mapping[UUID, Standing]) -> set[UUID]:
    """Those that stand for a known person: of a trusted source, and not a device that nobody has called theirs."""
    named = known(persons)
    return {id for id, one in believed.items() if one.trusted and (not one.episode or id in named)}


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
