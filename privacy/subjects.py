"""Who a request is about: a profile, and every source profile that is this person's now."""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from identity.models import Assignment, DeviceEpisode
from identity.profiles import source_profiles, where_now


@dataclass(frozen=True)
class Subject:
    """One person: their profile now, every profile id that was theirs alone, and their source profiles."""

    profile: UUID | None
    profiles: frozenset[UUID]
    source_profiles: frozenset[UUID]


class UnknownProfile(LookupError):
    """There is no such profile, or it has been erased."""


NOBODY = Subject(None, frozenset(), frozenset())


def living(profile_id: UUID | None) -> UUID:
    """The profile that this id stands for now, after merges. Raises `UnknownProfile`."""
    profile_now = where_now(profile_id) if profile_id else None
    if profile_now is None:
        raise UnknownProfile("there is no such profile")
    return profile_now


def find(profile_id: UUID | None) -> Subject:
    """The person behind a profile id, which may have been merged since. Raises `UnknownProfile`."""
    profile_now = living(profile_id)
    own = set(source_profiles(profile_now))
    own |= _episodes_of(own)
    return Subject(profile_now, frozenset({profile_now} | _absorbed(own)), frozenset(own))


def _episodes_of(owners: set[UUID]) -> set[UUID]:
    """The source profiles of device episodes that these own, unless the ledger gives them to somebody else."""
    owned = DeviceEpisode.objects.filter(owner__in=owners, source_profile__isnull=False)
    episodes = set(owned.values_list("source_profile_id", flat=True)) - owners
    elsewhere = Assignment.objects.current().filter(source_profile__in=episodes)
    return episodes - set(elsewhere.values_list("source_profile_id", flat=True))


def _absorbed(own: set[UUID]) -> set[UUID]:
    """Earlier profiles of these source profiles, as far as nobody else was ever in them."""
    theirs = Assignment.objects.filter(source_profile__in=own).values("profile")
    shared = Assignment.objects.filter(Q(profile__in=theirs) & ~Q(source_profile__in=own)).values("profile")
    found = Assignment.objects.filter(profile__in=theirs).exclude(profile__in=shared)
    return set(found.values_list("profile_id", flat=True))
