"""Beside others: what a look finds stands once it is this transaction's turn, but for what others have touched."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from consent import restrictions
from identity import candidates, turns
from identity.blocked import Blocked
from identity.candidates import Pair
from identity.edges import scored
from identity.grouping import around, may_matter, people_in
from identity.leave import ask_leave, open_all
from identity.matching import Person
from identity.scene import NotAlone, Scene, Seen, trusted
from identity.turns import Since
from identity.weighing import weighing
from records.source_profiles import standing
from vault.questions import answer

# Where more than a quarter would have to go again, all are looked at once more, by whoever's turn it is.
MOST_OVERTAKEN = 0.25


@dataclass(frozen=True)
class Found:
    """A scene, its people, and those source profiles that others were faster to change something about."""

    scene: Scene
    groups: list[set[int]]
    overtaken: frozenset[UUID] = frozenset()


def beside_others(look: Callable[..., Scene], since: int, *, now: datetime, nobodys: Blocked) -> Found | None:
    """Look around, take a turn, and leave out whatever others have touched since that turn; none where that is too
    much or cannot be told. It may be this transaction's turn either way."""
    try:
        scene = look(alone=False)
    except NotAlone:
        return None
    groups = people_in(scene)
    turns.take()
    others = turns.since(since)
    if not others.known or _restricted_meanwhile(scene, now):
        return None
    if not others:
        return Found(scene, groups)
    touched = _touched(scene, others, nobodys, now)
    rows = around(scene, touched)
    overtaken = frozenset(scene.everyone[row] for row in rows & scene.fresh)
    unseen = any(id in others.source_profiles or home in others.profiles for id, home in scene.glimpsed.items())
    if unseen or scene.parting or len(overtaken) > MOST_OVERTAKEN * len(scene.fresh):
        return None
    seen = scene.seen.without({*overtaken, *others.source_profiles, *(scene.everyone[row] for row in touched)})
    return Found(_without(scene, rows, seen), [group for group in groups if group.isdisjoint(rows)], overtaken)


def _restricted_meanwhile(scene: Scene, now: datetime) -> bool:
    """Whether somebody may not be linked any more and would stay linked: a restriction leaves things as they are."""
    standing = answer(restrictions.which_stand(scene.everyone, at=now))
    return any(scene.place[id] not in scene.restricted | scene.objecting for id in standing)


def _touched(scene: Scene, others: Since, nobodys: Blocked, now: datetime) -> set[int]:
    """The rows that others have given a profile or whose profile they have changed, or who met somebody whom they have
    resolved, had neither come first."""
    rows = {scene.place[id] for id in others.source_profiles if id in scene.place}
    rows |= {row for row, profile in scene.belongs.items() if profile in others.profiles}
    met = answer(candidates.also_borne(scene.seen.tokens, others.source_profiles))
    return rows | _to_be_joined(scene, met, nobodys, now)


def _to_be_joined(scene: Scene, met: Collection[Pair], nobodys: Blocked, now: datetime) -> set[int]:
    """The rows on the left of these pairs that have to do with those on the right, whom the look could not see: by
    what they say of themselves. To share a token is not much; of ten who do, nine are strangers."""
    asked = {one for one, _ in met if scene.place[one] not in scene.objecting | scene.restricted}
    others = {other for one, other in met if one in asked}
    if not others:
        return set()
    opened, linkable, _ = open_all(ask_leave(others, now, nobodys))
    known_by_source = answer(standing(others))
    named = {scene.everyone[row] for row in scene.trusted} | trusted(opened, known_by_source)
    persons: dict[UUID, Person] = {**{one: scene.seen.newcomers[one] for one in asked}, **opened}
    place = {id: row for row, id in enumerate(persons)}
    pairs = {(place[one], place[other]) for one, other in met if one in asked and other in linkable}
    edges = scored(pairs, weighing([*persons.values()], scene.model), scene.thresholds)
    ids = [*persons]
    return {
        scene.place[ids[one]]
        for (one, other), edge in edges.items()
        if may_matter(edge, scene.thresholds) or not named.issuperset((ids[one], ids[other]))
    }


def _without(scene: Scene, rows: set[int], seen: Seen) -> Scene:
    """The scene as if these rows were at rest and met nobody, with what is still true of what was seen."""
    return replace(
        scene,
        seen=seen,
        fresh=scene.fresh - rows,
        edges={pair: edge for pair, edge in scene.edges.items() if rows.isdisjoint(pair)},
        apart={pair for pair in scene.apart if rows.isdisjoint(pair)},
        reviews=[one for one in scene.reviews if scene.place[one[0]] not in rows and scene.place[one[1]] not in rows],
    )
