"""Break-glass: profiles that somebody opened in an emergency, and what the privacy team thinks of it."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import REVIEW_EMERGENCIES
from console.actors import names_of
from console.asking import actor_of
from console.forms import Verdict, first_error
from console.guards import needs
from console.screen import Screen, badge
from console.showing import moment, short
from console.telling import telling
from identity.profiles import source_profiles, where_now
from privacy import break_glass
from privacy.models import EmergencyReveal
from vault import audit


class EmergencyScreen(Screen):
    """Emergency reveals, for whoever reviews them."""

    may_view = REVIEW_EMERGENCIES
    heading = "Break-glass"
    list_display = ("opened", "who", "profile", "reason", "standing")
    list_filter = ("verdict",)
    sortable_by = ()
    intro = "Profiles that somebody opened in an emergency without the role for it. A second person reviews each."
    empty_hint = "Nobody has broken the glass."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[EmergencyReveal]":
        return EmergencyReveal.objects.order_by("-opened_at", "-id")

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        names = names_of(row.actor for row in rows)
        for row in rows:
            row.who = names.get(row.actor, row.actor)

    @admin.display(description="Opened")
    def opened(self, row: EmergencyReveal) -> str:
        return moment(row.opened_at)

    @admin.display(description="Who")
    def who(self, row: Any) -> str:
        return str(row.who)

    @admin.display(description="Profile")
    def profile(self, row: EmergencyReveal) -> str:
        return short(row.profile_id)

    @badge("Review", {"to review": "warn", "justified": "good", "not justified": "bad"})
    def standing(self, row: EmergencyReveal) -> str:
        return row.get_verdict_display() or "to review"

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:id>/review/", guard(self.review), name="privacy_emergencyreveal_review"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(REVIEW_EMERGENCIES, methods=("GET",))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """One reveal, what was read under it, and its review."""
        one: EmergencyReveal | None = self.get_object(request, object_id)
        if one is None:
            raise Http404("There is no such emergency reveal.")
        reads = audit.reads_of(source_profiles(one.profile_id)).filter(
            actor=one.actor, reason=f"{break_glass.MARK}{one.reason}", at__gte=one.opened_at, at__lte=one.ends_at
        )
        names = names_of([one.actor, one.reviewed_by])
        return self.page(
            request,
            "console/emergencies/page.html",
            title=f"Break-glass {short(one.pk)}",
            one=one,
            short=short(one.profile_id),
            living=where_now(one.profile_id),
            who=names.get(one.actor, one.actor),
            reviewer=names.get(one.reviewed_by, one.reviewed_by),
            stands=one.ends_at > timezone.now(),
            reads=list(reads[:200]),
            form=Verdict(),
            may_review=not one.verdict and one.actor != actor_of(request).id,
        )

    @needs(REVIEW_EMERGENCIES)
    def review(self, request: HttpRequest, id: UUID) -> HttpResponse:
        get_object_or_404(EmergencyReveal, pk=id)
        form = Verdict(request.POST)
        if form.is_valid():
            with telling(request, break_glass.NotReasoned, break_glass.NotReviewable, done="Reviewed."):
                break_glass.review(
                    id,
                    justified=form.cleaned_data["justified"] == "yes",
                    comment=form.cleaned_data["reason"],
                    actor=actor_of(request).id,
                    now=timezone.now(),
                )
        else:
            messages.error(request, first_error(form))
        return redirect("admin:privacy_emergencyreveal_change", id)
