"""How sources are read: mappings and contracts with their versions, tried, changed; and fields that were discovered."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as NotValid
from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import actor_of
from api.bodies import LongJson
from api.documentation import describe
from api.errors import Problem
from api.pagination import Cursor
from api.serializers.readings import (
    ComparisonSerializer,
    ContractSerializer,
    ContractVersionSerializer,
    DiscoveredFieldSerializer,
    MappingSerializer,
    MappingTrialSerializer,
    MappingVersionSerializer,
    NewContractSerializer,
    NewMappingSerializer,
    SettleSerializer,
)
from api.views.base import View
from pipeline import try_out
from records import approving, discovered, json_schema, sources
from records.models import ContractVersion, DiscoveredField, Source

# What a field of the source is called in the body.
NAMES = {"contract_mode": "mode", "contract_schema": "schema"}


class MappingDetail(View):
    """Read or change the mapping of a source."""

    parser_classes = (LongJson,)
    required_scopes = {"GET": "sources:read", "PUT": "sources:write"}

    @describe(
        "Read the mapping of a source",
        description="How its fields become fields of the data dictionary, and which version that is.",
        operation_id="read_mapping",
        tags=["sources"],
        responses={200: MappingSerializer},
        fails=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(MappingSerializer(_source(slug)).data)

    @describe(
        "Change the mapping of a source",
        description="Saves it as a new version, which holds for records from then on. The same one changes nothing.",
        operation_id="change_mapping",
        tags=["sources"],
        request=NewMappingSerializer,
        responses={200: MappingSerializer},
        fails=(404,),
    )
    def put(self, request: Request, slug: str) -> Response:
        given = _valid(NewMappingSerializer, request)
        return Response(MappingSerializer(_change(_source(slug), request, mapping=given["mapping"])).data)


class MappingVersions(View):
    """List the mappings that a source has had."""

    required_scopes = {"GET": "sources:read"}
    pagination_class = Cursor
    ordering = ("-version",)

    @describe(
        "List the mappings of a source",
        description="The latest first, each with who saved it and when. To put one back, save it again.",
        operation_id="list_mapping_versions",
        tags=["sources"],
        responses={200: MappingVersionSerializer(many=True)},
        fails=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        pages = Cursor()
        page = pages.paginate_queryset(_source(slug).mapping_versions, request, self)
        return pages.get_paginated_response(MappingVersionSerializer(page, many=True).data)


class MappingTrial(View):
    """Try a mapping."""

    parser_classes = (LongJson,)
    required_scopes = {"POST": "sources:write"}

    @describe(
        "Try a mapping",
        description="What would become of these rows, or of what lies in the source's quarantine, beside what becomes "
        "of them as the source stands. Nothing is stored; opening the quarantine is noted in the audit log. The answer "
        "holds counts, reasons and names of columns, no value.",
        operation_id="try_mapping",
        tags=["sources"],
        request=MappingTrialSerializer,
        responses={200: ComparisonSerializer},
        fails=(404, 409),
    )
    def post(self, request: Request, slug: str) -> Response:
        given, source = _valid(MappingTrialSerializer, request), _source(slug)
        candidate = try_out.Candidate(given["mapping"])
        if wrong := candidate.faults():
            raise ValidationError({"mapping": wrong})
        try:
            found = _tried(source, candidate, given.get("rows"), request)
        except try_out.NotTriable as error:
            raise Problem(409, code="nothing_to_try", detail=f"{str(error).capitalize()}.") from None
        return Response(ComparisonSerializer(found).data)


class ContractDetail(View):
    """Read or change the contract of a source."""

    parser_classes = (LongJson,)
    required_scopes = {"GET": "sources:read", "PUT": "sources:write"}

    @describe(
        "Read the contract of a source",
        description="The JSON Schema that its records are held against, and what becomes of undeclared fields.",
        operation_id="read_contract",
        tags=["sources"],
        responses={200: ContractSerializer},
        fails=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        return Response(_contract(_source(slug)))

    @describe(
        "Change the contract of a source",
        description="Saves it as a new version, which holds for records from then on. Nothing that the schema refers "
        "to is fetched: references lead to places in the schema itself.",
        operation_id="change_contract",
        tags=["sources"],
        request=NewContractSerializer,
        responses={200: ContractSerializer},
        fails=(404,),
    )
    def put(self, request: Request, slug: str) -> Response:
        given = _valid(NewContractSerializer, request)
        schema = "" if given["schema"] is None else _written(given["schema"])
        changed = _change(_source(slug), request, contract_mode=given["mode"], contract_schema=schema)
        return Response(_contract(changed))


class ContractVersions(View):
    """List the contracts that a source has had."""

    required_scopes = {"GET": "sources:read"}
    pagination_class = Cursor
    ordering = ("-version",)

    @describe(
        "List the contracts of a source",
        description="The latest first, each with who saved it and when. None: it is as it began.",
        operation_id="list_contract_versions",
        tags=["sources"],
        responses={200: ContractVersionSerializer(many=True)},
        fails=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        pages = Cursor()
        page: list[ContractVersion] = pages.paginate_queryset(_source(slug).contract_versions, request, self)
        rows = [
            {
                "version": one.version,
                "mode": one.mode,
                "parsed": _parsed(one.schema),
                "saved_by": one.saved_by,
                "saved_at": one.saved_at,
            }
            for one in page
        ]
        return pages.get_paginated_response(ContractVersionSerializer(rows, many=True).data)


class DiscoveredFields(View):
    """List what a source sends undeclared."""

    required_scopes = {"GET": "sources:read"}
    pagination_class = Cursor
    ordering = ("name",)

    @describe(
        "List the discovered fields of a source",
        description="What it has sent undeclared while its contract discovers, by name: types and counts, never "
        "values. Ignored ones are among them.",
        operation_id="list_discovered_fields",
        tags=["sources"],
        responses={200: DiscoveredFieldSerializer(many=True)},
        fails=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        pages = Cursor()
        fields = _source(slug).discovered_fields.select_related("source")
        page = pages.paginate_queryset(fields, request, self)
        return pages.get_paginated_response(DiscoveredFieldSerializer(page, many=True).data)


class DiscoveredFieldDetail(View):
    """Declare or ignore a discovered field."""

    required_scopes = {"PATCH": "sources:write"}

    @describe(
        "Declare or ignore a discovered field",
        description="With `becomes` it is declared, by a new version of the mapping, which is answered; with `ignored` "
        "it is hidden from people's lists, or shown again.",
        operation_id="settle_discovered_field",
        tags=["sources"],
        request=SettleSerializer,
        responses={200: MappingSerializer},
        fails=(404,),
    )
    def patch(self, request: Request, id: UUID) -> Response:
        given = _valid(SettleSerializer, request)
        found = get_object_or_404(DiscoveredField.objects.select_related("source"), pk=id)
        if ("becomes" in given) == ("ignored" in given):
            raise ValidationError({"becomes": "Give either 'becomes' or 'ignored'."})
        if "ignored" in given:
            discovered.ignore(found.pk, ignored=given["ignored"])
            return Response(MappingSerializer(found.source).data)
        try:
            changed = approving.approve(found, becomes=given["becomes"], by=actor_of(request).id)
        except NotValid as error:
            raise ValidationError({"becomes": error.messages}) from None
        return Response(MappingSerializer(changed).data)


def _source(name: str) -> Source:
    return get_object_or_404(Source, name=name)


def _valid(serializer: type[Any], request: Request) -> dict[str, Any]:
    body = serializer(data=request.data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)


def _change(source: Source, request: Request, **changes: Any) -> Source:
    try:
        return sources.change(source, by=actor_of(request).id, **changes)
    except NotValid as error:
        told: Mapping[str, list[str]] = error.message_dict
        raise ValidationError({NAMES.get(name, name): messages for name, messages in told.items()}) from None


def _tried(
    source: Source, candidate: try_out.Candidate, rows: list[object] | None, request: Request
) -> try_out.Comparison:
    if rows is not None:
        return try_out.with_rows(source, candidate, rows, examples=0)
    return try_out.with_quarantine(source, candidate, actor=actor_of(request), now=timezone.now(), examples=0)


def _written(schema: Mapping[str, Any]) -> str:
    """The schema as it is kept. What is wrong with it the source says; what cannot even be written is said here."""
    try:
        return json_schema.written(schema)
    except TypeError:
        raise ValidationError({"schema": "The schema holds what no JSON can, or is nested too deep."}) from None


def _parsed(schema: str) -> dict[str, Any] | None:
    return json_schema.parsed(schema) if schema else None


def _contract(source: Source) -> Any:
    shown = {
        "contract_version": source.contract_version,
        "contract_mode": source.contract_mode,
        "contract": _parsed(source.contract_schema),
    }
    return ContractSerializer(shown).data
