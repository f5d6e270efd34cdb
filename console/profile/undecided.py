"""Who this may be as well: pairs of this person's records and another's that wait in the review queue."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from console import review_queue
from console.change_stand import likely
from console.profile.evidence import HINTS
from console.showing import short
from identity.matching.waterfall import CONTRADICTION
from identity.profiles import profile_of
from identity.review_order import HELD_BACK, LIMIT

# So many profiles are named, of so many pairs at most.
MOST_NAMED, MOST_PAIRS = 3, 50
_LIMITED = "together the two would bear more of one identifier than a limit allows"


@dataclass(frozen=True)
class Undecided:
    """Another profile that may be the same person: the likeliest pair between the two that waits, how likely that pair
    is, and what holds it back, where something does."""

    pair: UUID
    profile: UUID
    short: str
    likely: str
    held: str


def undecided(source_profiles: Collection[UUID]) -> list[Undecided]:
    """The likeliest few, one a profile. Asked of the queue itself: whatever ends a pair's waiting ends this, too."""
    own = set(source_profiles)
    pairs = review_queue.waiting().filter(Q(left__in=own) | Q(right__in=own)).order_by("-probability", "id")
    rows = list(pairs[:MOST_PAIRS])
    others = {row.pk: row.right_id if row.left_id in own else row.left_id for row in rows}
    homes = profile_of(set(others.values()))
    found: dict[UUID, Undecided] = {}
    for row in rows:
        home = homes.get(others[row.pk])
        if home and home not in found:
            found[home] = Undecided(row.pk, home, short(home), likely(row.probability), _held(row.evidence))
    return list(found.values())[:MOST_NAMED]


def _held(evidence: Iterable[Iterable[Any]]) -> str:
    for name, level, _ in evidence:
        if name == LIMIT:
            return _LIMITED
        if name == CONTRADICTION:
            return HINTS[CONTRADICTION]
        if name == HELD_BACK:
            return HINTS.get(level, "")
    return ""
