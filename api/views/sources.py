"""Sources and what became of their records; the quarantine."""

from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import Coalesce
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api import queries
from api.documentation import describe
from api.pagination import Cursor
from api.serializers.sources import QuarantinedRecordSerializer, QuarantineQuery, SourceSerializer
from api.views.base import View
from records.models import QuarantinedRecord, Source

COUNTS = ("acknowledged", "stored", "duplicate", "quarantined", "refused")


class Sources(View):
    """List the sources."""

    required_scopes = {"GET": "sources:read"}
    pagination_class = Cursor
    ordering = ("name",)

    @describe(
        "List the sources",
        description="By name, with what became of their records. Write keys are never shown.",
        operation_id="list_sources",
        tags=["sources"],
        responses={200: SourceSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        queries.read(request, queries.Nothing)
        pages = Cursor()
        page = pages.paginate_queryset(_counted(), request, self)
        return pages.get_paginated_response(SourceSerializer(page, many=True).data)


class Quarantine(View):
    """List what is in quarantine."""

    required_scopes = {"GET": "sources:read"}
    pagination_class = Cursor
    ordering = ("-received_at", "-id")

    @describe(
        "List the quarantine",
        description="Records that could not be taken in, the latest first: the reason, the field and the position, "
        "never a value.",
        operation_id="list_quarantine",
        tags=["sources"],
        parameters=[QuarantineQuery],
        responses={200: QuarantinedRecordSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        query = queries.read(request, QuarantineQuery)
        found = QuarantinedRecord.objects.select_related("source").defer("sealed")
        if "source" in query:
            found = found.filter(source=_source(query["source"]))
        if "reason" in query:
            found = found.filter(reason=query["reason"])
        pages = Cursor()
        page = pages.paginate_queryset(found, request, self)
        return pages.get_paginated_response(QuarantinedRecordSerializer(page, many=True).data)


def _counted() -> QuerySet[Source]:
    sums = {f"{name}_records": Coalesce(Sum(f"intakes__{name}"), 0) for name in COUNTS}
    return Source.objects.annotate(last_received_at=Max("intakes__received_at"), **sums)


def _source(name: str) -> Source:
    source = Source.objects.filter(name=name).first()
    if source is None:
        raise ValidationError({"source": "There is no source of this name."}, code="unknown_source")
    return source
