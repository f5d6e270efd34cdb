"""Whom profiles are made of, so that nobody is merged whom the page did not show."""

import hashlib
from collections.abc import Collection
from uuid import UUID

from identity.profiles import source_profiles_of

CHANGED_MEANWHILE = "one of these profiles has changed meanwhile; look at both again before you merge them"


def makeup_of(profiles: Collection[UUID]) -> str:
    """A mark of who belongs to these profiles now: another as soon as anybody came or went."""
    owned = source_profiles_of(sorted(profiles))
    told = sorted(f"{profile}:{id}" for profile, ids in owned.items() for id in ids)
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
