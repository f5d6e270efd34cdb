"""Quarantine: what could not be taken in, why, and where it stood. Reasons and places, never the values."""

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html

from access.roles import REPLAY_QUARANTINE, REVEAL_IDENTIFIERS, VIEW_QUARANTINE
from console.asking import may
from console.capabilities import roles_that
from console.charts import Bar, bars_of
from console.entry import Facts
from console.forms import Reason
from console.left_out import advice_on
from console.quarantine_filters import ForReason, OfFile, whatever_reason
from console.quarantine_groups import MOST_AT_FIRST, MOST_CHOSEN, groups_of
from console.screens.replays import ReplayScreen
from console.showing import day, label_of, moment
from records.models import QuarantinedRecord
from records.ways_out import way_out

# What the place of a record is called, and the number of the first, by the door; of all others it is a line from 1.
PLACES = {
    **dict.fromkeys(("http", "cloudevents"), ("message", 0)),
    "webhooks": ("row", 0),
    "mqtt": ("row", 1),
    "kafka": ("offset", 1),
}


class QuarantineScreen(ReplayScreen):
    """Records in quarantine."""

    may_view = VIEW_QUARANTINE
    heading = "Quarantine"
    list_display = ("received", "source", "reason_text", "where", "message", "expires")
    list_display_links = ("received",)
    list_filter = (ForReason, "source", OfFile)
    list_before_template = "console/quarantine/before_list.html"
    entry_template = "console/quarantine/page.html"
    sortable_by = ()
    intro = (
        "Records of known sources that could not be taken in. They are kept sealed for 30 days, and can be taken in "
        "once their source's mapping, or they themselves, are mended."
    )
    empty_hint = "Everything that came in could be taken in."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[QuarantinedRecord]":
        return QuarantinedRecord.objects.select_related("source").order_by("-id").defer("sealed_way")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        response: HttpResponse = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data:
            changelist = response.context_data["cl"]
            of_file = request.GET.get(OfFile.parameter_name, "")
            response.context_data["reasons"] = _reasons(changelist, request)
            response.context_data["of_file"] = of_file
            if may(request, REPLAY_QUARANTINE):
                most = MOST_CHOSEN if changelist.has_active_filters else MOST_AT_FIRST
                response.context_data["groups"] = groups_of(changelist.queryset, most=most)
        return response

    def entry_title(self, entry: Any) -> str:
        return f"{self.reason_text(entry)}, from {entry.source.name}"

    def facts(self, entry: Any) -> Facts:
        return [
            ("Why", entry.message),
            ("Reason", self.reason_text(entry)),
            ("Where", self.where(entry)),
            ("Source", format_html('<a class="o-link" href="{}">{}</a>', _source_of(entry), entry.source.name)),
            ("Size", filesizeformat(entry.size)),
            ("Received", moment(entry.received_at)),
            ("Kept until", day(entry.expires_at)),
        ]

    def more(self, entry: Any, request: HttpRequest) -> dict[str, Any]:
        may_replay = may(request, REPLAY_QUARANTINE)
        return {
            "row": entry,
            "advice": advice_on(entry.reason),
            "is_kept": entry.sealed is not None,
            "may_replay": may_replay,
            "may_open": may_replay and may(request, REVEAL_IDENTIFIERS),
            "who_opens": roles_that(REPLAY_QUARANTINE, REVEAL_IDENTIFIERS),
            "who_replays": roles_that(REPLAY_QUARANTINE),
            "form": Reason(),
            "came_from": self.get_preserved_filters(request),
        }

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
        return ", ".join(part for part in (_place(row), row.field) if part) or "–"


def _reasons(changelist: Any, request: HttpRequest) -> list[tuple[str, Bar, str]]:
    """Each reason's bar, the link that narrows the list down to it and keeps what else is chosen, and what to do."""
    rows = whatever_reason(changelist, request)
    counts = dict(rows.order_by().values_list("reason").annotate(count=Count("id")).order_by("-count", "reason"))
    bars = bars_of((label_of(reason), count) for reason, count in counts.items())
    links = [changelist.get_query_string({ForReason.parameter_name: reason}, ["p"]) for reason in counts]
    return list(zip(links, bars, map(way_out, counts), strict=True))


def _source_of(row: QuarantinedRecord) -> str:
    return reverse("admin:records_source_change", args=[row.source_id])


def _place(row: QuarantinedRecord) -> str:
    """Which message of a request, which row of an MQTT message, which offset of a topic, or which line of a file."""
    if row.line is None:
        return ""
    word, first = PLACES.get(row.door, ("line", 1))
    return f"{word} {row.line + 1 - first:,}"
