"""The ledger of one profile, as a story: who was joined, split off and brought back, when, by whom, why."""

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
    """One line of the ledger."""

    at: datetime
    ended_at: datetime | None
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
    names, reasons = names_of(row.actor for row in rows), reasons_of(rows)
    return [
        Entry(
            at=row.assigned_at,
            ended_at=row.ended_at,
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
