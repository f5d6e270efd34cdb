"""Segments: how large, how they go, what they are made of, who is in them; made and changed with a live preview."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString

from access.roles import EDIT_SEGMENTS, VIEW_PROFILES, VIEW_SEGMENTS
from consent.models import Purpose
from console.asking import may
from console.figures import segment_trends
from console.guards import needs
from console.json_text import Typed
from console.profile.list import describe
from console.recounting import recount
from console.screen import Screen, badge
from console.showing import moment
from identity.models import Profile
from segments import catalog
from segments.features.feature import Feature
from segments.features.missing import SUFFIX
from segments.features.registry import FEATURES, USABLE
from segments.imputation import policies
from segments.imputation.policies import Standing
from segments.models import Membership, Segment
from segments.preview import preview
from segments.rules.definition import CURVES, OPERATORS
from segments.rules.parse import InvalidDefinition
from segments.wording import lines_of, weights_of, with_unit

MEMBERS_SHOWN = 20
BINS = 10
# What is said of a segment when it is made, and stays.
SAID_ONCE = ("slug", "significant_effect")
# How long after a change an empty segment may still be waiting for its members to be counted.
COUNTING = timedelta(minutes=10)
EXAMPLE = {
    "rule": {"all": [{"feature": "recency_days", "op": "<=", "value": 90}]},
    "score": {
        "terms": [{"feature": "frequency_365d", "weight": 2, "low": 0, "high": 10, "curve": "log"}],
        "threshold": 40,
    },
}


class SegmentForm(forms.Form):
    """A segment to be made or changed. The definition is checked by the rules of `segments`."""

    name = forms.CharField(max_length=80)
    slug = forms.SlugField(label="Name for programs", max_length=60, help_text="It stays: programs ask for it.")
    description = forms.CharField(required=False, widget=forms.Textarea({"rows": 2}))
    purpose = forms.ChoiceField(help_text="A segment holds only those who allow this.")
    channel = forms.ChoiceField(required=False)
    active = forms.BooleanField(label="Active: kept live as records arrive", required=False, initial=True)
    significant_effect = forms.BooleanField(
        label="Significant effect: a person releases each change, one by one",
        required=False,
        help_text="Tick it when members are treated differently in a way that matters to them: credit, price, access "
        "(GDPR article 22). It is said now, and stays.",
    )
    definition = forms.JSONField(
        decoder=Typed,
        widget=forms.Textarea(
            {"rows": 20, "class": "o-mono", "spellcheck": "false", "x-model": "text", "x-on:input": "read()"}
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purposes = Purpose.objects.filter(active=True).order_by("slug")
        channels = sorted({channel for row in purposes for channel in row.channels})
        self.fields["purpose"].choices = [(row.slug, row.name) for row in purposes]  # type: ignore[attr-defined]
        self.fields["channel"].choices = [("", "No channel"), *((one, one) for one in channels)]  # type: ignore[attr-defined]


class SegmentScreen(Screen):
    """Rules over features and weighted scores, kept live."""

    may_view = VIEW_SEGMENTS
    may_add = EDIT_SEGMENTS
    list_display = ("name", "size", "trend", "purpose_text", "threshold", "state", "changed")
    sortable_by = ()
    intro = "Who is in a segment follows from a rule and a weighted score, live. Consent to its purpose is part of it."
    empty_hint = "Add a segment: a rule over features, and a weighted score. The preview shows who would be in it."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Segment]":
        size = Count("memberships", filter=Q(memberships__left_at=None))
        found = Segment.objects.select_related("purpose").annotate(members=size)
        return found.order_by("-active", "-members", "name")

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        trends = segment_trends(now=timezone.now())
        for row in rows:
            row.points = trends.get(row.pk, "")

    @admin.display(description="Members")
    def size(self, segment: Any) -> str:
        return f"{segment.members:,}"

    @admin.display(description="Last 30 days")
    def trend(self, segment: Any) -> SafeString:
        return render_to_string("console/parts/spark.html", {"points": segment.points})

    @admin.display(description="Purpose")
    def purpose_text(self, segment: Segment) -> str:
        return f"{segment.purpose.name} by {segment.channel}" if segment.channel else segment.purpose.name

    @admin.display(description="Score needed")
    def threshold(self, segment: Segment) -> str:
        score = segment.definition.get("score") or {}
        return f"{score['threshold']:g}" if score.get("threshold") else "–"

    @admin.display(description="Changed")
    def changed(self, segment: Segment) -> str:
        return moment(segment.changed_at)

    @badge("State", {"active": "good", "inactive": "warn"})
    def state(self, segment: Segment) -> str:
        return "active" if segment.active else "inactive"

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("preview/", guard(self.preview), name="segments_segment_preview"),
            path("<uuid:id>/edit/", guard(self.edit), name="segments_segment_edit"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(VIEW_SEGMENTS, methods=("GET",))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        segment = self.get_object(request, object_id)
        if segment is None:
            return redirect("admin:segments_segment_changelist")
        now = timezone.now()
        inside = Membership.objects.filter(segment=segment, left_at=None)
        size = inside.count()
        return self.page(
            request,
            "console/segments/page.html",
            title=segment.name,
            segment=segment,
            size=size,
            counting=segment.active and not size and now - segment.changed_at < COUNTING,
            changes=_changes(segment, now=now),
            points=segment_trends(now=now, width=320, height=56).get(segment.pk, ""),
            histogram=_histogram(inside),
            members=_members(inside, request) if may(request, VIEW_PROFILES) else None,
            may_edit=may(request, EDIT_SEGMENTS),
            text=json.dumps(segment.definition, indent=2),
            **_in_words(segment.definition),
        )

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.create(request)

    @needs(EDIT_SEGMENTS, methods=("GET", "POST"))
    def create(self, request: HttpRequest) -> HttpResponseBase:
        form = SegmentForm(request.POST or None, initial={"definition": EXAMPLE})
        if request.method == "POST" and form.is_valid():
            segment = _kept(form, lambda given: catalog.create(given.pop("slug"), **given))
            if segment:
                _count_members(request)
                return redirect("admin:segments_segment_change", segment.pk)
        return self._form_page(request, form, title="Add segment")

    @needs(EDIT_SEGMENTS, methods=("GET", "POST"))
    def edit(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        segment = get_object_or_404(Segment, pk=id)
        form = SegmentForm(request.POST or None, initial=_initial(segment))
        for said_once in SAID_ONCE:
            form.fields[said_once].disabled = True
        if request.method == "POST" and form.is_valid():
            kept = _kept(form, lambda given: catalog.update(segment, **_changeable(given)))
            if kept:
                _count_members(request)
                return redirect("admin:segments_segment_change", segment.pk)
        return self._form_page(request, form, title=f"Change {segment.name}")

    @needs(EDIT_SEGMENTS)
    def preview(self, request: HttpRequest) -> HttpResponse:
        """Who would be in a segment of this definition, or what is wrong with it; a part of the form page."""
        context: dict[str, Any]
        try:
            definition = json.loads(request.POST.get("definition", ""), cls=Typed)
            seen = preview(
                definition, request.POST.get("purpose", ""), request.POST.get("channel", ""), now=timezone.now()
            )
            context = {"seen": seen, "bins": _bins(seen.histogram), **_in_words(definition)}
        except json.JSONDecodeError as error:
            context = {"problems": [f"line {error.lineno}: {error.msg}"]}
        except InvalidDefinition as error:
            context = {"problems": [str(problem) for problem in error.problems]}
        return render(request, "console/segments/preview.html", context)

    def _form_page(self, request: HttpRequest, form: SegmentForm, *, title: str) -> HttpResponseBase:
        given = form["definition"].value()
        text = given if isinstance(given, str) else json.dumps(given, indent=2)
        standing = policies.standing()
        return self.page(
            request,
            "console/segments/form.html",
            title=title,
            form=form,
            builder={
                "text": json.dumps(json.loads(text), indent=2) if _is_json(text) else text,
                "features": [
                    {
                        "slug": one.slug,
                        "name": one.name,
                        "type": one.type,
                        "unit": one.unit,
                        "options": list(one.options),
                        "offered": one.slug in FEATURES or one.slug.removesuffix(SUFFIX) in standing,
                    }
                    for one in _by_name(USABLE)
                ],
                "operators": {kind: list(ops) for kind, ops in OPERATORS.items()},
                "curves": list(CURVES),
            },
            features=[(one, _estimated(one.slug, standing)) for one in _by_name(FEATURES)],
        )


def _by_name(features: Mapping[str, Feature]) -> list[Feature]:
    return sorted(features.values(), key=lambda one: one.name)


def _estimated(slug: str, standing: Mapping[str, Standing]) -> str:
    """What the feature is taken to be where it is missing; empty where it stays so."""
    policy = standing.get(slug)
    return with_unit(slug, policy.value) if policy and policy.value is not None else ""


def _kept(form: SegmentForm, keep: Any) -> Segment | None:
    """The segment as kept; None when a room refused it, and then the form says why and where."""
    try:
        segment: Segment = keep(dict(form.cleaned_data))
        return segment
    except InvalidDefinition as error:
        for problem in error.problems:
            form.add_error("definition", str(problem))
    except ValidationError as error:
        form.add_error(
            None, {name if name in form.fields else "__all__": texts for name, texts in error.error_dict.items()}
        )
    return None


def _count_members(request: HttpRequest) -> None:
    recount(
        request,
        done="Saved. Members are being counted and appear within moments.",
        later="Saved. No worker could be told, so members appear with the hourly refresh.",
    )


def _initial(segment: Segment) -> dict[str, Any]:
    plain = {
        name: getattr(segment, name)
        for name in ("name", "slug", "description", "channel", "active", "significant_effect", "definition")
    }
    return {**plain, "purpose": segment.purpose_id}


def _changeable(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in SAID_ONCE}


def _is_json(text: str) -> bool:
    try:
        json.loads(text, cls=Typed)
    except ValueError:
        return False
    return True


def _in_words(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The definition as lines and weights; nothing when it cannot be read any more."""
    try:
        parsed = catalog.read_definition(definition)
    except InvalidDefinition as error:
        return {"broken": [str(problem) for problem in error.problems]}
    threshold = parsed.score.threshold if parsed.score else None
    return {"lines": list(lines_of(parsed.rule)), "weights": weights_of(parsed), "threshold": threshold}


def _changes(segment: Segment, *, now: datetime) -> dict[str, int]:
    since = now - timedelta(days=30)
    lately: dict[str, int] = Membership.objects.filter(segment=segment).aggregate(
        entered=Count("id", filter=Q(entered_at__gt=since)), left=Count("id", filter=Q(left_at__gt=since))
    )
    return lately


def _histogram(inside: "QuerySet[Membership]") -> list[tuple[int, float]]:
    """Members by score in ten bins of ten points; empty without scores."""
    counts = [0] * BINS
    for score in inside.values_list("score", flat=True).iterator(chunk_size=5_000):
        if score is not None:
            counts[min(int(score / BINS), BINS - 1)] += 1
    return _bins(counts)


def _bins(counts: list[int]) -> list[tuple[int, float]]:
    most = max(counts)
    return [(count, 100 * count / most) for count in counts] if most else []


def _members(inside: "QuerySet[Membership]", request: HttpRequest) -> list[tuple[Membership, Any]]:
    rows = list(inside.order_by("-score", "-entered_at")[:MEMBERS_SHOWN])
    described = describe([Profile(id=row.profile_id) for row in rows], request)
    return [(row, described[row.profile_id]) for row in rows if row.profile_id in described]
