"""Recipients: listed, added with a secret that is shown once, switched off and on."""

from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as NotValid
from django.db.models import Count, Max, Q, QuerySet
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.documentation import describe
from api.errors import Problem
from api.pagination import Cursor
from api.purposes import held_purpose
from api.serializers.recipients import (
    NewRecipientSerializer,
    RecipientSerializer,
    RecipientSwitchSerializer,
    RecipientWithSecretSerializer,
)
from api.views.base import View
from outbox import recipients
from outbox.models import STATES, Recipient


class Recipients(View):
    """List and add recipients."""

    required_scopes = {"GET": "recipients:read", "POST": "recipients:write"}
    pagination_class = Cursor
    ordering = ("name",)

    @describe(
        "List the recipients",
        description="Who is told of changes, by name, and how many deliveries stand in which state. Secrets are never "
        "shown.",
        operation_id="list_recipients",
        tags=["recipients"],
        responses={200: RecipientSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        pages = Cursor()
        page = pages.paginate_queryset(_counted(), request, self)
        return pages.get_paginated_response(RecipientSerializer(map(_with_counts, page), many=True).data)

    @describe(
        "Add a recipient",
        description="It is told of what happens from now on, for these purposes, each of which the key itself must "
        "hold; consent is asked again before every message. The answer holds the secret that signs its messages, this "
        "once: whoever loses it exchanges it in the admin. Needs a scope that a key has only where somebody chose it.",
        operation_id="add_recipient",
        tags=["recipients"],
        request=NewRecipientSerializer,
        responses={201: RecipientWithSecretSerializer},
        fails=[413, 415],
    )
    def post(self, request: Request) -> Response:
        body = NewRecipientSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        for slug in body.validated_data["purposes"]:
            held_purpose(request, slug)
        try:
            added, secret = recipients.add(**body.validated_data, now=timezone.now())
        except NotValid as error:
            raise ValidationError(error.message_dict) from None
        found = _with_counts(_counted().get(pk=added.pk))
        found.secret = secret
        answer = RecipientWithSecretSerializer(found).data
        return Response(answer, status=201, headers={"Location": f"{request.path}{added.pk}/"})


class RecipientDetail(View):
    """Read a recipient, and switch it off or on."""

    required_scopes = {"GET": "recipients:read", "PATCH": "recipients:write"}

    @describe(
        "Read a recipient",
        description="For which purposes it is told of changes, where, and how its deliveries stand.",
        operation_id="read_recipient",
        tags=["recipients"],
        responses={200: RecipientSerializer},
        fails=[404],
    )
    def get(self, request: Request, id: UUID) -> Response:
        return Response(RecipientSerializer(_found(id)).data)

    @describe(
        "Switch a recipient off or on",
        description="Switched off it is told of nothing more, and still asked to erase whom it learned of. Switched on "
        "again it is told of what happens from then on. The key must hold every purpose of the recipient.",
        operation_id="switch_recipient",
        tags=["recipients"],
        request=RecipientSwitchSerializer,
        responses={200: RecipientSerializer},
        fails=[404, 413, 415],
    )
    def patch(self, request: Request, id: UUID) -> Response:
        body = RecipientSwitchSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        found = _found(id)
        for slug in found.purposes:
            held_purpose(request, slug)
        recipients.change(found, enabled=body.validated_data["enabled"])
        return Response(RecipientSerializer(_found(id)).data)


def _found(id: UUID) -> Any:
    found = _counted().filter(pk=id).first()
    if found is None:
        raise Problem(404, code="not_found", detail="There is no such recipient.")
    return _with_counts(found)


def _counted() -> "QuerySet[Recipient]":
    counts = {state: Count("deliveries", filter=Q(deliveries__state=state)) for state in STATES}
    return Recipient.objects.annotate(last_sent_at=Max("deliveries__sent_at"), **counts)


def _with_counts(one: Any) -> Any:
    """The recipient with its deliveries by state, which were counted beside it."""
    one.counts = {state: getattr(one, state) for state in STATES}
    return one
