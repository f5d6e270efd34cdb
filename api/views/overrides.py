"""Golden values set by hand: which there are, setting one, and taking it back."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api import people
from api.documentation import PURPOSE, describe
from api.errors import Problem
from api.people import Person
from api.purposes import needed, needs, purpose_of
from api.serializers.overrides import NewOverrideSerializer, OverrideSerializer, OverridesSerializer
from api.views.base import View
from api.views.profiles import AFTER_A_MERGE, located
from consent.models import Purpose
from identity import golden
from identity.overriding import NotOverridable, OutOfReach
from pipeline import by_hand
from vault.grants import Grant


class Overrides(View):
    """List what was set by hand of a profile."""

    required_scopes = {"GET": "profiles:read"}

    @describe(
        "List what was set by hand of a profile",
        description="The fields of the golden record in which somebody's word counts, with who said it, when and why. "
        f"Fields that the purpose does not need are absent. {AFTER_A_MERGE}",
        operation_id="list_profile_overrides",
        tags=["profiles"],
        parameters=[PURPOSE],
        responses={200: OverridesSerializer},
        fails=[404, 410],
    )
    def get(self, request: Request, id: UUID) -> Response:
        purpose = purpose_of(request)
        person = people.find(id)
        grant = people.ask(person, purpose=purpose, request=request, reason="API overrides", now=timezone.now())
        answer = {"profile": person.id, "results": _standing(person, purpose, grant)}
        return Response(OverridesSerializer(answer).data, headers=located(request, person))


class OverrideDetail(View):
    """Set a field of a profile by hand, or take that back."""

    required_scopes = {"PUT": "profiles:write", "DELETE": "profiles:write"}

    @describe(
        "Set a field of a profile by hand",
        description="The value wins over what sources say until it is taken back, or the person has the field put "
        "right. It is read as at the door. Of an identifier only a value that a source has can be set: what is wrong "
        f"in every source is a matter of rectification. {AFTER_A_MERGE}",
        operation_id="set_profile_override",
        tags=["profiles"],
        parameters=[PURPOSE],
        request=NewOverrideSerializer,
        responses={200: OverrideSerializer},
        fails=[404, 410, 413, 415],
    )
    def put(self, request: Request, id: UUID, slug: str) -> Response:
        body = NewOverrideSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        value, reason = body.validated_data["value"], body.validated_data["reason"]
        person, purpose, grant = _asked(request, id, slug, reason=f"override: {reason}")
        try:
            by_hand.set_value(person.id, slug, text=value, reason=reason, grant=grant, now=timezone.now())
        except OutOfReach as error:
            raise _out_of_reach(error) from None
        except NotOverridable as error:
            raise ValidationError({"value": f"{error}."}, code="not_overridable") from None
        row = next(row for row in _standing(person, purpose, grant) if row["field"] == slug)
        return Response(OverrideSerializer(row).data, headers=located(request, person))

    @describe(
        "Take back what was set by hand",
        description=f"What sources say decides again. {AFTER_A_MERGE}",
        operation_id="remove_profile_override",
        tags=["profiles"],
        parameters=[PURPOSE],
        responses={200: OverridesSerializer},
        fails=[404, 410],
    )
    def delete(self, request: Request, id: UUID, slug: str) -> Response:
        person, purpose, grant = _asked(request, id, slug, reason="override taken back")
        try:
            by_hand.take_back(person.id, slug, grant=grant, now=timezone.now())
        except OutOfReach as error:
            raise _out_of_reach(error) from None
        except NotOverridable as error:
            raise Problem(404, code="not_found", detail=f"{str(error).capitalize()}.") from None
        answer = {"profile": person.id, "results": _standing(person, purpose, grant)}
        return Response(OverridesSerializer(answer).data, headers=located(request, person))


def _asked(request: Request, id: UUID, field: str, *, reason: str) -> tuple[Person, Purpose, Grant]:
    """The person, the purpose, which must see the field, and leave to read."""
    purpose = purpose_of(request)
    if not needs(field, purpose=purpose):
        raise Problem(403, code="field_not_needed", detail=f"The purpose '{purpose.slug}' does not see this field.")
    person = people.find(id)
    return person, purpose, people.ask(person, purpose=purpose, request=request, reason=reason, now=timezone.now())


def _out_of_reach(error: OutOfReach) -> Problem:
    return Problem(403, code="out_of_reach", detail=f"{str(error).capitalize()}.")


def _standing(person: Person, purpose: Purpose, grant: Grant) -> list[dict[str, Any]]:
    record = golden.read([person.id], grant, fields=needed(purpose)).get(person.id, {})
    return [
        {
            "field": field,
            "value": won.value,
            "source": won.source,
            "chosen": won.by_hand.chosen,
            "reason": won.by_hand.reason,
            "actor": won.by_hand.actor,
            "set_at": won.by_hand.at,
        }
        for field, won in record.items()
        if won.by_hand
    ]
