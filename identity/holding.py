"""Holding: by which entry of the ledger a source profile is where it is.

When a merge is undone, whoever goes back gets an entry by hand. What holds them there is the entry that did before the
merge: the person's act took something away, and joined nobody.
"""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from identity.ledger import BY_HAND
from identity.models import IN_REVIEW, Assignment, Match
from identity.profiles import profile_of
from identity.settle import APART


def undoes_a_merge(entry: Assignment) -> bool:
    """Whether this entry put somebody back when a merge was undone; an undone split joins, and so holds by itself."""
    return entry.reason == BY_HAND and "undoes" in entry.evidence and "verdict" not in entry.evidence


def held_by(entries: Collection[Assignment]) -> list[Assignment]:
    """For each of these entries the one whose reason and evidence hold the source profile there: itself, but for those
    that undo a merge."""
    back = [entry for entry in entries if undoes_a_merge(entry)]
    if not back:
        return list(entries)
    ids = {entry.source_profile_id for entry in back}
    earlier = Assignment.objects.filter(source_profile__in=ids, ended_at__isnull=False).order_by("assigned_at", "id")
    before = [entry for entry in earlier if not undoes_a_merge(entry)]
    return [_before(entry, before) if undoes_a_merge(entry) else entry for entry in entries]


def _before(entry: Assignment, earlier: Collection[Assignment]) -> Assignment:
    """The last of the earlier ones by which it was in the same profile; the entry itself where there is none left."""
    where = (entry.source_profile_id, entry.profile_id)
    same = [
        one
        for one in earlier
        if (one.source_profile_id, one.profile_id) == where and one.assigned_at <= entry.assigned_at
    ]
    return same[-1] if same else entry


@dataclass(frozen=True, slots=True)
class Parted:
    """Whom a source profile was parted from when everybody was asked anew: the source profile to which most still tied
    it, the profile that this is in by now, and their pair in the review queue, where it waits there."""

    source_profile: UUID
    profile: UUID | None
    waits: UUID | None


def parted_from(entries: Collection[Assignment]) -> dict[UUID, Parted]:
    """Of these entries those that stand since everybody was asked anew, by their id."""
    apart = {
        entry.pk: (entry.source_profile_id, UUID(entry.evidence["apart_from"]))
        for entry in entries
        if entry.reason == APART and "apart_from" in entry.evidence
    }
    if not apart:
        return {}
    homes = profile_of([other for _, other in apart.values()])
    among = Q()
    for pair in apart.values():
        among |= Q(left=min(pair), right=max(pair))
    found = Match.objects.filter(among, state=IN_REVIEW).values_list("left", "right", "id")
    waits = {(left, right): id for left, right, id in found}
    return {
        entry: Parted(other, homes.get(other), waits.get((min(one, other), max(one, other))))
        for entry, (one, other) in apart.items()
    }
