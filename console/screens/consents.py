"""Consents: the purposes that data may be used for, and the ledger of what people said. Both read-only here."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from access.roles import VIEW_CONSENTS
from consent.models import Act, Purpose
from console.screen import Screen, badge
from console.showing import label_of, moment, short
from identity.profiles import profile_of


class PurposeScreen(Screen):
    """Why data may be used."""

    may_view = VIEW_CONSENTS
    list_display = ("name", "basis", "channel_list", "expires", "is_active")
    sortable_by = ()
    intro = "Why data may be used, and on which legal basis. Without a purpose that allows it, nothing is read or sent."
    fields = (
        "slug",
        "name",
        "description",
        "legal_basis",
        "channels",
        "expires_after_days",
        "risk",
        "dpia_reference",
        "is_active",
    )
    readonly_fields = ("risk", "is_active")

    @admin.display(description="Legal basis")
    def basis(self, purpose: Purpose) -> str:
        return label_of(purpose.legal_basis)

    @admin.display(description="Channels")
    def channel_list(self, purpose: Purpose) -> str:
        return ", ".join(purpose.channels) or "–"

    @admin.display(description="Consent holds for")
    def expires(self, purpose: Purpose) -> str:
        return f"{purpose.expires_after_days} days" if purpose.expires_after_days else "–"

    @admin.display(description="High risk")
    def risk(self, purpose: Purpose) -> str:
        return "yes" if purpose.high_risk else "no"

    @badge("State", {"active": "success", "inactive": "warning"})
    def is_active(self, purpose: Purpose) -> str:
        return "active" if purpose.active else "inactive"


class ActScreen(Screen):
    """What people said, as they said it."""

    may_view = VIEW_CONSENTS
    heading = "Consent acts"
    list_display = ("occurred", "said", "purpose", "channel_or_all", "how", "trust", "profile_link")
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
        return Act.objects.select_related("purpose").order_by("-occurred_at", "-id")

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
