"""Who must not be destroyed: people under a legal hold, and those who asked for restriction instead (article 18)."""

from datetime import datetime
from uuid import UUID

from consent.models import Restriction
from consent.restrictions import LEGAL_HOLD, RESTRICTION, restricted
from identity.profiles import profile_of
from privacy import holds

KEEPS = (LEGAL_HOLD, RESTRICTION)


def source_profiles(*, now: datetime) -> set[UUID]:
    """Source profiles that retention leaves alone."""
    begun = Restriction.objects.filter(kind__in=KEEPS, lifts=False).values_list("source_profile_id", flat=True)
    standing = restricted(set(begun), at=now)
    return {id for id, kinds in standing.items() if kinds & set(KEEPS)} | holds.everybody(at=now)


def profiles(*, now: datetime) -> set[UUID]:
    """The profiles of these people."""
    return set(profile_of(list(source_profiles(now=now))).values())
