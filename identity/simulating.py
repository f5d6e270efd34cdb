"""Who would be one person by rules on trial, and who is by the ledger: everybody is grouped anew, and nothing changed.

The scenes and the decisions are those of `resolve`. Whoever may be one person is decided in one scene (`portions`), so
that scenes stay small however many people there are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any
from uuid import UUID

from identity import blocked
from identity.anew import people_anew
from identity.blocked import Blocked
from identity.causes import NOT_ALIKE, THROUGH_OTHERS, Cause, Causes, blocked_of, joined_so_far
from identity.edges import ordered
from identity.grouping import held_back, people_in
from identity.matching.waterfall import Step
from identity.models import MERGE, SPLIT
from identity.portions import Look, portions
from identity.profiles import profile_of
from identity.rules import Rules
from identity.scene import Scene, look_around
from identity.shared_by_many import shared_by_many
from records.models import SourceProfile
from vault.ids import new_id

AT_ONCE = 2_000
MOST_KEPT = 1_000
CHANGES_AT_ONCE = 100
MEMBERS_LOOKED_AT = 24
# Told how far it is, and of how much.
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Change:
    """Two people who would become one, or one who would become two: the pair between them that says why.

    Where two become one it is the strongest pair, or the strongest where others of the same person bring the two
    together (`cause`: `THROUGH_OTHERS`). Where one becomes two, the pair that shows what keeps them apart: `cause` and
    `detail`, as `identity.causes` has them. `moving` source profiles would go from the one to the other.
    """

    kind: str
    left: UUID
    right: UUID
    reason: str
    bits: float | None
    evidence: list[Step]
    moving: int
    cause: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """What the rules would change: counts over everybody, and the changes that move the most, each once."""

    counts: Mapping[str, int]
    changes: list[Change]


def simulate(
    rules: Rules, *, now: datetime, tell: Tell = lambda done, found: None, most: int = MOST_KEPT
) -> Difference:
    """The difference between who is who now and who would be by these rules, should everybody be asked anew.

    Of each kind at most so many changes are told; the counts are of all. What many families share counts as blocked,
    as it is before anybody is settled. Whoever waits to be resolved for the first time is left out.
    """
    found, done, numbers = SourceProfile.objects.count(), 0, count()
    nobodys = Blocked(blocked.standing().pairs.union(shared_by_many(now=now)))
    number: dict[UUID, int] = {}

    look = partial(look_around, now=now, nobodys=nobodys, trial=rules)
    for portion in portions(look, size=AT_ONCE, until=new_id()):
        scene = look(portion.ids)
        for group in people_anew(scene, portion.ids, profile_of(portion.ids)):
            number |= dict.fromkeys((scene.everyone[row] for row in group), next(numbers))
        done += portion.begun
        tell(done, found)
    return _difference(profile_of(number), number, look, most)


@dataclass(frozen=True, slots=True)
class _Between:
    """A change before its evidence is looked for: who goes, and to or from whom."""

    kind: str
    moving: list[UUID]
    staying: list[UUID]


def _difference(homes: Mapping[UUID, UUID], number: Mapping[UUID, int], look: Look, most: int) -> Difference:
    """Compare two ways to group the same source profiles: by profile, and by the number of a group."""
    members: dict[tuple[UUID, int], list[UUID]] = defaultdict(list)
    for id, home in homes.items():
        if id in number:
            members[home, number[id]].append(id)
    by_group, by_home = _parts(members, 1), _parts(members, 0)
    merges = [*_changes(MERGE, by_group)]
    splits = [*_changes(SPLIT, by_home)]
    counts = {
        "source_profiles": sum(map(len, members.values())),
        "people_now": len(by_home),
        "people_then": len(by_group),
        "merges": len(merges),
        "merging": len({home for parts in by_group.values() if len(parts) > 1 for home in parts}),
        "splits": len(splits),
        "splitting": sum(1 for parts in by_home.values() if len(parts) > 1),
    }
    shown = [one for kind in (merges, splits) for one in sorted(kind, key=_largest_first)[:most]]
    return Difference(counts, [*_with_evidence(shown, look)])


def _parts(members: Mapping[tuple[UUID, int], list[UUID]], by: int) -> dict[Any, dict[Any, list[UUID]]]:
    found: dict[Any, dict[Any, list[UUID]]] = defaultdict(dict)
    for key, ids in members.items():
        found[key[by]][key[1 - by]] = ids
    return found


def _changes(kind: str, parted: Mapping[Any, Mapping[Any, list[UUID]]]) -> Iterator[_Between]:
    """Of each whole the largest part stays; each other one would go to it, or from it."""
    for parts in parted.values():
        stays, *others = sorted(parts.values(), key=lambda ids: (-len(ids), ids[0]))
        for ids in others:
            yield _Between(kind, ids, stays)


def _largest_first(one: _Between) -> tuple[int, UUID]:
    return -len(one.moving), one.moving[0]


def _with_evidence(changes: Sequence[_Between], look: Look) -> Iterator[Change]:
    for start in range(0, len(changes), CHANGES_AT_ONCE):
        portion = changes[start : start + CHANGES_AT_ONCE]
        few = {id for one in portion for ids in (one.moving, one.staying) for id in ids[:MEMBERS_LOOKED_AT]}
        scene = look(few)
        held = held_back(scene, people_in(scene))
        causes = Causes(scene, held, blocked_of(few, scene.limits.nobodys), joined_so_far(few))
        yield from (change for one in portion if (change := _change(one, causes)))


def _change(one: _Between, causes: Causes) -> Change | None:
    """The change with the pair that tells most of it as its evidence; None where all of one side were erased
    meanwhile."""
    scene = causes.scene
    looked_at = (ids[:MEMBERS_LOOKED_AT] for ids in (one.moving, one.staying))
    sides = [[scene.place[id] for id in ids if id in scene.place] for ids in looked_at]
    if not all(sides):
        return None
    cause = causes.between(*sides) if one.kind == SPLIT else _what_joins(scene, *sides)
    left, right = (scene.everyone[row] for row in cause.pair)
    edge = cause.edge
    reason, bits, levels = (edge.reason, edge.bits, edge.levels) if edge else (NOT_ALIKE, None, [])
    return Change(one.kind, left, right, reason, bits, levels, len(one.moving), cause.kind, cause.detail)


def _what_joins(scene: Scene, one: Sequence[int], other: Sequence[int]) -> Cause:
    """The strongest pair between the two sides, or any where nothing is alike."""
    between = [
        (edge.exact, edge.bits, pair, edge)
        for a in one
        for b in other
        if (edge := scene.edges.get(pair := ordered(a, b)))
    ]
    none = (False, 0.0, ordered(one[0], other[0]), None)
    *_, pair, edge = max(between, key=lambda item: item[:3], default=none)
    whole = max(len(one), len(other)) < MEMBERS_LOOKED_AT
    through = whole and (edge is None or not edge.reaches(scene.thresholds.link))
    return Cause(THROUGH_OTHERS if through else "", pair, edge)
