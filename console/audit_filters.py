"""How the audit log is narrowed down: when, by whom, what kind of act; by dates, opaque ids and slugs."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet, Value
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date

from access.models import ApiKey, User
from console.actors import MACHINES
from console.showing import day
from privacy.break_glass import MARK
from vault.models import AuditEntry

Entries = QuerySet[AuditEntry]
# The kinds of acts, by what the entries call them.
LOOKED = (
    *("open profile", "read profile", "read golden record", "read identifiers", "read attributes", "read records"),
    *("read events", "read segments", "read segment members", "review held change", "read request papers"),
    *("read features", "read household", "open record", "open in quarantine"),
)
KEPT_UP = (
    *("compare", "rotate data keys", "prove an erasure", "search for the erased", "search the quarantine"),
    *("read an upload", "confirm a sign-up", "replay the quarantine", "try a mapping on the quarantine"),
    "settle everybody",
)
PUT_RIGHT = ("rectify", "set golden value", "remove golden value")
KINDS: dict[str, tuple[str, Q]] = {
    "reveal": ("Values revealed", Q(reason__startswith="reveal:") | Q(reason__startswith=MARK)),
    "look": ("People looked at", Q(action__in=LOOKED)),
    "export": ("Exports", Q(action="export")),
    "rectify": ("Data put right, or set by hand", Q(action__in=PUT_RIGHT)),
    "upkeep": ("Matching, erasure and keys", Q(action__in=KEPT_UP)),
}
PRESETS = {"today": ("Today", 0), "week": ("Last 7 days", 6), "month": ("Last 30 days", 29)}


class When(admin.ListFilter):
    """Today, lately, or from one day to another; the days are chosen in a form above the list."""

    title = "when"
    NAMES = ("when", "from", "until")

    def __init__(self, request: HttpRequest, params: dict[str, Any], model: Any, model_admin: Any) -> None:
        super().__init__(request, params, model, model_admin)
        self.used_parameters = {name: str(params.pop(name)[-1]) for name in self.NAMES if name in params}

    def has_output(self) -> bool:
        return True

    def expected_parameters(self) -> list[str | None]:
        return list(self.NAMES)

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        first, last = self.days()
        if first:
            queryset = queryset.filter(at__gte=_begin(first))
        # No day follows the last one that there is, and nothing is kept out by it.
        return queryset.filter(at__lt=_begin(last + timedelta(days=1))) if last and last < date.max else queryset

    def days(self) -> tuple[date | None, date | None]:
        """The first and the last day; a text that is no day counts as none."""
        chosen, today = self.used_parameters.get("when", ""), timezone.localdate()
        if chosen in PRESETS:
            return today - timedelta(days=PRESETS[chosen][1]), today
        return self._chosen("from"), self._chosen("until")

    def _chosen(self, name: str) -> date | None:
        try:
            return parse_date(str(self.used_parameters.get(name, "")))
        except ValueError:
            return None

    def choices(self, changelist: Any) -> Iterator[Any]:
        chosen, (first, last) = self.used_parameters.get("when", ""), self.days()
        others = list(self.NAMES)
        anything = first or last
        yield {
            "display": "Any time",
            "selected": not anything,
            "query_string": changelist.get_query_string(remove=others),
        }
        for slug, (label, _) in PRESETS.items():
            query = changelist.get_query_string({"when": slug}, [name for name in others if name != "when"])
            yield {"display": label, "selected": chosen == slug, "query_string": query}
        if anything and chosen not in PRESETS:
            words = " ".join([*(["from", day(first)] if first else []), *(["to", day(last)] if last else [])])
            yield {"display": words, "selected": True, "query_string": changelist.get_query_string()}


class By(admin.SimpleListFilter):
    """Which user, program or person; named here, an opaque id in the address."""

    title = "by"
    as_named = True
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        users = User.objects.order_by().values_list("id", "username", Value(""))
        keys = ApiKey.objects.order_by().values_list("id", "name", Value("key "))
        named = sorted(users.union(keys), key=lambda row: (row[2], row[1]))
        return [*((str(id), f"{what}{name}") for id, name, what in named), *MACHINES.items()]

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        return queryset.filter(actor=self.value()) if self.value() else queryset


class KindOfAct(admin.SimpleListFilter):
    """What was done, in a few kinds; each action by its own name is another filter."""

    title = "kind of act"
    parameter_name = "what"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(slug, label) for slug, (label, _) in KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: Entries) -> Entries:
        kind = KINDS.get(self.value() or "")
        return queryset.filter(kind[1]) if kind else queryset


def _begin(first: date) -> datetime:
    return datetime.combine(first, time.min, tzinfo=timezone.get_current_timezone())
