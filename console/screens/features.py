"""Features: what is computed of people, and what each is taken to be where it is not known."""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import EDIT_SEGMENTS, VIEW_SEGMENTS
from console import feature_list
from console.asking import actor_of, may
from console.guards import needs
from console.recounting import recount
from console.screen import Screen
from segments.features.feature import Feature
from segments.features.registry import FEATURES
from segments.imputation import policies
from segments.imputation.methods import CONSTANT, LEAST, OF_TYPE
from segments.imputation.survey import survey
from segments.models import ImputationPolicy, ProfileFeatures
from segments.rules.definition import BOOLEAN, NUMBER
from segments.rules.parse import LONGEST_TEXT

# More profiles than this are counted only when somebody asks for it: a million take a minute.
COUNTED_AT_ONCE = 20_000


class PolicyForm(forms.Form):
    """What one feature is taken to be where it is missing."""

    method = forms.ChoiceField(label="Where it is missing", widget=forms.RadioSelect({"x-model": "method"}))
    constant = forms.CharField(label="The value", required=False, max_length=LONGEST_TEXT)

    def __init__(self, *args: Any, feature: Feature, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        methods = [(method, feature_list.METHODS[method][0]) for method in OF_TYPE[feature.type]]
        self.fields["method"].choices = methods  # type: ignore[attr-defined]
        self.feature = feature
        if feature.type == NUMBER:
            self.fields["constant"] = forms.FloatField(label="The value", required=False, help_text=feature.unit)
        elif feature.type == BOOLEAN or feature.options:
            options = feature.options or ("yes", "no")
            choices = [("", "Choose"), *((one, one) for one in options)]
            self.fields["constant"] = forms.ChoiceField(label="The value", choices=choices, required=False)

    def clean(self) -> dict[str, Any]:
        """The constant as the feature has its values; only where the method is to take it."""
        given: dict[str, Any] = super().clean() or {}
        constant = given.get("constant")
        if given.get("method") != CONSTANT:
            self.errors.pop("constant", None)
            given["constant"] = None
        elif constant in (None, ""):
            if "constant" not in self.errors:
                self.add_error("constant", "Say which value it is taken to be, or choose another method.")
        elif isinstance(constant, float):
            given["constant"] = int(constant) if constant.is_integer() else constant
        elif self.feature.type == BOOLEAN:
            given["constant"] = constant == "yes"
        return given


def _too_few(profiles: int) -> str:
    """Why a statistic gives no value."""
    if profiles < LEAST:
        return f"Only {profiles:,} have this feature and allow analytics. It stays missing until {LEAST} do."
    return f"{profiles:,} have this feature, but no {LEAST} of them the same value. It stays missing until they do."


class FeatureScreen(Screen):
    """What is computed of people, and what stands in for it where it is missing."""

    may_view = VIEW_SEGMENTS
    heading = "Features"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ImputationPolicy]":
        return ImputationPolicy.objects.order_by("feature", "-version")

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, "segments_imputationpolicy"
        return [path("of/<slug:slug>/", guard(self.feature), name=f"{name}_feature"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return self.overview(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        policy = self.get_object(request, object_id)
        if policy is None:
            return redirect("admin:segments_imputationpolicy_changelist")
        return self.feature(request, slug=policy.feature)

    @needs(VIEW_SEGMENTS, methods=("GET",))
    def overview(self, request: HttpRequest) -> TemplateResponse:
        """Every feature, with the policy that stands."""
        rows = feature_list.rows_of(policies.standing())
        return self.page(
            request,
            "console/features/list.html",
            title="Features",
            rows=rows,
            may_edit=may(request, EDIT_SEGMENTS),
        )

    @needs(VIEW_SEGMENTS, methods=("GET", "POST"))
    def feature(self, request: HttpRequest, slug: str) -> HttpResponseBase:
        """One feature: how many have it, its policy, and every version of that."""
        if slug not in FEATURES:
            raise Http404
        if request.method == "POST":
            return self._set(request, FEATURES[slug])
        rows = policies.versions_of(slug)
        initial = feature_list.initial_of(rows[0] if rows else None)
        return self._page(request, FEATURES[slug], PolicyForm(initial=initial, feature=FEATURES[slug]), rows)

    @needs(EDIT_SEGMENTS)
    def _set(self, request: HttpRequest, feature: Feature) -> HttpResponseBase:
        form, now = PolicyForm(request.POST, feature=feature), timezone.now()
        if form.is_valid():
            try:
                before, after = policies.change(feature.slug, **form.cleaned_data, by=actor_of(request).id, now=now)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                self._note(request, feature, before, after)
                return redirect("admin:segments_imputationpolicy_feature", feature.slug)
        return self._page(request, feature, form, policies.versions_of(feature.slug))

    def _note(
        self, request: HttpRequest, feature: Feature, before: ImputationPolicy | None, after: ImputationPolicy | None
    ) -> None:
        if after is None:
            messages.info(request, "Nothing was changed.")
            return
        was, now_is = (feature_list.in_words(feature, one) for one in (before, after))
        self.log_change(request, after, f"{feature.name}, where it is missing: {was} → {now_is}.")
        measured = after.statistics.first()
        if measured and measured.value is None:
            messages.warning(request, _too_few(measured.profiles))
        recount(
            request,
            done="Saved. Everybody is looked at anew, and segments follow within moments.",
            later="Saved. No worker could be told, so segments follow with the hourly refresh.",
        )

    def _page(
        self,
        request: HttpRequest,
        feature: Feature,
        form: PolicyForm,
        rows: list[ImputationPolicy],
    ) -> TemplateResponse:
        is_counted = "count" in request.GET or ProfileFeatures.objects.count() <= COUNTED_AT_ONCE
        found = survey([feature.slug], now=timezone.now()) if is_counted else None
        chosen = str(form["method"].value() or "")
        return self.page(
            request,
            "console/features/page.html",
            title=feature.name,
            feature=feature,
            indicator=feature_list.indicator_of(feature),
            form=form,
            chosen=chosen,
            choices=feature_list.choices_of(feature, chosen, found),
            held=feature_list.held_by(found.known(feature.slug), found.profiles) if found else None,
            versions=feature_list.versions_of(feature, rows),
            least=LEAST,
            may_edit=may(request, EDIT_SEGMENTS),
        )
