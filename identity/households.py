"""Households: who lives together. An entity of its own and never a person: it joins nobody, and nobody is joined by it.

It is read off golden records (`identity.homes`, `identity.housemates`) of those who may be linked. A household is known
as long as two are known to live there, and has no past: once somebody has moved out, may no longer be linked or is
erased, nothing tells that they lived there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from identity import homes, housemates
from identity.dwelling import FLAT, STREET, TIES
from identity.housemates import Resident
from identity.models import GoldenValue, Home
from vault.arrays import ByteArray, Uuids
from vault.cursors import planned_cursor
from vault.ids import new_id
from vault.rotation_lock import hold_off

# Where more are known to live, none is told: work stays bounded, and such a house is an office or a home for many.
MOST_RESIDENTS = 500

# The golden value that each tie is read off.
SAID_BY = {tie: tie for tie in TIES} | {FLAT: STREET}

# Held for moments, after all that may take long: two who come at once to one house shall not miss each other.
LOCK = "SELECT pg_advisory_xact_lock(hashtext('onym households'))"
RESIDENTS = """
SELECT resident.* FROM unnest(%(houses)b::bytea[]) AS asked (house)
CROSS JOIN LATERAL (
    SELECT house, joined_at, profile_id, household, family_name, flat, email, phone FROM identity_home
    WHERE house = asked.house LIMIT %(most)b
) AS resident
ORDER BY resident.profile_id
"""
ENTER = """
UPDATE identity_home AS home SET household = said.household, joined_at = %(now)b
FROM unnest(%(profiles)b::uuid[], %(households)b::uuid[]) AS said (profile_id, household)
WHERE home.profile_id = said.profile_id AND home.household IS DISTINCT FROM said.household
"""
LEAVE = """
UPDATE identity_home SET household = NULL, joined_at = NULL
WHERE profile_id = ANY(%(profiles)b::uuid[]) AND household IS NOT NULL
"""
EMPTY = """
UPDATE identity_home SET household = NULL, joined_at = NULL
WHERE house = ANY(%(houses)b::bytea[]) AND household IS NOT NULL
"""
# With what ties them: in a house of many family names, the name does not.
MEMBERS = """
SELECT member.house, member.joined_at, member.profile_id, member.household,
       CASE WHEN house.families <= %(most_families)b THEN member.family_name END, member.flat, member.email,
       member.phone
FROM identity_home AS mine JOIN identity_home AS member ON member.household = mine.household
CROSS JOIN LATERAL (
    SELECT count(DISTINCT family_name) AS families FROM identity_home WHERE house = mine.house
) AS house
WHERE mine.profile_id = %(profile)b ORDER BY member.joined_at, member.profile_id
"""


@dataclass(frozen=True, slots=True)
class Housemate:
    """A member of a household, since when they are known to be, and the fields that they share with others in it."""

    profile: UUID
    joined_at: datetime
    because: list[str]
    ties: Mapping[str, bytes] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Household:
    """Who lives together, whoever became known first before all others. `id` stays as long as most of them do.

    `size`: how many they are, those included who are not told of.
    """

    id: UUID
    members: list[Housemate]
    size: int

    def seen_from(self, profile: UUID, *, among: Collection[UUID]) -> "Household | None":
        """The household of this member as if nobody were known but these: whom others alone tie to it is not of it,
        nothing is shared with anybody else, and nobody has lived there before the second of these came. None where the
        member is left alone, or is none of these.

        With half of the members or more left out it goes by another id: two parts of one household are not told to be.
        """
        left = [Resident(one.profile, one.ties) for one in self.members if one.profile in among]
        for group in housemates.households(left):
            because = housemates.why(group)
            if profile in because:
                members = [one for one in self.members if one.profile in because]
                id = self.id if 2 * len(members) > self.size else uuid5(self.id, str(sorted(because)))
                together_at = sorted(one.joined_at for one in members)[1]
                return Household(
                    id,
                    [
                        replace(one, because=because[one.profile], joined_at=max(one.joined_at, together_at))
                        for one in members
                    ],
                    len(members),
                )
        return None

    def told_by(self, covered: Collection[UUID]) -> "Household":
        """The household as far as these source profiles told of it: a member by a street, and a tie by its value."""
        fields = [STREET, *TIES]
        golden = GoldenValue.objects.filter(profile__in=[one.profile for one in self.members], field__in=fields)
        told = set(golden.filter(source_profile__in=list(covered)).values_list("profile_id", "field"))
        members = []
        for one in self.members:
            ties = {tie: value for tie, value in one.ties.items() if (one.profile, SAID_BY[tie]) in told}
            if (one.profile, STREET) in told:
                members.append(replace(one, ties=ties))
        return Household(self.id, members, self.size)


def household_of(profile: UUID) -> Household | None:
    """The household that this profile lives in; None where it is not known to live with anybody.

    It holds those who might be linked when last looked at: before telling anything of a member, ask whether that is
    still so, and tell what is `seen_from` the profile among those of whom it is.
    """
    with planned_cursor() as cursor:
        cursor.execute(MEMBERS, {"profile": profile, "most_families": housemates.MOST_FAMILIES})
        rows = cursor.fetchall()
    if len(rows) < 2:
        return None
    residents = [_resident(row) for row in rows]
    because = housemates.why(residents)
    members = [
        Housemate(one.profile, row[1], because[one.profile], one.ties) for one, row in zip(residents, rows, strict=True)
    ]
    return Household(rows[0][3], members, len(members))


def has_home(profile: UUID) -> bool:
    """Whether it is known in which house this profile lives, with somebody or alone."""
    return Home.objects.filter(profile=profile, house__isnull=False).exists()


@contextmanager
def moving_out(profiles: Collection[UUID], *, now: datetime) -> Iterator[None]:
    """Within this block the homes of these go, or their profiles altogether; then it is told anew who of the others in
    their houses lives together."""
    with planned_cursor() as cursor:
        cursor.execute(LOCK)
    homes_of_these = Home.objects.filter(profile__in=list(profiles))
    left = {bytes(home.house) for home in homes_of_these if home.house}
    yield
    _tell(left, now=now)


def refresh(profiles: Collection[UUID], *, now: datetime) -> None:
    """Tell anew who of these lives with whom, by their golden records as they are now.

    The last step of a transaction: whoever else tells of anybody waits for its end. Rotations wait, too: a house is
    left under the hash by which it was found.
    """
    hold_off()
    found = homes.changes(profiles, now=now)
    if not (found.dwellings or found.gone):
        return
    with planned_cursor() as cursor:
        cursor.execute(LOCK)
        _tell(homes.keep(found) | set(found.left), now=now)


def _tell(houses: Collection[bytes], *, now: datetime) -> None:
    """Tell who lives together in these houses."""
    residents: dict[bytes, list[Resident]] = defaultdict(list)
    with planned_cursor() as cursor:
        cursor.execute(RESIDENTS, {"houses": ByteArray(sorted(houses)), "most": MOST_RESIDENTS + 1})
        for row in cursor.fetchall():
            residents[bytes(row[0])].append(_resident(row))
        large = {house for house, people in residents.items() if len(people) > MOST_RESIDENTS}
        if large:
            cursor.execute(EMPTY, {"houses": ByteArray(large)})
        told: dict[UUID, UUID | None] = {}
        for house in residents.keys() - large:
            told |= _households(residents[house])
        entered = {profile: household for profile, household in told.items() if household}
        cursor.execute(LEAVE, {"profiles": Uuids(told.keys() - entered.keys())})
        cursor.execute(ENTER, {"profiles": Uuids(entered), "households": Uuids(entered.values()), "now": now})


def _households(residents: Sequence[Resident]) -> dict[UUID, UUID | None]:
    """The household of each of these, who live in one house; None for who lives with nobody."""
    groups = housemates.households(residents)
    told: dict[UUID, UUID | None] = {one.profile: None for one in residents}
    for group, known in zip(groups, housemates.going_on(groups), strict=True):
        household = known or new_id()
        told |= {one.profile: household for one in group}
    return told


def _resident(row: Sequence[Any]) -> Resident:
    _, _, profile, household, *ties = row
    return Resident(profile, {field: bytes(tie) for field, tie in zip(TIES, ties, strict=True) if tie}, household)
