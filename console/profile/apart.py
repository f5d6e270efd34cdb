"""Who this is not: profiles that people decided to keep apart from this one, and why."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from console.actors import names_of
from console.showing import short
from identity.models import CANNOT_LINK, Verdict
from identity.profiles import profile_of


@dataclass(frozen=True)
class Apart:
    """Another profile that matching will not join to this one, by a person's verdict."""

    profile: UUID
    short: str
    reason: str
    actor: str
    at: datetime


def kept_apart(profile: UUID, source_profiles: Collection[UUID]) -> list[Apart]:
    """The standing verdicts on this profile and others, one a profile, the latest first."""
    own = set(source_profiles)
    rows = list(
        Verdict.objects.filter(undone_at=None, verdict=CANNOT_LINK)
        .filter(Q(left__in=own) | Q(right__in=own))
        .order_by("-decided_at", "id")
    )
    others = {row.pk: row.right_id if row.left_id in own else row.left_id for row in rows}
    homes, names = profile_of(set(others.values())), names_of(row.actor for row in rows)
    found: dict[UUID, Apart] = {}
    for row in rows:
        home = homes.get(others[row.pk])
        if home and home != profile and home not in found:
            found[home] = Apart(home, short(home), row.reason, names.get(row.actor, row.actor), row.decided_at)
    return list(found.values())
