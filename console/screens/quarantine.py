"""Quarantine: what could not be taken in, why, and where it stood. Reasons and places, never the values."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse

from access.roles import VIEW_QUARANTINE
from console.charts import bars_of
from console.screen import Screen
from console.showing import day, label_of, moment
from records.models import QuarantinedRecord


class QuarantineScreen(Screen):
    """Records in quarantine."""

    may_view = VIEW_QUARANTINE
    heading = "Quarantine"
    list_display = ("received", "source", "reason_text", "where", "message", "expires")
    list_display_links = None
    list_filter = ("reason", "source")
    list_before_template = "console/quarantine_reasons.html"
    sortable_by = ()
    fields = ("source", "reason_text", "where", "message", "size", "received_at", "expires_at")
    readonly_fields = fields
    intro = "Records of known sources that could not be taken in. They are kept sealed for 30 days."
    empty_hint = "Everything that came in could be taken in."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[QuarantinedRecord]":
        return QuarantinedRecord.objects.select_related("source").order_by("-received_at", "-id").defer("sealed")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counted = QuarantinedRecord.objects.values_list("reason").annotate(count=Count("id")).order_by("-count")
        counts = dict(counted)
        bars = bars_of((label_of(reason), count) for reason, count in counts.items())
        reasons = list(zip(counts, bars, strict=True))
        response: HttpResponse = super().changelist_view(request, {"reasons": reasons, **(extra_context or {})})
        return response

    @admin.display(description="Received")
    def received(self, row: QuarantinedRecord) -> str:
        return moment(row.received_at)

    @admin.display(description="Kept until")
    def expires(self, row: QuarantinedRecord) -> str:
        return day(row.expires_at)

    @admin.display(description="Reason")
    def reason_text(self, row: QuarantinedRecord) -> str:
        return label_of(row.reason)

    @admin.display(description="Where")
    def where(self, row: QuarantinedRecord) -> str:
        line = f"line {row.line:,}" if row.line is not None else ""
        return ", ".join(part for part in (line, row.field) if part) or "–"
