"""Who is who: the rules in force with their versions, trying others against everybody, and putting them in force."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import CHANGE_RULES, CORRECT_IDENTITY
from console.actors import names_of
from console.asking import actor_of, may
from console.change_stand import row_of, why_of
from console.forms import Reason, first_error
from console.guards import needs
from console.ids import uuid_in
from console.profile.evidence import of_levels
from console.rule_forms import PutInForce, Try, facts_of, initial_of, versions_of
from console.screen import Screen
from console.screens.matches import COMPARED, Compared, sides_of
from console.settling_ahead import ahead
from console.settling_stand import percent_of, stand_of, state_of
from console.showing import label_of, moment, short
from console.telling import sentence, telling
from identity import dry_runs, rules, settle_runs
from identity.given_answers import given
from identity.models import MERGE, RUNNING, SPLIT, DryRun, DryRunChange, MatchModel, RuleVersion, Settling
from identity.profiles import profile_of
from identity.rules import NotPossible
from pipeline import rules_in_force, settling, tasks

RUNS_SHOWN, CHANGES_A_PAGE = 10, 25
KINDS = {MERGE: "Would merge", SPLIT: "Would split"}


class RuleScreen(Screen):
    """The rules by which it is decided who is who."""

    may_view = CORRECT_IDENTITY
    heading = "Who is who: rules"

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, "identity_ruleversion"
        return [
            path("try/", guard(self.try_rules), name=f"{name}_try"),
            path("runs/<uuid:id>/", guard(self.run), name=f"{name}_run"),
            path("runs/<uuid:id>/progress/", guard(self.progress), name=f"{name}_progress"),
            path("runs/<uuid:id>/put-in-force/", guard(self.put_in_force), name=f"{name}_put_in_force"),
            path("settle/", guard(self.settle), name=f"{name}_settle"),
            path("settling/<uuid:id>/progress/", guard(self.settling_progress), name=f"{name}_settling_progress"),
            path("settling/<uuid:id>/stop/", guard(self.stop_settling), name=f"{name}_stop_settling"),
            path("changes/<uuid:id>/", guard(self.change), name=f"{name}_difference"),
            path("<uuid:id>/go-back/", guard(self.go_back), name=f"{name}_go_back"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return self.overview(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.version(request, object_id)

    @needs(CORRECT_IDENTITY, methods=("GET",))
    def version(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """A version has no page of its own: it stands among the others."""
        get_object_or_404(RuleVersion, pk=uuid_in(object_id))
        return self._overview(request, Try(initial=initial_of(rules.latest())))

    @needs(CORRECT_IDENTITY, methods=("GET",))
    def overview(self, request: HttpRequest) -> HttpResponseBase:
        """What is in force, what can be tried, what was tried, and every version."""
        return self._overview(request, Try(initial=initial_of(rules.latest())))

    def _overview(self, request: HttpRequest, form: Try) -> HttpResponseBase:
        row, may_change = rules.latest(), may(request, CHANGE_RULES)
        runs = list(DryRun.objects.select_related("model").order_by("-started_at")[:RUNS_SHOWN])
        names = names_of(one.started_by for one in runs)
        facts = facts_of(row or rules.Thresholds(), MatchModel.objects.filter(active=True).first())
        settlings = [
            stand_of(one, in_force=facts)
            for one in Settling.objects.select_related("version__model").order_by("-started_at")[:RUNS_SHOWN]
        ]
        return self.page(
            request,
            "console/rules/list.html",
            title="Rules in force",
            row=row,
            facts=facts,
            versions=versions_of(RuleVersion.objects.select_related("model")),
            runs=[(one, names.get(one.started_by, one.started_by), _state(one), _percent(one)) for one in runs],
            working=any(one.state == RUNNING for one in runs),
            form=form,
            may_change=may_change,
            given=given(),
            settled=settlings[0] if settlings else None,
            earlier=settlings[1:],
            ahead=ahead(row) if may_change else [],
            why=Reason(),
            portion=settling.AT_ONCE,
        )

    @needs(CHANGE_RULES)
    def settle(self, request: HttpRequest) -> HttpResponse:
        """Decide anew, by the rules in force, what matching has joined, for a reason; a worker does it."""
        form, now = Reason(request.POST), timezone.now()
        if not form.is_valid():
            messages.error(request, first_error(form))
            return redirect("admin:identity_ruleversion_changelist")
        run = settling.begin(by=actor_of(request), reason=form.cleaned_data["reason"], now=now)
        tasks.wake_for_settling(run.pk)
        done = "A worker asks everybody anew." if run.started_at == now else "It is under way already; that goes on."
        messages.success(request, done)
        return redirect("admin:identity_ruleversion_changelist")

    @needs(CHANGE_RULES)
    def stop_settling(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """End a run where it is."""
        get_object_or_404(Settling, pk=id)
        done = "Stopped. What was decided so far stands, and a portion that is in hand is still finished."
        with telling(request, settle_runs.NotUnderWay, done=done):
            settle_runs.stop(id, by=actor_of(request).id, now=timezone.now())
        return redirect("admin:identity_ruleversion_changelist")

    @needs(CORRECT_IDENTITY, methods=("GET",))
    def settling_progress(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """How far it is: the page asks while it waits."""
        run = get_object_or_404(Settling, pk=id)
        return JsonResponse({"state": state_of(run), "percent": round(percent_of(run), 1), "rows": run.done})

    @needs(CHANGE_RULES)
    def try_rules(self, request: HttpRequest) -> HttpResponseBase:
        """Run other rules against everybody, in the background."""
        form = Try(request.POST)
        if form.is_valid():
            try:
                run = dry_runs.begin(*form.chosen(), by=actor_of(request).id, now=timezone.now())
            except NotPossible as error:
                form.add_error(error.setting if error.setting in form.fields else None, sentence(str(error)))
            else:
                tasks.wake_for_dry_run(run.pk)
                return redirect("admin:identity_ruleversion_run", run.pk)
        return self._overview(request, form)

    @needs(CORRECT_IDENTITY, methods=("GET",))
    def run(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """How far a dry run is, and then whom its rules would join and part."""
        run = get_object_or_404(DryRun.objects.select_related("model"), pk=id)
        kind = request.GET.get("kind")
        if kind not in KINDS:
            kind = MERGE if run.counts.get("merges") else SPLIT
        found = run.changes.filter(kind=kind).select_related("left__source", "right__source")
        pages = Paginator(found.order_by("-moving", "id"), CHANGES_A_PAGE)
        page = pages.get_page(request.GET.get("page", "1"))
        row = rules.latest()
        now = dict(facts_of(row or rules.Thresholds(), MatchModel.objects.filter(active=True).first()))
        return self.page(
            request,
            "console/rules/run.html",
            title="Dry run",
            run=run,
            running=run.state == RUNNING,
            percent=_percent(run),
            state=_state(run),
            by=names_of([run.started_by]).get(run.started_by, run.started_by),
            facts=[(name, value, now.get(name, "")) for name, value in facts_of(run, run.model)],
            fault=sentence(run.fault) if run.fault else "",
            kinds=[(one, label, run.counts.get(f"{one}s", 0), one == kind) for one, label in KINDS.items()],
            kind=kind,
            shown=page,
            rows=[row_of(change) for change in page],
            form=PutInForce(),
            may_change=may(request, CHANGE_RULES),
        )

    @needs(CORRECT_IDENTITY, methods=("GET",))
    def progress(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """How far it is: the page asks while it waits."""
        run = get_object_or_404(DryRun, pk=id)
        return JsonResponse({"state": run.state, "percent": round(_percent(run), 1), "rows": run.done})

    @needs(CORRECT_IDENTITY, methods=("GET",))
    def change(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """One who would merge or split: both sides, masked, and the evidence field by field."""
        found = get_object_or_404(DryRunChange.objects.select_related("run", "left__source", "right__source"), pk=id)
        sides = sides_of(found, request, reason="dry run of rules", revealed=False)
        fields = [field for field in COMPARED if any(field in side.values for side in sides)]
        return self.page(
            request,
            "console/rules/change.html",
            title=KINDS[found.kind],
            change=found,
            sides=sides,
            compared=[Compared(label_of(field), *(side.values.get(field, "") for side in sides)) for field in fields],
            evidence=of_levels(found.evidence),
            why=why_of(found),
            is_one=len(set(profile_of([found.left_id, found.right_id]).values())) == 1,
            short=short(found.pk),
        )

    @needs(CHANGE_RULES)
    def put_in_force(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Decide by the rules of this dry run from now on."""
        run, form = get_object_or_404(DryRun, pk=id), PutInForce(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return redirect("admin:identity_ruleversion_run", run.pk)
        with telling(request, NotPossible, dry_runs.NotDone, done="In force from the next record on."):
            rules_in_force.put_in_force(
                run.pk,
                by=actor_of(request).id,
                reason=form.cleaned_data["reason"],
                ask_anew=form.cleaned_data["ask_anew"],
                now=timezone.now(),
            )
            return redirect("admin:identity_ruleversion_changelist")
        return redirect("admin:identity_ruleversion_run", run.pk)

    @needs(CHANGE_RULES)
    def go_back(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Let an earlier version hold again."""
        row = get_object_or_404(RuleVersion, pk=id)
        with telling(request, NotPossible, done=f"Version {row.number} holds again, as a new version."):
            rules.go_back(row.pk, by=actor_of(request).id, now=timezone.now())
        return redirect("admin:identity_ruleversion_changelist")


def _percent(run: DryRun) -> float:
    return 100.0 if run.state != RUNNING else min(100.0, 100 * run.done / max(run.found, 1))


def _state(run: DryRun) -> tuple[str, str]:
    """A word and its tone."""
    if run.state == RUNNING:
        return "under way", "info"
    return ("broken off", "bad") if run.fault else (f"done {moment(run.ended_at)}", "good")
