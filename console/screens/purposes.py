"""Purposes: why data may be used, by which rule, and what people are told; with every version of both."""

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import EDIT_PURPOSES, VIEW_CONSENTS
from consent import notices, purpose_changes
from consent.many import decide_all
from consent.models import LastWord, Notice, Purpose, PurposeVersion
from console.asking import may
from console.guards import needs
from console.purpose_forms import MATERIAL, Publish, Rule, rule_of
from console.recounting import recount
from console.screen import Screen, badge
from console.showing import in_words, label_of
from identity.models import Assignment, Profile
from identity.profiles import EVERYBODY

# More source profiles than this are counted only when somebody asks for it: a million take seconds.
COUNTED_AT_ONCE = 100_000
LATER = "No worker could be told, so segments follow with the hourly refresh."


class PurposeScreen(Screen):
    """Why data may be used."""

    may_view = VIEW_CONSENTS
    list_display = ("name", "basis", "channel_list", "expires", "flags", "is_active")
    sortable_by = ()
    intro = "Why data may be used, and on which legal basis. Without a purpose that allows it, nothing is read or sent."

    @admin.display(description="Legal basis")
    def basis(self, purpose: Purpose) -> str:
        return label_of(purpose.legal_basis)

    @admin.display(description="Channels")
    def channel_list(self, purpose: Purpose) -> str:
        return ", ".join(purpose.channels) or "–"

    @admin.display(description="Consent holds for")
    def expires(self, purpose: Purpose) -> str:
        return in_words(purpose.expires_after_days) if purpose.expires_after_days else "–"

    @admin.display(description="Marked")
    def flags(self, purpose: Purpose) -> str:
        return ", ".join(_flags(purpose)) or "–"

    @badge("State", {"active": "good", "inactive": "warn"})
    def is_active(self, purpose: Purpose) -> str:
        return "active" if purpose.active else "inactive"

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<slug:slug>/edit/", guard(self.edit), name="consent_purpose_edit"),
            path("<slug:slug>/publish/", guard(self.publish), name="consent_purpose_publish"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(VIEW_CONSENTS, methods=("GET",))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """The rule in force, what people are told, and what held before."""
        purpose = self.get_object(request, object_id)
        if purpose is None:
            return redirect("admin:consent_purpose_changelist")
        now, people = timezone.now(), Assignment.objects.current().count()
        wanted = people <= COUNTED_AT_ONCE or "count" in request.GET
        return self.page(
            request,
            "console/purposes/page.html",
            reach=_reach(purpose, now=now) if wanted else None,
            title=purpose.name,
            purpose=purpose,
            basis=label_of(purpose.legal_basis),
            flags=_flags(purpose),
            told=notices.in_force(purpose.slug, at=now),
            versions=_versions(purpose),
            rules=_rules(purpose),
            agreed=_agreed(purpose),
            may_edit=may(request, EDIT_PURPOSES),
        )

    @needs(EDIT_PURPOSES, methods=("GET", "POST"))
    def edit(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        """The form of the rule, and what comes of it."""
        purpose = get_object_or_404(Purpose, pk=slug)
        form = Rule(request.POST or None, initial=rule_of(purpose))
        if request.method == "POST" and form.is_valid():
            try:
                different = purpose_changes.change(purpose, **form.cleaned_data)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                self._note(request, purpose, different)
                return _to(slug)
        return self.page(
            request,
            "console/purposes/edit.html",
            title=f"Change {purpose.name}",
            purpose=purpose,
            form=form,
        )

    def _note(self, request: HttpRequest, purpose: Purpose, different: list[str]) -> None:
        if not different:
            messages.info(request, "Nothing was changed.")
            return
        self.log_change(request, purpose, [{"changed": {"fields": different}}])
        recount(request, done="Saved. The rule holds from now on, and segments follow.", later=f"Saved. {LATER}")

    @needs(EDIT_PURPOSES, methods=("GET", "POST"))
    def publish(self, request: HttpRequest, slug: str) -> TemplateResponse | HttpResponse:
        """The form of the next notice, and what comes of it."""
        purpose, now = get_object_or_404(Purpose, pk=slug), timezone.now()
        told = notices.in_force(slug, at=now)
        form = Publish(request.POST or None, told=told)
        if request.method == "POST" and form.is_valid():
            material = form.cleaned_data["kind"] == MATERIAL
            published = notices.publish(slug, form.texts(), material=material, published_at=now, now=now)
            version = published[0].version
            self.log_change(request, purpose, f"Published version {version} of the notice.")
            if material:
                done = f"Version {version} is published. Every yes given before has ended."
                recount(request, done=f"{done} Segments follow.", later=f"{done} {LATER}")
            else:
                messages.success(request, f"Version {version} is published. Every yes given before holds.")
            return _to(slug)
        return self.page(
            request,
            "console/purposes/publish.html",
            title="Publish a notice",
            purpose=purpose,
            form=form,
            told=told,
            agreed=_agreed(purpose),
        )


def _flags(purpose: Purpose) -> list[str]:
    marks = {"sensitive": "sensitive data", "sale_or_sharing": "sale or sharing", "high_risk": "high risk"}
    return [words for name, words in marks.items() if getattr(purpose, name)]


def _versions(purpose: Purpose) -> list[tuple[Notice, list[Notice]]]:
    """The versions of the notice, the latest first: one of its rows for what they share, and all of them."""
    rows = Notice.objects.filter(purpose=purpose).order_by("-version", "locale")
    versions = [list(group) for _, group in groupby(rows, key=lambda row: row.version)]
    return [(group[0], group) for group in versions]


def _rules(purpose: Purpose) -> list[tuple[PurposeVersion, str, list[str]]]:
    """The versions of the rule, the latest first, each with its legal basis in words and what it changed."""
    rows = list(PurposeVersion.objects.filter(purpose=purpose).order_by("-valid_from", "-id"))
    earlier: list[PurposeVersion | None] = [*rows[1:], None]
    return [(row, label_of(row.legal_basis), _changed(row, before)) for row, before in zip(rows, earlier, strict=True)]


def _changed(row: PurposeVersion, before: PurposeVersion | None) -> list[str]:
    if before is None:
        return []
    names = [field.name for field in PurposeVersion._meta.fields if field.name in purpose_changes.CHANGEABLE]
    return [label_of(name).lower() for name in names if getattr(row, name) != getattr(before, name)]


@dataclass(frozen=True)
class Reach:
    """How many people the purpose allows on a channel, of all."""

    channel: str
    allowed: int
    of: int

    @property
    def share(self) -> float:
        return 100 * self.allowed / self.of if self.of else 0.0


def _reach(purpose: Purpose, *, now: datetime) -> list[Reach]:
    everybody = Profile.objects.filter(assignments__ended_at=None).distinct().count()
    return [
        Reach(channel, len(decide_all(EVERYBODY, purpose=purpose.slug, channel=channel, at=now)), everybody)
        for channel in purpose.channels or [""]
    ]


def _agreed(purpose: Purpose) -> int:
    """How many source profiles have a yes as their last word."""
    return LastWord.objects.filter(purpose=purpose, is_no=False).values("source_profile").distinct().count()


def _to(slug: str) -> HttpResponse:
    return redirect("admin:consent_purpose_change", slug)
