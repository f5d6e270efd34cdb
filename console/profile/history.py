"""The ledger of one profile, as a story: who was joined, split off and brought back, when, by whom, why."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from console.actors import names_of
from console.profile.reasons import because, reasons_of
from console.showing import short
from identity.ledger import BY_HAND, history
from identity.models import Assignment

SHOWN = 30


@dataclass(frozen=True)
class Entry:
    """One line of the ledger. Of one that ended: the profile that the source profile went to then, and why."""

    at: datetime
    ended_at: datetime | None
    went_to: UUID | None
    went_to_short: str
    went_because: str
    source: str
    source_profile: str
    reason: str
    by_hand: bool
    note: str
    actor: str
    rule: str


@dataclass(frozen=True)
class Merged:
    """An earlier profile whose source profiles came here together; the merge can be undone."""

    profile: UUID
    short: str
    at: datetime
    count: int


def entries(profile: UUID) -> list[Entry]:
    """The latest lines of the ledger."""
    rows = history(profile)[:SHOWN]
    names, reasons, after = names_of(row.actor for row in rows), reasons_of(rows), _after(rows)
    return [
        Entry(
            at=row.assigned_at,
            ended_at=row.ended_at,
            went_to=after[row.pk].profile_id if row.pk in after else None,
            went_to_short=short(after[row.pk].profile_id or "") if row.pk in after else "",
            went_because=because(after[row.pk]) if row.pk in after else "",
            source=row.source_profile.source.name,
            source_profile=short(row.source_profile_id),
            reason=because(row),
            by_hand=row.reason == BY_HAND,
            note=reasons.get(row.pk, ""),
            actor=names.get(row.actor, row.actor),
            rule=row.rule_version,
        )
        for row in rows
    ]


def _after(rows: Sequence[Assignment]) -> dict[UUID, Assignment]:
    """What came after each of these entries that ended, where that led to a profile that there still is."""
    ended = [row for row in rows if row.ended_at]
    later: dict[UUID, list[Assignment]] = defaultdict(list)
    theirs = Assignment.objects.filter(source_profile__in={row.source_profile_id for row in ended})
    for row in theirs.order_by("assigned_at", "id"):
        later[row.source_profile_id].append(row)
    return {row.pk: after for row in ended if (after := _next(row, later[row.source_profile_id]))}


def _next(row: Assignment, entries: Sequence[Assignment]) -> Assignment | None:
    """The first of these entries, of the same source profile, that began when this one had ended."""
    began = (one for one in entries if one.pk != row.pk and row.ended_at and one.assigned_at >= row.ended_at)
    after = next(began, None)
    return after if after and after.profile_id else None


def merges(profile: UUID) -> list[Merged]:
    """Earlier profiles that a merge brought here, the latest first."""
    here = {row.source_profile_id: row for row in Assignment.objects.current().filter(profile=profile)}
    before = Assignment.objects.filter(source_profile__in=list(here)).exclude(profile=profile).order_by("ended_at")
    came: dict[UUID, list[datetime]] = {}
    for row in before:
        entry = here[row.source_profile_id]
        if row.profile_id and row.ended_at == entry.assigned_at and row.pk != entry.pk:
            came.setdefault(row.profile_id, []).append(entry.assigned_at)
    found = [Merged(earlier, short(earlier), max(times), len(times)) for earlier, times in came.items()]
    return sorted((one for one in found if one.count < len(here)), key=lambda one: one.at, reverse=True)
