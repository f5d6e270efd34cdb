"""Profiles: looked up by identifier in a body, read by opaque id."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from access import look_ups
from api import people
from api.authentication import actor_of
from api.documentation import PURPOSE, describe
from api.errors import Problem
from api.pagination import Cursor
from api.people import Person
from api.profile_summary import listed, summarize
from api.purposes import purpose_of, sees_clear
from api.serializers.profiles import (
    EventQuery,
    EventSerializer,
    FoundProfileSerializer,
    IdentifiersSerializer,
    LookupSerializer,
    ProfileSerializer,
)
from api.views.base import View
from consent.decide import Refusal, decide
from identity import profiles
from records.models import Record
from records.reading import open_identifiers
from vault import audit
from vault.reasons import EMAIL, REMOVED

AFTER_A_MERGE = "An id that was merged answers with the surviving profile; `Content-Location` then names it."
FILTERS = {
    "kind": "kind",
    "event": "event",
    "occurred_after": "occurred_at__gte",
    "occurred_before": "occurred_at__lt",
}


class Lookup(View):
    """Find a profile by identifier."""

    required_scopes = {"POST": "profiles:read"}

    @describe(
        "Look up a profile by identifier",
        description="The identifier travels in the body, never in a URL. A person whose data may not be used for the "
        "purpose is not found, like one who is unknown; nor, under a contract, is anybody by an identifier that only "
        "sources know which do not declare it.",
        operation_id="look_up_profile",
        tags=["profiles"],
        parameters=[PURPOSE],
        request=LookupSerializer,
        responses={200: FoundProfileSerializer},
        fails=[404, 413, 415, 429],
    )
    def post(self, request: Request) -> Response:
        purpose = purpose_of(request)
        body = LookupSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        look_ups.count(actor_of(request))
        asked = {**body.validated_data, "now": timezone.now()}
        id = profiles.look_up(**asked)
        if id is None or not _may_know_of(id, purpose.slug, request, asked):
            raise Problem(404, code="not_found", detail="No profile was found by this identifier.")
        return Response(FoundProfileSerializer({"id": id}).data)


def _may_know_of(profile_id: UUID, purpose: str, request: Request, asked: dict[str, Any]) -> bool:
    """Whether the purpose reaches the person by this identifier: under a contract, by what its own sources know."""
    source_profiles = profiles.source_profiles(profile_id)
    decision = decide(source_profiles, purpose=purpose, at=asked["now"], actor=actor_of(request), reason="API look-up")
    return not isinstance(decision, Refusal) and profiles.bears(decision.source_profiles, **asked)


class Profile(View):
    """Read a profile."""

    required_scopes = {"GET": "profiles:read"}

    @describe(
        "Read a profile",
        description="The golden record with its sources. Identifying fields are absent unless the purpose has to reach "
        f"or answer the person: a contract, a legal duty, or a purpose with channels. {AFTER_A_MERGE}",
        operation_id="read_profile",
        tags=["profiles"],
        parameters=[PURPOSE],
        responses={200: ProfileSerializer},
        fails=[404, 410],
    )
    def get(self, request: Request, id: UUID) -> Response:
        purpose, now = purpose_of(request), timezone.now()
        person = people.find(id)
        grant = people.ask(person, purpose=purpose, request=request, reason="API profile", now=now)
        audit.write(grant, person.under(grant).source_profiles, action="read profile", fields=["sources"])
        summary = summarize(person, purpose=purpose, grant=grant)
        return Response(ProfileSerializer(summary).data, headers=located(request, person))


class Events(View):
    """Read the timeline of a profile."""

    required_scopes = {"GET": "profiles:read"}
    queries = {"GET": EventQuery}
    pagination_class = Cursor
    ordering = ("-occurred_at", "-id")

    @describe(
        "List the events of a profile",
        description="The timeline, the latest first. An e-mail address that a source let slip into a property is "
        f"taken out unless the purpose sees identifying fields. {AFTER_A_MERGE}",
        operation_id="list_profile_events",
        tags=["profiles"],
        parameters=[PURPOSE, EventQuery],
        responses={200: EventSerializer(many=True)},
        fails=[404],
    )
    def get(self, request: Request, id: UUID) -> Response:
        purpose, now = purpose_of(request), timezone.now()
        person = people.find(id)
        grant = people.ask(person, purpose=purpose, request=request, reason="API events", now=now)
        readable = person.under(grant).source_profiles
        audit.write(grant, readable, action="read events", fields=["events"])
        records = Record.objects.filter(
            source_profile__in=readable, **{FILTERS[name]: value for name, value in self.query.items()}
        )
        pages = Cursor()
        page = pages.paginate_queryset(records.select_related("source"), request, self)
        rows = list(EventSerializer(page, many=True).data)
        shown = rows if sees_clear(purpose) else [_without_addresses(row) for row in rows]
        response = pages.get_paginated_response(shown)
        return _with_headers(response, located(request, person))


class Identifiers(View):
    """Read the identifiers of a profile."""

    required_scopes = {"GET": "profiles:read"}

    @describe(
        "List the identifiers of a profile",
        description=f"Absent where the purpose does not need them, as in the golden record. {AFTER_A_MERGE}",
        operation_id="list_profile_identifiers",
        tags=["profiles"],
        parameters=[PURPOSE],
        responses={200: IdentifiersSerializer},
        fails=[404, 410],
    )
    def get(self, request: Request, id: UUID) -> Response:
        purpose, now = purpose_of(request), timezone.now()
        person = people.find(id)
        grant = people.ask(person, purpose=purpose, request=request, reason="API identifiers", now=now)
        opened = open_identifiers(person.under(grant).source_profiles, grant) if sees_clear(purpose) else {}
        answer = {"profile": person.id, "purpose": purpose.slug, "results": listed(opened, purpose=purpose)}
        return Response(IdentifiersSerializer(answer).data, headers=located(request, person))


def _without_addresses(row: dict[str, Any]) -> dict[str, Any]:
    """The event without the addresses that its source let slip into it."""
    given = row["properties"].items()
    properties = {name: EMAIL.sub(REMOVED, value) if isinstance(value, str) else value for name, value in given}
    return {**row, "event": EMAIL.sub(REMOVED, row["event"]), "properties": properties}


def located(request: Request, person: Person) -> dict[str, str]:
    """The address of the surviving profile, when another id was asked for (RFC 9110, section 8.7)."""
    if person.id == person.requested_id:
        return {}
    return {"Content-Location": request.path.replace(str(person.requested_id), str(person.id))}


def _with_headers(response: Response, headers: dict[str, Any]) -> Response:
    for name, value in headers.items():
        response[name] = value
    return response
