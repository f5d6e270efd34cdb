"""Held changes: who would enter or leave a segment with a significant effect, released or refused by a person."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString

from access.roles import REVIEW_SEGMENTS
from console.asking import actor_of, ask
from console.forms import Reason, first_error
from console.guards import needs
from console.left_out import way_out_of
from console.profile.belonging import grounds_of
from console.profile.list import describe
from console.screen import Screen, badge
from console.showing import moment, short
from console.telling import telling
from identity.models import Profile
from segments import review
from segments.models import ENTER, WAITING, HeldChange
from segments.review import AlreadyDecided, HumanNeeded, NotAllowed
from vault import audit


class HeldChangeScreen(Screen):
    """What a rule proposes and only a person may decide (GDPR article 22)."""

    may_view = REVIEW_SEGMENTS
    heading = "Held changes"
    list_display = ("person", "direction_text", "segment_name", "score_text", "proposed")
    list_display_links = ("person",)
    list_filter = ("segment", "direction")
    sortable_by = ()
    intro = (
        "Segments with a significant effect take nobody in and let nobody go by themselves. Release or refuse each; "
        "nobody is told before. The longest wait comes first."
    )
    empty_hint = (
        "Nothing waits for a person. When a segment is marked as having a significant effect, each change to its "
        "members comes here first."
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[HeldChange]":
        return HeldChange.objects.filter(decision=WAITING).select_related("segment__purpose")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ("proposed_at", "id")

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        described = describe([Profile(id=id) for id in {row.profile_id for row in rows}], request)
        for row in rows:
            row.row = described.get(row.profile_id)

    @admin.display(description="Person")
    def person(self, held: Any) -> SafeString:
        return render_to_string("console/profiles/cell_person.html", {"row": held.row, "short": short(held.profile_id)})

    @badge("Would", {"enter": "info", "leave": "warn"})
    def direction_text(self, held: HeldChange) -> str:
        return held.direction

    @admin.display(description="Segment")
    def segment_name(self, held: HeldChange) -> str:
        return held.segment.name

    @admin.display(description="Score")
    def score_text(self, held: HeldChange) -> str:
        return "–" if held.score is None else f"{held.score:.0f}"

    @admin.display(description="Waits since")
    def proposed(self, held: HeldChange) -> str:
        return moment(held.proposed_at)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:id>/release/", guard(self.release), name="segments_heldchange_release"),
            path("<uuid:id>/refuse/", guard(self.refuse), name="segments_heldchange_refuse"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(REVIEW_SEGMENTS, methods=("GET",))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """One proposal, with what speaks for it, as far as consent and law let its grounds be read."""
        held = self.get_object(request, object_id)
        if held is None:
            messages.info(request, "That has been decided, or no longer stands.")
            return redirect("admin:segments_heldchange_changelist")
        person = ask(held.profile_id, request, reason="human review of a segment", now=timezone.now())
        if person.grant:
            audit.write(person.grant, person.served, action="review held change", fields=["segments"])
        described = describe([Profile(id=held.profile_id)], request)
        return self.page(
            request,
            "console/held_changes/page.html",
            title="Review a held change",
            held=held,
            enters=held.direction == ENTER,
            row=described.get(held.profile_id),
            short=short(held.profile_id),
            refusal=person.refusal,
            way_out=way_out_of(person.refusal.reason) if person.refusal else "",
            grounds=grounds_of(held.why, held.score) if person.grant else None,
            left=self.get_queryset(request).count(),
            form=Reason(),
        )

    @needs(REVIEW_SEGMENTS)
    def release(self, request: HttpRequest, id: UUID) -> HttpResponse:
        return self._decide(request, id, review.release, done="Released: it holds from now on.")

    @needs(REVIEW_SEGMENTS)
    def refuse(self, request: HttpRequest, id: UUID) -> HttpResponse:
        done = "Refused: everything stays as it is, for as long as the rule says the same."
        return self._decide(request, id, review.refuse, done=done)

    def _decide(self, request: HttpRequest, id: UUID, decide: Callable[..., None], *, done: str) -> HttpResponse:
        held, form = get_object_or_404(HeldChange, pk=id), Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return redirect("admin:segments_heldchange_change", id)
        decided = {"actor": actor_of(request), "reason": form.cleaned_data["reason"], "now": timezone.now()}
        with telling(request, AlreadyDecided, HumanNeeded, NotAllowed, done=done):
            decide(held, **decided)
        following = self.get_queryset(request).exclude(pk=id).order_by("proposed_at", "id").first()
        if following:
            return redirect("admin:segments_heldchange_change", following.pk)
        return redirect("admin:segments_heldchange_changelist")
