"""How the quarantine is narrowed down beside its source: for which reason, and of which file."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from console.file_stand import stands
from console.forms import ids_of
from console.showing import label_of, moment
from records.models import FileLoad, QuarantinedRecord

Rows = QuerySet[QuarantinedRecord]


class ForReason(SimpleListFilter):
    """Why a record could not be taken in."""

    title = "reason"
    parameter_name = "reason__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        reasons = QuarantinedRecord.objects.order_by("reason").values_list("reason", flat=True).distinct()
        return [(reason, label_of(reason)) for reason in reasons]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(reason=self.value()) if self.value() else queryset


class OfFile(SimpleListFilter):
    """One file, which the page of the file leads to; offered only where one is chosen."""

    title = "file"
    as_named = True
    parameter_name = "load"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        chosen = str(self.value() or "")
        return [(chosen, _called(chosen))] if chosen else []

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        return queryset.filter(load__in=ids_of([str(self.value())])) if self.value() else queryset


def whatever_reason(changelist: Any, request: HttpRequest) -> Rows:
    """What the list would show of the source and the file that are chosen, for any reason."""
    rows: Rows = changelist.root_queryset
    for chosen in changelist.filter_specs:
        if not isinstance(chosen, ForReason):
            rows = chosen.queryset(request, rows)
    return rows


def _called(id: str) -> str:
    load = FileLoad.objects.select_related("source").filter(pk__in=ids_of([id])).first()
    if load is None:
        return "one that is not known"
    (stand,) = stands([load])
    return f"{load.source.name}: {stand.what}, {moment(load.started_at)}"
