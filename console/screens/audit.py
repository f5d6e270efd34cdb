"""The audit log: who read whose data, when, what for. Read-only; it names subjects by keyed hash alone."""

import csv
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone

from access.models import ApiKey, User
from access.roles import VIEW_AUDIT, VIEW_PROFILES
from console.actors import names_of
from console.asking import may
from console.audit_filters import By, KindOfAct, When
from console.guards import needs
from console.screen import Screen, badge
from console.second_factor import ask_again, is_fresh
from console.showing import label_of, moment, short
from privacy.exposure import COLUMNS, Exposure, behind, by_kind, exposed, rows
from privacy.public.demands import ACTOR as DATA_SUBJECT
from records.dictionary import FIELDS
from records.models import SourceProfile
from vault import audit_verification
from vault.audit_aging import KEPT
from vault.grants import LIFETIME
from vault.models import AuditEntry

SHOWN = 100
# Up to so many source profiles, whose hash it is is found in about half a second; beyond, on asking.
AT_ONCE = 200_000


class ExposureForm(forms.Form):
    """Who read, and when."""

    actor = forms.ChoiceField(label="Read by", required=False)
    since = forms.DateTimeField(label="From", widget=forms.DateInput({"type": "date"}))
    until = forms.DateTimeField(
        label="To", required=False, widget=forms.DateInput({"type": "date"}), help_text="Empty: until now."
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        keys = [(str(id), name) for id, name in ApiKey.objects.order_by("name").values_list("id", "name")]
        users = [(str(id), name) for id, name in User.objects.order_by("username").values_list("id", "username")]
        self.fields["actor"].choices = [("", "Anybody"), ("API keys", keys), ("Users", users)]  # type: ignore[attr-defined]

    @property
    def question(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {"actor": data["actor"], "since": data["since"], "until": data["until"] or timezone.now()}


def _file(found: Exposure) -> HttpResponse:
    response = HttpResponse(
        content_type="text/csv", headers={"Content-Disposition": 'attachment; filename="exposure.csv"'}
    )
    lines = csv.writer(response)
    lines.writerow(COLUMNS)
    lines.writerows(rows(found))
    return response


@dataclass(frozen=True)
class People:
    """Whom an entry is about: links to them, how many more, and how many are nobody any more."""

    shown: list[tuple[str, UUID]]
    more: int
    gone: int


def _people(entry: AuditEntry, request: HttpRequest) -> People | None:
    """None where nobody is named, where whoever looks may not see profiles, or has yet to ask (it takes a while)."""
    many = "who" not in request.GET and SourceProfile.objects.count() > AT_ONCE
    if not entry.subjects or not may(request, VIEW_PROFILES) or many:
        return None
    found = behind([bytes(one) for one in entry.subjects])
    shown = [(short(profile), profile) for profile in found.profiles[:SHOWN]]
    return People(shown, more=len(found.profiles) - len(shown), gone=found.gone)


def _route(entry: AuditEntry) -> str:
    """By which way the data were read."""
    if entry.actor_kind == "person":
        return "Public pages" if entry.actor == DATA_SUBJECT else "Admin"
    return {"api": "API", "machine": "A stage that runs by itself"}[entry.actor_kind]


def _siblings(entry: AuditEntry) -> list[AuditEntry]:
    """What else was read under the same leave, which lasts a minute."""
    if entry.run is None:
        return []
    about = (entry.at - 2 * LIFETIME, entry.at + 2 * LIFETIME)
    others = AuditEntry.objects.filter(at__range=about, run=entry.run).exclude(pk=entry.pk)
    return list(others.order_by("id").defer("subjects", "cohort")[:SHOWN])


class AuditScreen(Screen):
    """Reads of personal data."""

    may_view = VIEW_AUDIT
    heading = "Audit log"
    list_display = ("when", "who", "by_kind", "action", "purpose", "reason", "count")
    list_before_template = "console/audit/before_list.html"
    list_filter = (When, By, KindOfAct, "actor_kind", "purpose", "action")
    sortable_by = ()
    intro = (
        "Every read of sealed data, one line each for people and programs, one a batch for machine stages. No values."
    )
    empty_hint = "Nobody has read personal data yet."

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("exposure/", guard(self.exposure), name="vault_auditentry_exposure"),
            *super().get_urls(),
        ]

    @needs(VIEW_AUDIT, methods=("GET", "POST"))
    def exposure(self, request: HttpRequest) -> HttpResponseBase:
        """Whose data were read with a key or by a user that has fallen into wrong hands; on screen or as CSV."""
        form = ExposureForm(request.POST or None)
        found = exposed(**form.question) if request.method == "POST" and form.is_valid() else None
        if found and "csv" in request.POST:
            return ask_again(request) if not is_fresh(request) else _file(found)
        return self.page(
            request,
            "console/audit/exposure.html",
            title="Exposure",
            form=form,
            found=found,
            fields=by_kind(found.people) if found else {},
            shown=found.people[:SHOWN] if found else [],
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(VIEW_AUDIT, methods=("GET",))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """One entry: who read what for which purpose and why, whose it was, and whether it is as it was sealed."""
        entry: AuditEntry | None = self.get_object(request, object_id)
        if entry is None:
            raise Http404("There is no such entry in the audit log.")
        seal, faults = audit_verification.verify_one(entry)
        return self.page(
            request,
            "console/audit/page.html",
            title=f"Entry {entry.pk:,}",
            entry=entry,
            who=names_of([entry.actor]).get(entry.actor, entry.actor),
            route=_route(entry),
            fields=[label_of(field) if field in FIELDS else field for field in entry.fields],
            seal=seal,
            faults=faults,
            head=bytes(seal.head).hex() if seal else "",
            kept_until=seal.sealed_at + KEPT if seal else None,
            people=_people(entry, request),
            may_see_people=may(request, VIEW_PROFILES),
            siblings=_siblings(entry),
        )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[AuditEntry]":
        return AuditEntry.objects.order_by("-id").defer("subjects")

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        names = names_of(row.actor for row in rows)
        for row in rows:
            row.who = names.get(row.actor, row.actor)

    @admin.display(description="When")
    def when(self, entry: AuditEntry) -> str:
        return moment(entry.at)

    @admin.display(description="Who")
    def who(self, entry: Any) -> str:
        return str(getattr(entry, "who", entry.actor))

    @badge("Kind", {"person": "accent", "api": "info", "machine": "o-plain"})
    def by_kind(self, entry: AuditEntry) -> str:
        return entry.actor_kind
