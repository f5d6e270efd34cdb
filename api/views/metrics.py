"""Metrics for Prometheus."""

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample
from rest_framework.request import Request

from api.documentation import describe
from api.views.base import View
from pipeline import metrics

EXAMPLE = 'onym_records_total{outcome="stored",source="webshop"} 980.0\n'


class Metrics(View):
    """What came in, what waits, and who is alive."""

    required_scopes = {"GET": "sources:read"}

    @describe(
        "Read the metrics",
        description="In Prometheus' text format: what came in since midnight UTC and what became of it, what is in "
        "quarantine, what waits to be processed or delivered, and which processes are alive. Counts and names of "
        "sources, nothing of anybody.",
        operation_id="read_metrics",
        tags=["health"],
        responses={200: str},
        examples=[OpenApiExample("One line", value=EXAMPLE, response_only=True)],
    )
    def get(self, request: Request) -> HttpResponse:
        return HttpResponse(metrics.exposition(now=timezone.now()), content_type=metrics.CONTENT_TYPE)
