"""Whom a person lives with."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from api import people
from api.authentication import actor_of
from api.documentation import PURPOSE, describe
from api.people import Person
from api.purposes import purpose_of
from api.serializers.households import HouseholdSerializer
from api.views.base import View
from api.views.profiles import AFTER_A_MERGE, located
from consent.decide import decide_each
from identity.households import household_of
from identity.models import LINKING
from identity.profiles import source_profiles_of
from vault import audit

REASON = "API household"


class Household(View):
    """Read the household of a profile."""

    required_scopes = {"GET": "profiles:read"}

    @describe(
        "Read the household of a profile",
        description="Who lives in one house with the person and shares a flat, family name, phone number or e-mail "
        "address with them or with whoever does. Members who may not be read for the purpose, or not be linked, are "
        f"absent and not counted. {AFTER_A_MERGE}",
        operation_id="read_profile_household",
        tags=["profiles"],
        parameters=[PURPOSE],
        responses={200: HouseholdSerializer},
        fails=[404],
    )
    def get(self, request: Request, id: UUID) -> Response:
        purpose, now = purpose_of(request), timezone.now()
        person = people.find(id)
        people.ask(person, purpose=purpose, request=request, reason=REASON, now=now)
        answer = _told_of(person, purpose=purpose.slug, request=request, now=now)
        return Response(HouseholdSerializer(answer).data, headers=located(request, person))


def _told_of(person: Person, *, purpose: str, request: Request, now: datetime) -> dict[str, Any]:
    """The household of the person, who may be read for the purpose, as far as its members may be read and linked."""
    household = household_of(person.id)
    members = [one.profile for one in household.members] if household else []
    everyone = source_profiles_of({person.id, *members})
    asked: dict[str, Any] = {"at": now, "actor": actor_of(request), "reason": REASON}
    readable = decide_each(everyone, purpose=purpose, **asked)
    linkable = decide_each(everyone, purpose=LINKING, **asked)
    known = household.told_by(readable.grant.source_profiles) if household else None
    seen = known.seen_from(person.id, among=readable.allowed & linkable.allowed) if known else None
    told = [one.profile for one in seen.members] if seen else [person.id]
    theirs = sorted({id for profile in told for id in everyone[profile]} & readable.grant.source_profiles)
    audit.write(readable.grant, theirs, action="read household", fields=["household"])
    return {"id": seen.id if seen else None, "members": seen.members if seen else []}
