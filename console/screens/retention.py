"""Retention: how long what is kept for what, as a table; rules that shorten it, what would go, and what has gone."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import EDIT_RETENTION, VIEW_RETENTION
from consent.models import Purpose
from console.asking import may
from console.guards import needs
from console.screen import Screen
from console.showing import label_of
from privacy import processing_record, record_page, retention
from privacy.models import RetentionRun
from privacy.retention import AlreadyRunning
from records.dictionary import FIELDS
from records.models import RetentionRule, Source
from records.retention import schedules, set_rule

RUNS_SHOWN = 30
LONGEST_DAYS = 36_500


class RuleForm(forms.Form):
    """Nothing is kept longer than this: for one purpose, one field, or as a whole; of one source or of all."""

    source = forms.ModelChoiceField(Source.objects.order_by("name"), required=False, empty_label="Every source")
    purpose = forms.ChoiceField(required=False, help_text="Or choose a field below; a rule is for one of both.")
    field = forms.ChoiceField(required=False)
    days = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Counted from receipt. The shortest limit that fits counts, the source's own among them.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purposes = Purpose.objects.order_by("slug").values_list("slug", "name")
        self.fields["purpose"].choices = [("", "Every purpose"), *purposes]  # type: ignore[attr-defined]
        fields = [(name, label_of(name)) for name in sorted(FIELDS)]
        self.fields["field"].choices = [("", "The record as a whole"), *fields]  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Line:
    """The limits of one source: as a whole, by purpose in the order of the table, and by field."""

    name: str
    own: int
    records: int
    cells: list[int | None]
    fields: list[tuple[str, int]]


class RetentionScreen(Screen):
    """Limits and what they removed."""

    may_view = VIEW_RETENTION
    may_add = EDIT_RETENTION
    heading = "Retention"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[RetentionRule]":
        return RetentionRule.objects.select_related("source").order_by("source__name", "purpose", "field")

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, "records_retentionrule"
        return [
            path("dry-run/", guard(self.dry_run), name=f"{name}_dry_run"),
            path("processing-record/", guard(self.processing_record), name=f"{name}_processing_record"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return self.overview(request)

    @needs(VIEW_RETENTION, methods=("GET",))
    def overview(self, request: HttpRequest) -> HttpResponseBase:
        """The schedule, its rules and the last runs."""
        return self._page(request)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.set_rule(request, None)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        if request.method == "GET" and not may(request, EDIT_RETENTION):
            return self.overview(request)
        return self.set_rule(request, self.get_object(request, object_id))

    @needs(EDIT_RETENTION, methods=("GET", "POST"))
    def set_rule(self, request: HttpRequest, known: RetentionRule | None) -> HttpResponseBase:
        """The form of a rule, and what comes of it."""
        initial = {name: getattr(known, name) for name in RuleForm.base_fields} if known else {}
        form = RuleForm(request.POST or None, initial=initial)
        for name in ("source", "purpose", "field") if known else ():
            form.fields[name].disabled = True
        if request.method == "POST" and form.is_valid():
            try:
                rule = set_rule(**form.cleaned_data)
            except ValidationError as error:
                form.add_error(None, error)
            else:
                self.log_change(request, rule, f"Kept for {rule.days} days.")
                messages.success(request, "Saved. The next run, within six hours, removes what is older.")
                return redirect("admin:records_retentionrule_changelist")
        hint = "A shorter limit removes for good what is older. Count it first with a dry run, on the page before."
        title = "Change the limit" if known else "Set a limit"
        return self.page(request, "console/form_page.html", title=title, form=form, submit="Save", hint=hint)

    @needs(EDIT_RETENTION)
    def dry_run(self, request: HttpRequest) -> HttpResponseBase:
        """Count what the next run would remove, and change nothing."""
        try:
            removals = retention.carry_out(now=timezone.now(), dry_run=True)
        except AlreadyRunning as error:
            messages.info(request, f"{str(error).capitalize()}.")
            return redirect("admin:records_retentionrule_changelist")
        return self._page(request, would_go=[one for one in removals if one.rows or one.held], counted=True)

    @needs(VIEW_RETENTION, methods=("GET",))
    def processing_record(self, request: HttpRequest) -> HttpResponse:
        """The record of processing activities (GDPR article 30) as it is right now, for reading and printing."""
        record = processing_record.generate(now=timezone.now())
        return HttpResponse(record_page.render(record))

    def _page(self, request: HttpRequest, **counted: Any) -> TemplateResponse:
        limits = schedules()
        purposes = sorted({purpose for one in limits for purpose in one.by_purpose})
        own = dict(Source.objects.values_list("pk", "retention_days"))
        names: dict[UUID | None, str] = {one.source: one.name for one in limits}
        lines = [
            Line(
                one.name,
                own[one.source],
                one.records,
                [one.by_purpose.get(purpose) for purpose in purposes],
                [(label_of(name), days) for name, days in sorted(one.by_field.items())],
            )
            for one in limits
        ]
        runs = list(RetentionRun.objects.filter(rows__gt=0).order_by("-ran_at", "-id")[:RUNS_SHOWN])
        return self.page(
            request,
            "console/retention/page.html",
            title="Limits",
            purposes=[label_of(purpose) for purpose in purposes],
            lines=lines,
            rules=[(rule, label_of(rule.purpose or rule.field)) for rule in self.get_queryset(request)],
            runs=[(run, names.get(run.source_id, "every source")) for run in runs],
            last_at=RetentionRun.objects.order_by("-ran_at").values_list("ran_at", flat=True).first(),
            may_edit=may(request, EDIT_RETENTION),
            **counted,
        )
