"""Seats: which profile each group of one person goes on with, so that profile ids stay where most of the person is."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

# How many source profiles of each profile are in a group.
Parts = Mapping[UUID, int]


def seats(groups: Sequence[Parts], *, age: Mapping[UUID, object], by_hand: Collection[UUID]) -> list[UUID | None]:
    """The profile of each group; None where it needs a new one.

    A profile goes on with the largest part of its people. Of several that would go on with one group it is the oldest,
    but one in which somebody had a hand before all others. A group that is left over takes what then is free of its
    own. Groups come in the order of their ids: the first of equal parts counts.
    """
    found: list[UUID | None] = [None] * len(groups)
    wanted: dict[int, list[UUID]] = defaultdict(list)
    for profile, places in _places(groups).items():
        wanted[max(places, key=lambda place: (groups[place][profile], -place))].append(profile)
    for place, profiles in wanted.items():
        found[place] = min(profiles, key=lambda profile: (profile not in by_hand, age[profile], profile))
    free = age.keys() - {profile for profile in found if profile}
    for place, parts in enumerate(groups):
        left = free & parts.keys()
        if found[place] is None and left:
            chosen = min(left, key=lambda profile: (-parts[profile], age[profile], profile))
            found[place] = chosen
            free.remove(chosen)
    return found


def _places(groups: Sequence[Parts]) -> dict[UUID, list[int]]:
    places: dict[UUID, list[int]] = defaultdict(list)
    for place, parts in enumerate(groups):
        for profile in parts:
            places[profile].append(place)
    return places
