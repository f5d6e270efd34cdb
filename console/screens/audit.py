"""The audit log: who read whose data, when, what for. Read-only; it names subjects by keyed hash alone."""

import csv
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone

from access.models import ApiKey, User
from access.roles import VIEW_AUDIT
from console.actors import names_of
from console.guards import needs
from console.screen import Screen, badge
from console.second_factor import ask_again, is_fresh
from console.showing import moment
from privacy.exposure import COLUMNS, Exposure, by_kind, exposed, rows
from vault.models import AuditEntry

SHOWN = 100


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


class AuditScreen(Screen):
    """Reads of personal data."""

    may_view = VIEW_AUDIT
    heading = "Audit log"
    list_display = ("when", "who", "by_kind", "action", "purpose", "reason", "count")
    list_display_links = None
    list_before_template = "console/audit/to_exposure.html"
    list_filter = ("actor_kind", "purpose", "action")
    sortable_by = ()
    fields = ("at", "who", "actor_kind", "action", "purpose", "reason", "run", "count", "fields")
    readonly_fields = fields
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

    @badge("Kind", {"person": "primary", "api": "info", "machine": "default"})
    def by_kind(self, entry: AuditEntry) -> str:
        return entry.actor_kind
