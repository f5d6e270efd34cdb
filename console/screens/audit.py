"""The audit log: who read whose data, when, what for. Read-only; it names subjects by keyed hash alone."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from access.roles import VIEW_AUDIT
from console.actors import names_of
from console.screen import Screen, badge
from console.showing import moment
from vault.models import AuditEntry


class AuditScreen(Screen):
    """Reads of personal data."""

    may_view = VIEW_AUDIT
    heading = "Audit log"
    list_display = ("when", "who", "by_kind", "action", "purpose", "reason", "count")
    list_display_links = None
    list_filter = ("actor_kind", "purpose", "action")
    sortable_by = ()
    fields = ("at", "who", "actor_kind", "action", "purpose", "reason", "run", "count")
    readonly_fields = fields
    intro = (
        "Every read of sealed data, one line each for people and programs, one a batch for machine stages. No values."
    )
    empty_hint = "Nobody has read personal data yet."

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
