"""Anew: who is who when what the ledger has joined is asked once more, and where that differs from the ledger."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from uuid import UUID

from identity.grouping import people_in
from identity.profiles import profile_of
from identity.scene import Scene


def people_anew(scene: Scene, ids: Collection[UUID], homes: Mapping[UUID, UUID]) -> list[set[int]]:
    """These of the scene in groups of one person each, by the lowest row. Whoever is restricted stays with the largest
    part of their profile, but for those who object to being linked."""
    inside = {row for row, id in enumerate(scene.everyone) if id in ids}
    resting = {row for row in inside & scene.restricted if scene.everyone[row] in homes}
    groups = [group & inside - resting for group in people_in(scene)]
    groups = [group for group in groups if group]
    largest: dict[UUID, tuple[int, int, set[int]]] = {}
    for group in groups:
        if group <= scene.objecting:
            continue
        for home, size in Counter(homes.get(scene.everyone[row]) for row in group).items():
            if home and (size, -min(group)) > largest.get(home, (0, 0))[:2]:
                largest[home] = (size, -min(group), group)
    for row in sorted(resting):
        home = homes[scene.everyone[row]]
        if home not in largest:
            largest[home] = (0, 0, set())
            groups.append(largest[home][2])
        largest[home][2].add(row)
    return sorted(groups, key=min)


@dataclass(frozen=True)
class Anew:
    """A scene that is whole, and to which profiles its people belonged `before` anything was asked."""

    scene: Scene
    asked: set[UUID]
    before: Mapping[UUID, UUID]

    @cached_property
    def homes(self) -> dict[int, UUID]:
        """Where everybody of the scene belongs by the ledger, once the look has freed whom nothing holds any more."""
        return {self.scene.place[id]: profile for id, profile in profile_of(self.scene.everyone).items()}

    @cached_property
    def members(self) -> dict[UUID, set[int]]:
        """The same by profile."""
        found: dict[UUID, set[int]] = defaultdict(set)
        for row, profile in self.homes.items():
            found[profile].add(row)
        return found

    @cached_property
    def groups(self) -> list[set[int]]:
        """Those who were asked, one person each."""
        homes = {self.scene.everyone[row]: profile for row, profile in self.homes.items()}
        return people_anew(self.scene, self.asked, homes)

    @cached_property
    def changed(self) -> list[set[int]]:
        """The groups that are not exactly what the ledger has."""
        return [group for group in self.groups if group != self._profile_with(min(group))]

    def parts(self, group: Collection[int]) -> Counter[UUID]:
        """How many of a group are in each profile."""
        return Counter(self.homes[row] for row in group if row in self.homes)

    @property
    def around(self) -> list[set[int]]:
        """Everybody of the scene in groups: those asked as decided, the others as the ledger has them."""
        known = {row for group in self.groups for row in group}
        others: dict[object, set[int]] = defaultdict(set)
        for row in range(len(self.scene.everyone)):
            if row not in known:
                others[self.homes.get(row, row)].add(row)
        return [*self.groups, *others.values()]

    def _profile_with(self, row: int) -> set[int]:
        return self.members[self.homes[row]] if row in self.homes else set()
