"""Who would be one person by rules on trial, and who is by the ledger: everybody is grouped anew, and nothing changed.

The scenes and the decisions are those of `resolve`. First everybody meets their candidates, some thousands at a time,
and whoever strong evidence ties is noted: only those can become one. Then each such set is grouped in a scene of its
own, so that scenes stay small however many people there are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from identity.grouping import people_in
from identity.matching import log_odds
from identity.matching.waterfall import Step
from identity.models import MERGE, SPLIT
from identity.profiles import profile_of
from identity.rules import Rules
from identity.scene import Scene, look_around, ordered
from records.models import SourceProfile

AT_ONCE = 2_000
MOST_KEPT = 1_000
CHANGES_AT_ONCE = 100
MEMBERS_LOOKED_AT = 24
NOT_ALIKE = "nothing alike"
# Told how far it is, and of how much.
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Change:
    """Two people who would become one, or one who would become two: the strongest pair between them, and why.

    `moving` source profiles would go from the one to the other.
    """

    kind: str
    left: UUID
    right: UUID
    reason: str
    bits: float | None
    evidence: list[Step]
    moving: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What the rules would change: counts over everybody, and the changes that move the most, each once."""

    counts: Mapping[str, int]
    changes: list[Change]


def simulate(
    rules: Rules, *, now: datetime, tell: Tell = lambda done, found: None, most: int = MOST_KEPT
) -> Difference:
    """The difference between who is who now and who would be by these rules, should everybody be asked anew.

    Of each kind at most so many changes are told; the counts are of all. Whoever waits to be resolved for the first
    time is left out.
    """
    everyone = list(SourceProfile.objects.order_by("id").values_list("id", flat=True))
    found, done = 2 * len(everyone), 0
    lead = _Leaders(everyone)
    for ids in _portions(everyone):
        _tie(lead, look_around(set(ids), now=now, trial=rules))
        done += len(ids)
        tell(done, found)
    number: dict[UUID, int] = {}
    for ids in _packed(lead.sets()):
        inside = set(ids)
        scene = look_around(inside, now=now, trial=rules)
        for group in people_in(scene):
            number |= dict.fromkeys((id for row in group if (id := scene.everyone[row]) in inside), len(number))
        done += len(ids)
        tell(done, found)
    return _difference(profile_of(everyone), number, rules, now=now, most=most)


class _Leaders:
    """Source profiles in disjoint sets."""

    def __init__(self, ids: Iterable[UUID]) -> None:
        self._leader = {id: id for id in ids}

    def join(self, one: UUID, other: UUID) -> None:
        """Let the sets of these two be one."""
        if one in self._leader and other in self._leader:
            self._leader[self._lead(one)] = self._lead(other)

    def sets(self) -> Iterable[list[UUID]]:
        """The sets, each once."""
        found: dict[UUID, list[UUID]] = defaultdict(list)
        for id in self._leader:
            found[self._lead(id)].append(id)
        return found.values()

    def _lead(self, id: UUID) -> UUID:
        while self._leader[id] != id:
            self._leader[id] = self._leader[self._leader[id]]
            id = self._leader[id]
        return id


def _portions(ids: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def _packed(sets: Iterable[list[UUID]]) -> Iterator[list[UUID]]:
    """Whole sets together, some thousands of source profiles at a time."""
    packed: list[UUID] = []
    for ids in sets:
        if packed and len(packed) + len(ids) > AT_ONCE:
            yield packed
            packed = []
        packed += ids
    if packed:
        yield packed


def _tie(lead: _Leaders, scene: Scene) -> None:
    """Whom evidence ties that is strong enough to join by itself, or a person joined, may be one person."""
    least = log_odds(scene.thresholds.link)
    for (one, other), edge in scene.edges.items():
        if edge.exact or edge.bits >= least:
            lead.join(scene.everyone[one], scene.everyone[other])
    first: dict[UUID, UUID] = {}
    for row, home in scene.belongs.items():
        lead.join(first.setdefault(home, scene.everyone[row]), scene.everyone[row])


@dataclass(frozen=True, slots=True)
class _Between:
    """A change before its evidence is looked for: who goes, and to or from whom."""

    kind: str
    moving: list[UUID]
    staying: list[UUID]


def _difference(
    homes: Mapping[UUID, UUID], number: Mapping[UUID, int], rules: Rules, *, now: datetime, most: int
) -> Difference:
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
    return Difference(counts, [*_with_evidence(shown, rules, now)])


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


def _with_evidence(changes: Sequence[_Between], rules: Rules, now: datetime) -> Iterator[Change]:
    for start in range(0, len(changes), CHANGES_AT_ONCE):
        portion = changes[start : start + CHANGES_AT_ONCE]
        few = {id for one in portion for ids in (one.moving, one.staying) for id in ids[:MEMBERS_LOOKED_AT]}
        scene = look_around(few, now=now, trial=rules)
        yield from (change for one in portion if (change := _change(one, scene)))


def _change(one: _Between, scene: Scene) -> Change | None:
    """The change with the strongest pair between the two sides as its evidence, or any pair where nothing is alike;
    None where all of one side were erased meanwhile."""
    looked_at = (ids[:MEMBERS_LOOKED_AT] for ids in (one.moving, one.staying))
    sides = [[scene.place[id] for id in ids if id in scene.place] for ids in looked_at]
    if not all(sides):
        return None
    between = [
        (edge.bits, pair, edge) for a in sides[0] for b in sides[1] if (edge := scene.edges.get(pair := ordered(a, b)))
    ]
    _, pair, edge = max(between, key=lambda item: item[:2], default=(0.0, ordered(sides[0][0], sides[1][0]), None))
    left, right = (scene.everyone[row] for row in pair)
    reason, bits, levels = (edge.reason, edge.bits, edge.levels) if edge else (NOT_ALIKE, None, [])
    return Change(one.kind, left, right, reason, bits, levels, len(one.moving))
