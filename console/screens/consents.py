"""Consent acts: the ledger of what people said. Read-only here."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from access.roles import VIEW_CONSENTS
from consent.models import Act, Notice
from consent.receipts import receipt
from console.entry import EntryScreen, Facts
from console.files import as_file
from console.guards import needs
from console.screen import badge
from console.showing import label_of, moment, short
from identity.profiles import profile_of

HOW = {
    "preference_center": "in the preference center",
    "double_opt_in": "confirmed by e-mail",
    "subject_request": "by a subject request",
    "gpc": "Global Privacy Control",
}


class ActScreen(EntryScreen):
    """What people said, as they said it."""

    may_view = VIEW_CONSENTS
    heading = "Consent acts"
    list_display = (
        "occurred",
        "said",
        "purpose",
        "channel_or_all",
        "how_it_came",
        "trust",
        "profile_link",
        "receipt_link",
    )
    list_display_links = ("occurred",)
    list_filter = ("purpose", "state", "channel")
    sortable_by = ()
    intro = "What people said of each purpose, the last that was recorded first. To record an act, open the profile."
    empty_hint = (
        "Nobody has said anything yet. Acts arrive with records, over the API, or are recorded on a profile's page."
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Act]":
        return Act.objects.select_related("purpose", "annulment").order_by("-id")

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:id>/receipt.json", guard(self.receipt), name="consent_act_receipt"),
            *super().get_urls(),
        ]

    def entry_title(self, entry: Any) -> str:
        return f"{entry.purpose.name}: {entry.state}"

    def facts(self, entry: Any) -> Facts:
        return [
            ("Purpose", entry.purpose.name),
            ("Channel", self.channel_or_all(entry)),
            ("Said", entry.state),
            ("When", moment(entry.occurred_at)),
            ("Recorded", moment(entry.recorded_at)),
            ("How", how_in_words(entry.how)),
            ("Trust", self.trust(entry)),
            ("Legal basis then", label_of(entry.basis) if entry.basis else ""),
            ("Law of", entry.jurisdiction),
            ("Language", entry.locale),
            ("Source profile", short(entry.source_profile_id)),
            ("Profile", self.profile_link(entry)),
            ("Annulled", "It was never this person's: two people had been taken for one." if _annulled(entry) else ""),
        ]

    def more(self, entry: Any, request: HttpRequest) -> dict[str, Any]:
        receipt = [] if _annulled(entry) else [("Receipt", "download", _receipt_of(entry))]
        return {"notice": Notice.objects.filter(hash=entry.notice).first(), "actions": receipt}

    @needs(VIEW_CONSENTS, methods=("GET",))
    def receipt(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """The receipt of one act, as a file."""
        act = get_object_or_404(Act.objects.select_related("purpose"), pk=id, annulment=None)
        return as_file(receipt(act), name=f"consent-receipt-{short(id)}.json")

    @admin.display(description="Receipt")
    def receipt_link(self, act: Act) -> SafeString | str:
        if _annulled(act):
            return "annulled"
        return format_html('<a class="o-link" href="{}" download>Download</a>', _receipt_of(act))

    @admin.display(description="When")
    def occurred(self, act: Act) -> str:
        return moment(act.occurred_at)

    @badge("Said", {"granted": "good", "withdrawn": "bad"})
    def said(self, act: Act) -> str:
        return act.state

    @admin.display(description="Channel")
    def channel_or_all(self, act: Act) -> str:
        return act.channel or "all"

    @admin.display(description="How")
    def how_it_came(self, act: Act) -> str:
        return how_in_words(act.how)

    @admin.display(description="Trust")
    def trust(self, act: Act) -> str:
        return "verified" if act.verified else "this device only"

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        homes = profile_of({row.source_profile_id for row in rows})
        for row in rows:
            row.home = homes.get(row.source_profile_id)

    @admin.display(description="Profile")
    def profile_link(self, act: Any) -> SafeString | str:
        if act.home is None:
            return "–"
        page = reverse("admin:identity_profile_change", args=[act.home])
        return format_html('<a class="o-link o-mono" href="{}">{}</a>', page, short(act.home))


def how_in_words(how: str) -> str:
    """How something was said: "source crm" stays, "preference_center" becomes words."""
    return HOW.get(how, how.replace("_", " "))


def _annulled(act: Act) -> bool:
    return hasattr(act, "annulment")


def _receipt_of(act: Act) -> str:
    return reverse("admin:consent_act_receipt", args=[act.pk])
