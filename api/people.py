"""The person that a request asks about, and leave to read what is known of them."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from rest_framework.request import Request

from api.authentication import actor_of
from api.errors import Problem
from consent.decide import Refusal, decide
from consent.models import Purpose
from identity import profiles
from vault.grants import Grant


@dataclass(frozen=True)
class Person:
    """A profile as it is now, the id it was asked by, and its source profiles."""

    id: UUID
    requested_id: UUID
    source_profiles: list[UUID]

    def under(self, grant: Grant) -> "Person":
        """The person as far as this grant goes: a contract covers only the sources that declare it."""
        return replace(self, source_profiles=[id for id in self.source_profiles if id in grant.source_profiles])


def find(profile_id: UUID) -> Person:
    """The person behind this profile id, which may have been merged since; a 404 for unknown and erased ones."""
    id = profiles.where_now(profile_id)
    source_profiles = profiles.source_profiles(id) if id else []
    if id is None or not source_profiles:
        raise Problem(404, code="not_found", detail="There is no such profile, or it has been erased.")
    return Person(id=id, requested_id=profile_id, source_profiles=source_profiles)


def ask(person: Person, *, purpose: Purpose, request: Request, reason: str, now: datetime) -> Grant:
    """Leave to read this person's data for the purpose; a 403 that names the purpose when consent refuses."""
    decision = decide(person.source_profiles, purpose=purpose.slug, at=now, actor=actor_of(request), reason=reason)
    if isinstance(decision, Refusal):
        raise Problem(
            403,
            code="consent_refused",
            detail=f"The person's data may not be used for '{purpose.slug}': {decision.reason}.",
            members={"purpose": purpose.slug, "reason": decision.reason},
        )
    return decision
