"""Who this may be as well: pairs of this person's records and another's that wait in the review queue."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from console import review_queue
from console.change_stand import likely
from console.showing import short
from identity.matching.waterfall import CONTRADICTION
from identity.profiles import profile_of
from identity.review_order import HELD_BACK, LIMIT
from identity.waiting import CONTRADICTED, OUTWEIGHED, VISITING

# So many profiles are named, of so many pairs at most.
MOST_NAMED, MOST_PAIRS = 3, 50
_LIMITED = "together the two would bear more of one identifier than a limit allows"
_PLAINLY = "something that one person has only once plainly differs"
_HELD = {
    CONTRADICTED: "by other records of theirs the two plainly differ, in a birth date or a given name",
    VISITING: "one of the two records comes from a browser or an app, which joins one known person at most",
    OUTWEIGHED: "their other records make it less likely",
}


@dataclass(frozen=True)
class Undecided:
    """Another profile that may be the same person: the likeliest pair between the two that waits, how likely that pair
    is, and what holds it back, where something does."""

    pair: UUID
    profile: UUID
    short: str
    likely: str
    held: str


def undecided(source_profiles: Collection[UUID], *, decided: Collection[UUID]) -> list[Undecided]:
    """The likeliest few, one a profile, without those about which somebody has decided by another pair of theirs.

    Asked of the queue itself: whatever ends a pair's waiting ends this, too.
    """
    own = set(source_profiles)
    sides = (review_queue.waiting().filter(left__in=own), review_queue.waiting().filter(right__in=own))
    pairs = {row.pk: row for side in sides for row in side.order_by("-probability", "id")[:MOST_PAIRS]}
    rows = sorted(pairs.values(), key=lambda row: (-row.probability, row.pk))
    others = {row.pk: row.right_id if row.left_id in own else row.left_id for row in rows}
    homes = profile_of(set(others.values()))
    found: dict[UUID, Undecided] = {}
    for row in rows:
        home = homes.get(others[row.pk])
        if home and home not in found and home not in decided:
            found[home] = Undecided(row.pk, home, short(home), likely(row.probability), _held(row.evidence))
    return list(found.values())[:MOST_NAMED]


def _held(evidence: Iterable[Iterable[Any]]) -> str:
    for name, level, _ in evidence:
        if name == LIMIT:
            return _LIMITED
        if name == CONTRADICTION:
            return _PLAINLY
        if name == HELD_BACK:
            return _HELD.get(level, "")
    return ""
