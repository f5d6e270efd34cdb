"""Housemates: of all who live in one house, who lives together. Always the same, in whatever order they became known.

Two live together who share a flat, a family name, an e-mail address or a phone number in one house; and whoever lives
with either lives with both. In a house of many family names the name alone ties nobody: two may be called Smith on two
floors. Where more would live together than a household holds, none is told: that is an office, or a home for many.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from identity.dwelling import FAMILY

MOST_FAMILIES = 10
MOST_MEMBERS = 12


@dataclass(frozen=True, slots=True)
class Resident:
    """A profile in a house, what it may share with others there (keyed hashes by field), and its household so far."""

    profile: UUID
    ties: Mapping[str, bytes]
    household: UUID | None = None


def households(residents: Sequence[Resident]) -> list[list[Resident]]:
    """Who of these, all of one house, lives together: groups of two and more."""
    tying = fields_that_tie(residents)
    groups = _joined(residents, tying)
    return [group for group in groups if 2 <= len(group) <= MOST_MEMBERS]


def fields_that_tie(residents: Collection[Resident]) -> set[str]:
    """The fields by which people of this house are told to live together."""
    fields = {field for one in residents for field in one.ties}
    families = {one.ties[FAMILY] for one in residents if FAMILY in one.ties}
    return fields - {FAMILY} if len(families) > MOST_FAMILIES else fields


def _joined(residents: Iterable[Resident], tying: Collection[str]) -> list[list[Resident]]:
    """Everybody, in groups that are tied by these fields."""
    groups: list[tuple[list[Resident], set[tuple[str, bytes]]]] = []
    for one in residents:
        members, ties = [one], {tie for tie in one.ties.items() if tie[0] in tying}
        apart = []
        for group in groups:
            if ties.isdisjoint(group[1]):
                apart.append(group)
            else:
                members, ties = group[0] + members, ties | group[1]
        groups = [*apart, (members, ties)]
    return [members for members, _ in groups]


def going_on(groups: Sequence[Sequence[Resident]]) -> list[UUID | None]:
    """Which household each group goes on with: the one that most of its members were in; None where there was none.

    A household goes on in one group at most.
    """
    claims = sorted(
        (-votes, str(household), place)
        for place, group in enumerate(groups)
        for household, votes in Counter(one.household for one in group if one.household).items()
    )
    found: list[UUID | None] = [None] * len(groups)
    taken = set[str]()
    for _, household, place in claims:
        if found[place] is None and household not in taken:
            found[place] = UUID(household)
            taken.add(household)
    return found


def why(group: Sequence[Resident]) -> dict[UUID, list[str]]:
    """The fields that each member shares with somebody of the group."""
    bearers = Counter(tie for one in group for tie in one.ties.items())
    return {one.profile: [field for field, value in one.ties.items() if bearers[field, value] > 1] for one in group}
