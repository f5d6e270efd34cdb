"""How the review queue is narrowed down: why a pair waits, and where one side of it comes from; each with its count."""

from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from console.review_queue import WHY, count_by_source, count_by_why, part_in, told
from identity.models import Match
from records.models import Source

Pairs = QuerySet[Match]


class _Narrowing(SimpleListFilter):
    """A filter of the queue: `console.review_queue.waiting` does it, for the list as for the page of a pair."""

    def queryset(self, request: HttpRequest, queryset: Pairs) -> Pairs:
        return queryset


class WaitsBecause(_Narrowing):
    """The evidence leaves it open, a limit holds the two apart, or something else does."""

    title = "waits"
    parameter_name = "why"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        counts = count_by_why(part_in(request.GET).source)
        return [(why, f"{label} ({told(counts[why])})") for why, label in WHY.items()]


class FromSource(_Narrowing):
    """One of the sources of the pairs that wait; where very many wait, one of all sources, uncounted."""

    title = "source"
    as_named = True
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        part = part_in(request.GET)
        counts = count_by_source(part.why)
        named = Source.objects.order_by("name").values_list("id", "name")
        if counts is None:
            return [(str(id), name) for id, name in named]
        shown = counts | ({part.source: counts.get(part.source, 0)} if part.source else {})
        return [(str(id), f"{name} ({shown[id]:,})") for id, name in named.filter(id__in=shown)]
