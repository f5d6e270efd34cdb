"""Reconciliation: what a source says it has sent, beside what came and is stored of it."""

from collections.abc import Iterable
from datetime import UTC, date, timedelta
from typing import Any

from django.shortcuts import get_object_or_404
from django.utils import timezone
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import LongJson
from api.documentation import describe
from api.serializers.reconciliation import (
    ReconciliationRequestSerializer,
    ReconciliationSerializer,
    StoredCountsQuery,
)
from api.views.base import View
from records import reconciliation
from records.models import Source
from records.reconciliation import FIRST_DAY, MOST_DAYS, Total
from records.summable import summable

USUAL_DAYS = 30


class Reconciliation(View):
    """Compare with what the source says, or read what is known without its word."""

    parser_classes = (LongJson,)
    required_scopes = {"GET": "sources:read", "POST": "sources:read"}
    queries = {"GET": StoredCountsQuery}

    @describe(
        "Read what came from a source by day",
        description="What came, what became of it and what is stored of it now, by day (UTC), without the source's own "
        "word: `said` is null. For its own reports to compare with.",
        operation_id="read_reconciliation",
        tags=["sources"],
        parameters=[StoredCountsQuery],
        responses={200: ReconciliationSerializer},
        fails=(404,),
    )
    def get(self, request: Request, slug: str) -> Response:
        source = get_object_or_404(Source, name=slug)
        return _answer(source, self.query, totals=(), days=_days(self.query))

    @describe(
        "Compare with what a source says it has sent",
        description="Takes what the source itself counts by day (UTC), and what a property adds up to, and says what "
        "is missing and where the rest is: known already, in quarantine, refused, taken away since. By the day on "
        "which things happened only what is stored can be told. Nothing of it is kept.",
        operation_id="reconcile",
        tags=["sources"],
        request=ReconciliationRequestSerializer,
        responses={200: ReconciliationSerializer},
        fails=(404,),
    )
    def post(self, request: Request, slug: str) -> Response:
        source = get_object_or_404(Source, name=slug)
        body = ReconciliationRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        totals = [Total(one["day"], one["records"], one.get("sum")) for one in given["days"]]
        return _answer(source, given, totals=totals, days=())


def _answer(source: Source, asked: dict[str, Any], *, totals: Iterable[Total], days: Iterable[date]) -> Response:
    by, property = asked["by"], asked["property"]
    if property not in summable(source):
        raise ValidationError({"property": "The source declares no number of this name."}, code="unknown_property")
    lines = list(reconciliation.lines(source, totals, by=by, property=property, days=days))
    told = {"source": source.name, "by": by, "property": property, "lines": lines}
    told["totals"] = reconciliation.whole_of(lines)
    return Response(ReconciliationSerializer(told, context={"property": property}).data)


def _days(query: dict[str, Any]) -> list[date]:
    last = query.get("last", timezone.now().astimezone(UTC).date())
    first = query.get("first", max(last - timedelta(days=USUAL_DAYS - 1), FIRST_DAY))
    if not 0 <= (last - first).days < MOST_DAYS:
        detail = f"Must not be after the last, and {MOST_DAYS:,} days are told at most."
        raise ValidationError({"first": detail}, code="invalid")
    return reconciliation.span(first, last)
