"""Limits on identifiers: read, changed, with their versions; and values that are nobody's, blocked or let go."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from django.core.exceptions import ValidationError as NotValid
from django.http import Http404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import actor_of
from api.documentation import describe
from api.pagination import Cursor
from api.serializers.limits import (
    BlockedValueGivenSerializer,
    BlockedValueTakenSerializer,
    LimitSerializer,
    LimitVersionSerializer,
    NewLimitSerializer,
)
from api.views.base import View
from identity import blocked, limits
from identity.blocking_values import NotAValue
from identity.matching import Limit
from identity.models import IdentifierLimit
from pipeline import blocking


class Limits(View):
    """List the limits on identifiers."""

    required_scopes = {"GET": "sources:read"}

    @describe(
        "List the limits on identifiers",
        description="How many different identifiers of each kind one person may bear, what is believed first at the "
        "top. All of them, in one answer.",
        operation_id="list_identifier_limits",
        tags=["identity"],
        responses={200: LimitSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        return Response(_told(limits.standing().values()))


class LimitDetail(View):
    """Read or change the limit on one kind of identifier."""

    required_scopes = {"GET": "sources:read", "PUT": "sources:write"}

    @describe(
        "Read the limit on a kind of identifier",
        description="`account_id`, `customer_number`, `loyalty_number`, `email`, `phone` or `device_id`.",
        operation_id="read_identifier_limit",
        tags=["identity"],
        responses={200: LimitSerializer},
        fails=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(_told([limits.standing()[_known(slug)]])[0])

    @describe(
        "Change the limit on a kind of identifier",
        description="Saves it as a new version, which holds for links to come: who is linked stays linked. The same "
        "one changes nothing.",
        operation_id="change_identifier_limit",
        tags=["identity"],
        request=NewLimitSerializer,
        responses={200: LimitSerializer},
        fails=(404,),
    )
    def put(self, request: Request, slug: str) -> Response:
        given = NewLimitSerializer(data=request.data)
        _known(slug)
        given.is_valid(raise_exception=True)
        try:
            limits.change(slug, **given.validated_data, by=actor_of(request).id, now=timezone.now())
        except NotValid as error:
            raise ValidationError(error.message_dict) from None
        return Response(_told([limits.standing()[slug]])[0])


class LimitVersions(View):
    """List the limits that a kind of identifier has had."""

    required_scopes = {"GET": "sources:read"}
    pagination_class = Cursor
    ordering = ("-version",)

    @describe(
        "List the limits of a kind of identifier",
        description="The latest first, each with who saved it, when and why. It began with version 0, which nobody "
        "saved.",
        operation_id="list_identifier_limit_versions",
        tags=["identity"],
        responses={200: LimitVersionSerializer(many=True)},
        fails=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        pages = Cursor()
        rows = IdentifierLimit.objects.filter(namespace=_known(slug))
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response(LimitVersionSerializer(page, many=True).data)


class BlockedValues(View):
    """Block a value, or let it count again."""

    required_scopes = {"POST": "sources:write"}

    @describe(
        "Block a value of an identifier",
        description="A value such as `anonymous` is nobody's: from then on it links nobody and finds nobody; or, with "
        "`blocked` false, it counts again. It may be written as people write it, is kept as a keyed hash, and is never "
        "shown. Who was linked by it stays linked.",
        operation_id="block_identifier_value",
        tags=["identity"],
        request=BlockedValueGivenSerializer,
        responses={200: BlockedValueTakenSerializer},
        fails=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        body = BlockedValueGivenSerializer(data=request.data)
        _known(slug)
        body.is_valid(raise_exception=True)
        given: dict[str, Any] = body.validated_data
        actor, now = actor_of(request).id, timezone.now()
        said = {"is_blocked": given["blocked"], "reason": given.get("reason", "")}
        try:
            bearers = blocking.set_blocked(slug, given["value"], **said, by=actor, now=now)
        except NotAValue as error:
            raise ValidationError({"value": f"{str(error).capitalize()}."}) from None
        return Response(BlockedValueTakenSerializer({"blocked": given["blocked"], "bearers": bearers}).data)


def _known(namespace: str) -> str:
    if namespace not in limits.DEFAULTS:
        raise Http404
    return namespace


def _told(standing: Iterable[Limit]) -> list[dict[str, Any]]:
    nobodys = blocked.standing()
    rows = [asdict(limit) | {"blocked": len(nobodys.of(limit.namespace))} for limit in standing]
    return list(LimitSerializer(rows, many=True).data)
