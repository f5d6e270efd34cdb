"""The identity ledger: every assignment of a source profile to a profile. Read-only; append-only beneath."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from access.roles import CORRECT_IDENTITY
from console.actors import names_of
from console.entry import EntryScreen, Facts
from console.profile.evidence import of_assignment
from console.profile.reasons import because, reasons_of
from console.showing import moment, short
from identity.holding import held_by
from identity.models import Assignment


class AssignmentScreen(EntryScreen):
    """Who was joined to whom, when, and why."""

    may_view = CORRECT_IDENTITY
    heading = "Identity ledger"
    list_display = ("assigned", "source_profile_short", "profile_link", "why", "by", "ended")
    list_display_links = ("assigned",)
    list_filter = ("reason",)
    sortable_by = ()
    intro = "Entries are added and ended, never changed. A merge or split rewrites no record: only these lines."
    empty_hint = (
        "No assignment yet. Each record that comes in gets its source profile, and each source profile its line here."
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Assignment]":
        return Assignment.objects.select_related("source_profile__source").order_by("-id")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        entry: Any = super().get_object(request, object_id, from_field)
        if entry is not None:
            (entry.held,) = held_by([entry])
        return entry

    def entry_title(self, entry: Any) -> str:
        return f"{self.source_profile_short(entry)}: {because(entry)}"

    def facts(self, entry: Any) -> Facts:
        held = entry.held
        return [
            ("Source profile", self.source_profile_short(entry)),
            ("Belonged to profile" if entry.ended_at else "Belongs to profile", self.profile_link(entry)),
            ("Because", because(entry)),
            ("Held there by", held.reason if held is not entry else ""),
            ("Since", moment(entry.assigned_at)),
            ("Until", moment(entry.ended_at) if entry.ended_at else "it still does"),
            ("By", self.by(entry)),
            ("Reason given", reasons_of([entry]).get(entry.pk, "")),
            ("Rule", entry.rule_version),
            ("For the purpose of", held.evidence.get("purpose", "").replace("_", " ")),
            ("Compared with source profile", _other(held, "with")),
            ("Parted from source profile", _other(held, "apart_from")),
            ("Held back by a limit", entry.evidence.get("limit", "")),
            ("Held back from source profile", _other(entry, "kept_from")),
        ]

    def more(self, entry: Any, request: HttpRequest) -> dict[str, Any]:
        return {"evidence": of_assignment(entry.held.evidence)}

    @admin.display(description="Reason")
    def why(self, entry: Assignment) -> str:
        return because(entry)

    @admin.display(description="Since")
    def assigned(self, entry: Assignment) -> str:
        return moment(entry.assigned_at)

    @admin.display(description="Until")
    def ended(self, entry: Assignment) -> str:
        return moment(entry.ended_at)

    @admin.display(description="Source profile")
    def source_profile_short(self, entry: Assignment) -> str:
        return f"{entry.source_profile.source.name} {short(entry.source_profile_id)}"

    @admin.display(description="Profile")
    def profile_link(self, entry: Assignment) -> SafeString | str:
        if entry.profile_id is None:
            return "erased"
        page = reverse("admin:identity_profile_change", args=[entry.profile_id])
        return format_html('<a class="o-link o-mono" href="{}">{}</a>', page, short(entry.profile_id))

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        names = names_of(row.actor for row in rows)
        for row in rows:
            row.by_name = names.get(row.actor, row.actor)

    @admin.display(description="By")
    def by(self, entry: Any) -> str:
        return str(entry.by_name)


def _other(entry: Assignment, name: str) -> str:
    """The source profile that the evidence speaks of under this name."""
    return short(entry.evidence[name]) if name in entry.evidence else ""
