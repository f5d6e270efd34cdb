"""Consent, asked for whole people: who may be looked at for a purpose, and over which of their source profiles."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent.decide import decide_each
from identity.profiles import source_profiles_of
from vault.grants import Actor

ANALYTICS = "analytics"
ACTOR = Actor.machine("segments")
NOBODY_BEHIND = "no source profile left"


@dataclass(frozen=True)
class Consented:
    """The profiles that are allowed, each with the source profiles that the grant covers; the others with why not."""

    owned: dict[UUID, list[UUID]]
    refused: dict[UUID, str]


def ask(profile_ids: Collection[UUID], *, purpose: str = ANALYTICS, channel: str = "", now: datetime) -> Consented:
    """Which of these profiles may be used for the purpose on the channel, by all that their source profiles said."""
    found = source_profiles_of(profile_ids)
    owned = {profile: found.get(profile, []) for profile in profile_ids}
    return ask_for(owned, purpose=purpose, channel=channel, now=now)


def ask_for(owned: Mapping[UUID, Collection[UUID]], *, purpose: str, channel: str = "", now: datetime) -> Consented:
    """The same where the source profiles are known already. A profile without any is refused."""
    decisions = decide_each(
        {profile: theirs for profile, theirs in owned.items() if theirs},
        purpose=purpose,
        channel=channel,
        at=now,
        actor=ACTOR,
        reason="features and segments",
    )
    covered = decisions.grant.source_profiles
    allowed = [profile for profile in owned if profile in decisions.allowed]
    empty = {profile: NOBODY_BEHIND for profile, theirs in owned.items() if not theirs}
    return Consented(
        owned={profile: [id for id in owned[profile] if id in covered] for profile in allowed},
        refused={**decisions.refused, **empty},
    )
