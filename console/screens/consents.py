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
from consent.models import Act
from consent.receipts import receipt
from console.files import as_file
from console.guards import needs
from console.screen import Screen, badge
from console.showing import moment, short
from identity.profiles import profile_of


class ActScreen(Screen):
    """What people said, as they said it."""

    may_view = VIEW_CONSENTS
    heading = "Consent acts"
    list_display = ("occurred", "said", "purpose", "channel_or_all", "how", "trust", "profile_link", "receipt_link")
    list_display_links = None
    list_filter = ("purpose", "state", "channel")
    sortable_by = ()
    fields = (
        "source_profile_id",
        "purpose",
        "channel",
        "state",
        "occurred_at",
        "recorded_at",
        "how",
        "verified",
        "notice",
    )
    readonly_fields = ("source_profile_id",)
    intro = "What people said of each purpose, append-only. To record an act, open the profile."
    empty_hint = (
        "Nobody has said anything yet. Acts arrive with records, over the API, or are recorded on a profile's page."
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Act]":
        return Act.objects.select_related("purpose", "annulment").order_by("-occurred_at", "-id")

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:id>/receipt.json", guard(self.receipt), name="consent_act_receipt"),
            *super().get_urls(),
        ]

    @needs(VIEW_CONSENTS, methods=("GET",))
    def receipt(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """The receipt of one act, as a file."""
        act = get_object_or_404(Act.objects.select_related("purpose"), pk=id, annulment=None)
        return as_file(receipt(act), name=f"consent-receipt-{short(id)}.json")

    @admin.display(description="Receipt")
    def receipt_link(self, act: Act) -> SafeString | str:
        if hasattr(act, "annulment"):
            return "annulled"
        page = reverse("admin:consent_act_receipt", args=[act.pk])
        return format_html('<a class="o-link" href="{}" download>Download</a>', page)

    @admin.display(description="When")
    def occurred(self, act: Act) -> str:
        return moment(act.occurred_at)

    @badge("Said", {"granted": "success", "withdrawn": "danger"})
    def said(self, act: Act) -> str:
        return act.state

    @admin.display(description="Channel")
    def channel_or_all(self, act: Act) -> str:
        return act.channel or "all"

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
