"""The quality of what sources send: completeness and validity by day, and alarms."""

from dataclasses import asdict
from datetime import UTC
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.documentation import describe
from api.pagination import Cursor
from api.serializers.quality import (
    AlarmQuery,
    QualityAlarmSerializer,
    QualityQuery,
    SourceQualitySerializer,
)
from api.views.base import View
from records.models import QualityAlarm, Source
from records.quality_days import Counts, quality_of


class SourceQuality(View):
    """Read the quality of what a source sends."""

    required_scopes = {"GET": "sources:read"}
    queries = {"GET": QualityQuery}

    @describe(
        "Read the quality of a source",
        description="Of each field, in sum and by day, in how many of the stored records it was there and in how many "
        "of those that brought it it was valid: readable, and as the source's rules want it. The worst first.",
        operation_id="read_quality",
        tags=["sources"],
        parameters=[QualityQuery],
        responses={200: SourceQualitySerializer},
        fails=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        source = get_object_or_404(Source, name=slug)
        found = quality_of(source, last=timezone.now().astimezone(UTC).date(), days=self.query["days"])
        fields = [
            {
                "field": one.name,
                **_told(one.whole),
                "days": [{"day": day, **_told(counts)} for day, counts in one.days.items()],
            }
            for one in found.fields
        ]
        flags = [{"flag": flag, "records": count} for flag, count in found.flags.items()]
        told = {"source": source.name, "stored": found.stored, "fields": fields, "flags": flags}
        return Response(SourceQualitySerializer(told).data)


class Alarms(View):
    """List the alarms."""

    required_scopes = {"GET": "sources:read"}
    queries = {"GET": AlarmQuery}
    pagination_class = Cursor
    ordering = ("-began_at", "-id")

    @describe(
        "List the quality alarms",
        description="What is wrong with what sources send now, the latest first: too little or too much of it, nothing "
        "at all, fields filled or valid less often, fields that nobody declared, or more in quarantine than usual.",
        operation_id="list_alarms",
        tags=["sources"],
        parameters=[AlarmQuery],
        responses={200: QualityAlarmSerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        query = self.query
        found = QualityAlarm.objects.select_related("source")
        if not query["ended"]:
            found = found.filter(ended_at=None)
        if "source" in query:
            found = found.filter(source=_source(query["source"]))
        if "kind" in query:
            found = found.filter(kind=query["kind"])
        pages = Cursor()
        page = pages.paginate_queryset(found, request, self)
        return pages.get_paginated_response(QualityAlarmSerializer(page, many=True).data)


def _told(counts: Counts) -> dict[str, Any]:
    return {**asdict(counts), "completeness": counts.completeness, "validity": counts.validity}


def _source(name: str) -> Source:
    source = Source.objects.filter(name=name).first()
    if source is None:
        raise ValidationError({"source": "There is no source of this name."}, code="unknown_source")
    return source
