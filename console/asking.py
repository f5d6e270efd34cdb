"""Asking before reading: who looks at the screen, whose data it is, and whether consent and law let them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from django.http import HttpRequest

from access.models import User
from consent.decide import Decisions, Refusal, decide, decide_each
from identity.models import LINKING as LINKING
from identity.profiles import source_profiles
from vault.grants import Actor, Grant

SERVICE = "service"
ANALYTICS = "analytics"
SUBJECT_REQUESTS = "subject_requests"


@dataclass(frozen=True)
class Person:
    """A profile, its source profiles, and the answer to whether this user may read them.

    To serve the person, only the sources that declare it may be read; `activity` is leave to look at what the others
    tell of the person's doings, where analytics is allowed.
    """

    id: UUID
    source_profiles: list[UUID]
    answer: Grant | Refusal
    activity: Grant | None = None

    @property
    def grant(self) -> Grant | None:
        return self.answer if isinstance(self.answer, Grant) else None

    @property
    def grants(self) -> list[Grant]:
        """What may be read, and as what."""
        return [grant for grant in (self.grant, self.activity) if grant]

    @property
    def served(self) -> list[UUID]:
        """The source profiles that may be read to serve the person."""
        return [id for id in self.source_profiles if self.grant and id in self.grant.source_profiles]

    @property
    def readable(self) -> list[UUID]:
        """Those whose records may be looked at, to serve the person or for analytics."""
        return [id for id in self.source_profiles if any(id in grant.source_profiles for grant in self.grants)]

    @property
    def refusal(self) -> Refusal | None:
        return self.answer if isinstance(self.answer, Refusal) else None


def user_of(request: HttpRequest) -> User:
    """Whoever is signed in."""
    return cast(User, request.user)


def may(request: HttpRequest, capability: str) -> bool:
    """Whether somebody is signed in and one of their roles grants the capability."""
    return request.user.is_authenticated and user_of(request).may(capability)


def actor_of(request: HttpRequest) -> Actor:
    """Whoever is signed in, as the audit log names them."""
    return Actor("person", str(user_of(request).pk))


def ask(profile: UUID, request: HttpRequest, *, reason: str, now: datetime) -> Person:
    """May this user read the profile to serve the person? The answer is in the person."""
    known, actor = source_profiles(profile), actor_of(request)
    answer = decide(known, purpose=SERVICE, at=now, actor=actor, reason=reason)
    if isinstance(answer, Refusal) or answer.source_profiles.issuperset(known):
        return Person(profile, known, answer)
    activity = decide(known, purpose=ANALYTICS, at=now, actor=actor, reason=reason)
    return Person(profile, known, answer, activity if isinstance(activity, Grant) else None)


def ask_for_each(
    groups: Mapping[UUID, Collection[UUID]], request: HttpRequest, *, purpose: str = SERVICE, reason: str, now: datetime
) -> Decisions[UUID]:
    """The same for a list of people: profile to source profiles."""
    return decide_each(groups, purpose=purpose, at=now, actor=actor_of(request), reason=reason)
