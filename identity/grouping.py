"""Grouping: everybody of a scene in groups of one person each.

Trusted source profiles are joined first. Those of client-side sources form groups of their own, and each such group
joins at most one known person: an e-mail typed into a browser never merges two.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from uuid import UUID

import numpy as np

from identity import limits
from identity.edges import RESTS_ON, SURE_BITS, VERDICT, Edge
from identity.matching import Limit, Room, cluster, log_odds
from identity.rules import Thresholds
from identity.scene import Scene
from identity.weighing import Rows


def people_in(scene: Scene) -> list[set[int]]:
    """Everybody, as rows of the scene, in groups of one person each."""
    known_people = _cluster(scene, scene.trusted, scene.apart)
    home = {id: number for number, members in enumerate(known_people) for id in members}
    visiting = set(range(len(scene.everyone))) - scene.trusted
    visitors = _cluster(scene, visiting, _apart_visitors(scene, visiting, home))
    return _attach(scene, known_people, visitors, home)


def _cluster(scene: Scene, members: set[int], apart: Iterable[Rows]) -> list[set[int]]:
    if not members:
        return []
    inside = [pair for pair in sorted(scene.edges) if pair[0] in members and pair[1] in members]
    labels = cluster(
        len(scene.everyone),
        np.array(inside, dtype=np.int32).reshape(-1, 2),
        np.array([scene.edges[pair].bits for pair in inside], dtype=np.float64),
        link_threshold=scene.thresholds.link,
        must_link=[*_standing(scene, members), *(pair for pair in inside if scene.edges[pair].reason == VERDICT)],
        sure=_strongest_first(scene, [pair for pair in inside if scene.edges[pair].exact]),
        cannot_link=[(a, b) for a, b in sorted(apart) if a in members and b in members],
        contradicts=scene.contradicts,
        room=scene.limits.room.anew(),
    ).tolist()
    groups: dict[int, set[int]] = defaultdict(set)
    for row in sorted(members):
        groups[labels[row]].add(row)
    return list(groups.values())


def _strongest_first(scene: Scene, pairs: list[Rows]) -> list[Rows]:
    """Certain pairs in the order in which they are believed, should a limit leave room for some alone."""
    return sorted(pairs, key=lambda pair: (_priority(scene, scene.edges[pair]), pair)) if len(pairs) > 1 else pairs


def _priority(scene: Scene, edge: Edge) -> int:
    reasons = {edge.reason, *(reason for reason, _ in edge.claims)}
    return scene.limits.priority([RESTS_ON[reason] for reason in reasons if reason in RESTS_ON])


def _apart_visitors(scene: Scene, visitors: set[int], home: Mapping[int, int]) -> set[Rows]:
    """Visitors who must not meet: by verdict, because they belong to two known people, or because one is barred from
    the known person to whom the other belongs."""
    number_of = {scene.belongs[id]: number for id, number in home.items() if id in scene.belongs}
    settled: dict[int, list[int]] = defaultdict(list)
    homes: dict[int, int] = {}
    for id in sorted(visitors):
        number = number_of.get(scene.belongs[id]) if id in scene.belongs else None
        if number is not None:
            settled[number].append(id)
            homes[id] = number
    apart = set(scene.apart)
    for left, right in scene.apart:
        for one, other in ((left, right), (right, left)):
            if one in visitors and other in home:
                apart |= {(one, guest) for guest in settled[home[other]] if guest != one}
    for met in _components(scene, visitors):
        first = {homes[id]: id for id in sorted(met, reverse=True) if id in homes}
        apart |= set(combinations(sorted(first.values()), 2))
    return apart


def _components(scene: Scene, members: set[int]) -> list[set[int]]:
    """These in sets that any evidence at all, or the ledger, connects."""
    return _connected(members, (*scene.edges, *_standing(scene, members)))


def _connected(members: set[int], ties: Iterable[Rows]) -> list[set[int]]:
    """These in sets that ties between them connect."""
    leader = {id: id for id in members}

    def lead(id: int) -> int:
        while leader[id] != id:
            leader[id] = leader[leader[id]]
            id = leader[id]
        return id

    for a, b in ties:
        if a in leader and b in leader:
            leader[lead(a)] = lead(b)
    found: dict[int, set[int]] = defaultdict(set)
    for id in members:
        found[lead(id)].add(id)
    return list(found.values())


def around(scene: Scene, rows: Iterable[int]) -> set[int]:
    """These rows and all whose groups theirs may have to do with, however long the chain: whom the ledger connects, or
    evidence that would join them or have them looked at, and visitors whom anything does."""
    asked = set(rows)
    ties = (
        pair
        for pair, edge in scene.edges.items()
        if may_matter(edge, scene.thresholds) or not scene.trusted.issuperset(pair)
    )
    together = _connected(set(range(len(scene.everyone))), (*ties, *_standing(scene, scene.place.values())))
    return set[int]().union(*(group for group in together if not group.isdisjoint(asked)))


def may_matter(edge: Edge, thresholds: Thresholds) -> bool:
    """Whether an edge between two known people would join them or have them looked at."""
    return edge.reaches(min(thresholds.link, thresholds.review))


def _standing(scene: Scene, members: Collection[int]) -> list[Rows]:
    """What the ledger has joined stays joined."""
    by_profile: dict[UUID, list[int]] = defaultdict(list)
    for id in sorted(members):
        if id in scene.belongs:
            by_profile[scene.belongs[id]].append(id)
    joined = [(ids[0], other) for ids in by_profile.values() for other in ids[1:]]
    return joined + [pair for pair in scene.tied if pair[0] in members and pair[1] in members]


@dataclass(frozen=True)
class _Home:
    """A known person whom a group of visitors may be, and all evidence between the two."""

    number: int
    edges: tuple[Edge, ...]

    @cached_property
    def bits(self) -> float:
        """The sum of the evidence."""
        return sum(max(edge.bits, -SURE_BITS) for edge in self.edges)

    @cached_property
    def strongest(self) -> Edge:
        """The strongest piece."""
        return max(self.edges, key=lambda edge: edge.bits)

    @property
    def by_hand(self) -> bool:
        """Whether a person said so, whatever the limits."""
        return any(edge.reason == VERDICT for edge in self.edges)

    def believed(self, scene: Scene) -> tuple[int, float]:
        """How far the evidence is believed: lower is further."""
        return min(_priority(scene, edge) for edge in self.edges if edge.bits > 0), -self.bits


def _attach(
    scene: Scene, known_people: list[set[int]], visitors: list[set[int]], home: Mapping[int, int]
) -> list[set[int]]:
    """Let each group of visitors join the one known person that its evidence favors most, if any."""
    profiles = {scene.belongs[id]: number for id, number in home.items() if id in scene.belongs}
    visitors = sorted(visitors, key=min)
    settled = [
        next((profiles[scene.belongs[id]] for id in sorted(members) if scene.belongs.get(id) in profiles), None)
        for members in visitors
    ]
    choices = [
        [] if chosen is not None else homes
        for chosen, homes in zip(settled, _homes_of(scene, visitors, home), strict=True)
    ]
    impossible = _impossible(scene, visitors, known_people, choices)
    people, alone = [set(members) for members in known_people], []
    room = _filled(scene, [*known_people, *visitors])
    foes: dict[int, set[int]] = defaultdict(set)
    for a, b in scene.apart:
        foes[a].add(b)
        foes[b].add(a)
    for place in _in_turn(settled, choices, scene):
        members = visitors[place]
        barred = {foe for id in members for foe in foes[id]}
        fitting = (
            choice.number
            for choice in choices[place]
            if (place, choice.number) not in impossible
            and not barred & people[choice.number]
            and (choice.by_hand or not room.exceeded(min(known_people[choice.number]), min(members)))
        )
        chosen = settled[place] if settled[place] is not None else next(fitting, None)
        if chosen is None:
            alone.append(members)
        else:
            people[chosen] |= members
            room.join(min(known_people[chosen]), min(members))
    return [*people, *alone]


def _filled(scene: Scene, groups: Iterable[set[int]]) -> Room:
    """The room of these groups, each led by its lowest row."""
    room = scene.limits.room.anew()
    for group in groups:
        leader = min(group)
        for row in group - {leader}:
            room.join(leader, row)
    return room


def _in_turn(settled: Sequence[int | None], choices: Sequence[list[_Home]], scene: Scene) -> list[int]:
    """The places of groups of visitors: those who belong somewhere come first, since a newcomer gives way to them;
    then the newcomers, by how far their evidence is believed."""
    newcomers = [place for place, chosen in enumerate(settled) if chosen is None]
    if sum(1 for place in newcomers if choices[place]) > 1:
        best = {place: choices[place][0].believed(scene) for place in newcomers if choices[place]}
        newcomers.sort(key=lambda place: (best.get(place, (limits.LAST, 0.0)), place))
    return [*(place for place, chosen in enumerate(settled) if chosen is not None), *newcomers]


def _homes_of(scene: Scene, visitors: Sequence[set[int]], home: Mapping[int, int]) -> Iterable[list[_Home]]:
    """For each group of visitors the known people that its evidence speaks for, the likeliest first."""
    neighbors: dict[int, list[tuple[int, Edge]]] = defaultdict(list)
    for (left, right), edge in scene.edges.items():
        neighbors[left].append((right, edge))
        neighbors[right].append((left, edge))
    for members in visitors:
        found: dict[int, list[Edge]] = defaultdict(list)
        for id in members:
            for other, edge in neighbors[id]:
                if other in home:
                    found[home[other]].append(edge)
        homes = [_Home(number, tuple(edges)) for number, edges in found.items()]
        least = log_odds(scene.thresholds.link)
        fitting = [choice for choice in homes if choice.strongest.bits >= least and choice.bits > 0]
        yield sorted(fitting, key=lambda choice: (-choice.bits, choice.number))


def _impossible(
    scene: Scene, visitors: Sequence[set[int]], known_people: Sequence[set[int]], choices: Sequence[list[_Home]]
) -> set[tuple[int, int]]:
    """The choices, as places of visitors and known people, that somebody in the one and in the other contradict."""
    asked = [
        (place, choice.number, a, b)
        for place, homes in enumerate(choices)
        for choice in homes
        for a in visitors[place]
        for b in known_people[choice.number]
    ]
    if not asked:
        return set()
    contradict = scene.contradicts(np.array([row[2:] for row in asked], dtype=np.int32))
    return {(row[0], row[1]) for row, no in zip(asked, contradict.tolist(), strict=True) if no}


def held_back(scene: Scene, groups: Sequence[set[int]]) -> dict[Rows, Limit]:
    """Pairs that are one person by all that is known, and in two groups since together these would exceed a limit."""
    number = {row: place for place, members in enumerate(groups) for row in members}
    least = log_odds(scene.thresholds.link)
    strong = [
        pair
        for pair, edge in sorted(scene.edges.items())
        if (edge.exact or edge.bits >= least) and number[pair[0]] != number[pair[1]] and pair not in scene.apart
    ]
    if not strong:
        return {}
    room, found = _filled(scene, groups), {}
    contradict = scene.contradicts(np.array(strong, dtype=np.int32)).tolist()
    for pair, no in zip(strong, contradict, strict=True):
        one, other = (min(groups[number[row]]) for row in pair)
        if not no and (limit := room.exceeded(one, other)):
            found[pair] = limit
    return found
