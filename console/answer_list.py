"""Answers that people gave on who is who, as their list shows them: one for each decision, on however many pairs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.admin import SimpleListFilter
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse

from console.actors import names_of
from console.showing import short
from identity.models import CANNOT_LINK, MUST_LINK, Match, Verdict
from identity.profiles import profile_of

ONE, TWO = "One person", "Two people"
SAID = {MUST_LINK: ONE, CANNOT_LINK: TWO}
STANDS, ENDED = "stands", "taken back"
Answers = QuerySet[Verdict]


def answers(**among: Any) -> Answers:
    """Of each decision a pair on which it stands, or stood to the last: the one that matching had found, the likeliest
    where there are several; else the oldest. `among` are conditions that all pairs of a decision meet, or none."""
    found = Match.objects.filter(left=OuterRef("left"), right=OuterRef("right"))
    likely = Verdict.objects.filter(**among).annotate(likely=Subquery(found.values("probability")[:1]))
    latest = F("undone_at").desc(nulls_first=True), F("likely").desc(nulls_last=True)
    first = likely.order_by("decision", *latest, "id").distinct("decision")
    return Verdict.objects.filter(pk__in=first.values("pk"))


@dataclass(frozen=True)
class Told:
    """What the list says of an answer beside its own columns: who gave it, who took it back, and the profiles that the
    two are in now."""

    by: str
    undone_by: str
    profiles: list[tuple[str, str]]


def told_of(rows: Sequence[Verdict]) -> dict[UUID, Told]:
    """The same for a page of answers: a few queries for all of them."""
    names = names_of(actor for row in rows for actor in (row.actor, row.undone_by))
    homes = profile_of([id for row in rows for id in (row.left_id, row.right_id)])
    return {
        row.pk: Told(
            names.get(row.actor, row.actor), names.get(row.undone_by, row.undone_by), profiles=_pages(row, homes)
        )
        for row in rows
    }


def _pages(row: Verdict, homes: dict[UUID, UUID]) -> list[tuple[str, str]]:
    """The page of the profile that both are in, or of both profiles."""
    found = dict.fromkeys(homes[id] for id in (row.left_id, row.right_id) if id in homes)
    return [(reverse("admin:identity_profile_change", args=[one]), short(one)) for one in found]


class Said(SimpleListFilter):
    """What was answered."""

    title = "answer"
    parameter_name = "answer"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(SAID.items())

    def queryset(self, request: HttpRequest, queryset: Answers) -> Answers:
        return queryset.filter(verdict=self.value()) if self.value() in SAID else queryset


class Stands(SimpleListFilter):
    """Whether the answer holds still."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("stands", STANDS), ("ended", ENDED)]

    def queryset(self, request: HttpRequest, queryset: Answers) -> Answers:
        if self.value() not in ("stands", "ended"):
            return queryset
        return queryset.filter(undone_at__isnull=self.value() == "stands")
