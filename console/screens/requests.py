"""Subject requests: what people ask for, when it is due, and each step until it is done."""

import base64
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString

from access.roles import DECIDE_REQUESTS, VIEW_REQUESTS
from console import acts, bearers, request_forms
from console.actors import names_of
from console.asking import actor_of, may
from console.erasing import erasing
from console.forms import Reason, first_error
from console.guards import needs
from console.outcomes import outcome_of
from console.request_stand import SOON, clocks_of, facts_of, later_of, law_of, next_act
from console.screen import badge
from console.screens.erasures import EXPECTED as OF_ERASURE
from console.screens.erasures import ErasureScreen
from console.screens.new_requests import NewRequestScreen
from console.screens.rectifications import RectificationScreen
from console.screens.request_acts import TOLD, RequestActs
from console.showing import day, label_of, short
from console.telling import telling
from identity.profiles import where_now
from privacy import access, answer_page, human_review, papers, portability, references, requests
from privacy.access import Refused
from privacy.answer_outline import Outline, outline
from privacy.letter_templates import NAMES as LETTERS
from privacy.letter_templates import draft, fitting
from privacy.models import (
    ACCESS,
    API,
    APPROVED,
    CALLED_BACK,
    COMPLETED,
    CONSOLE,
    ERASURE,
    FORM,
    HUMAN_REVIEW,
    IN_PROGRESS,
    NEEDS_IDENTITY,
    OPEN,
    OPENDSR,
    PORTABILITY,
    RECTIFICATION,
    REJECTED,
    UNFINISHED,
    SubjectRequest,
)
from privacy.objections import WITHDRAWS
from privacy.references import reference_of
from privacy.subjects import UnknownProfile
from privacy.verification import METHOD_NAMES
from segments.models import Membership

EXPECTED = (*OF_ERASURE, Refused)
ANSWERED = (ACCESS, PORTABILITY)
RECORDS_SHOWN = 20
STEP_ICONS = {
    "opened": "inbox",
    "approved": "verified",
    "rejected": "block",
    "completed": "check",
    "rows deleted": "delete",
    "mentions erased": "manage_search",
    "erasure begun": "play_arrow",
    "search begun": "search",
    "proved": "verified_user",
    "found again": "report",
    "values destroyed": "key_off",
    "identity verified": "verified_user",
    "acknowledged": "mark_email_read",
    "assigned": "person",
    "unassigned": "person_off",
    "commented": "chat",
    "person told": "mail",
    "extended": "more_time",
    "called back": "undo",
    "profiles joined": "merge",
    "another profile added": "person_add",
    "added to another request": "link",
}
STATE_TONES = {OPEN: "info", APPROVED: "accent", IN_PROGRESS: "warn", COMPLETED: "good", REJECTED: "", CALLED_BACK: ""}
NEXT = {
    "approve": ("Approve", "verified"),
    "answer": ("Answer", "description"),
    "withdraw": ("Carry out", "do_not_disturb_on"),
}
COUNTED = {
    "identifiers": "Identifiers",
    "attributes": "Attributes",
    "records": "Records",
    "consents": "Consents given and withdrawn",
    "segments": "Segments, now and earlier",
    "recipients": "Recipients that were told",
    "sources": "Sources",
}
CHANNELS = {CONSOLE: "the admin", API: "the API", OPENDSR: "OpenDSR", FORM: "the public form"}


class Waiting(admin.SimpleListFilter):
    """What to look at first."""

    title = "to do"
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("mine", "Mine"), ("unassigned", "Nobody's"), ("soon", "Due within a week"), ("late", "Overdue")]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[SubjectRequest]") -> "QuerySet[SubjectRequest]":
        today = timezone.localdate()
        match self.value():
            case "mine":
                return queryset.filter(state__in=UNFINISHED, assignee=actor_of(request).id)
            case "unassigned":
                return queryset.filter(state__in=UNFINISHED, assignee="")
            case "soon":
                week = today + timedelta(days=SOON)
                return queryset.filter(state__in=UNFINISHED, due_date__gte=today, due_date__lte=week)
            case "late":
                return queryset.filter(state__in=UNFINISHED, due_date__lt=today)
        return queryset


class Law(admin.SimpleListFilter):
    """By which law it is due: those that there are requests of."""

    title = "law"
    parameter_name = "regulation"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        used = SubjectRequest.objects.order_by("regulation").values_list("regulation", flat=True).distinct()
        return [(slug, law_of(slug)) for slug in used]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[SubjectRequest]") -> "QuerySet[SubjectRequest]":
        return queryset.filter(regulation=self.value()) if self.value() else queryset


class RequestScreen(RequestActs, NewRequestScreen, ErasureScreen, RectificationScreen):
    """What people ask for."""

    may_view = VIEW_REQUESTS
    heading = "Subject requests"
    list_display = (
        *("asked_for", "reference", "stands", "due", "identity", "sees_to_it", "profile_short", "opened", "opener"),
    )
    list_display_links = ("asked_for",)
    list_filter = (Waiting, "state", "kind", Law)
    list_before_template = "console/requests/find_reference.html"
    sortable_by = ()
    intro = "What people ask for about their data, the soonest due first."
    add_label = "New request"
    empty_hint = (
        "Nobody has asked for anything. People ask on the public form; what comes by letter or phone starts here."
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[SubjectRequest]":
        unfinished = Case(When(state__in=UNFINISHED, then=Value(0)), default=Value(1), output_field=IntegerField())
        return SubjectRequest.objects.annotate(place=unfinished).order_by("place", "due_date", "-opened_at")

    @admin.display(description="Request")
    def asked_for(self, row: SubjectRequest) -> str:
        return f"{label_of(row.kind)}, {law_of(row.regulation)}"

    @admin.display(description="Reference")
    def reference(self, row: SubjectRequest) -> str:
        return reference_of(row.pk)

    @badge(
        "State",
        {
            "open": "info",
            "approved": "accent",
            "in progress": "warn",
            "completed": "good",
            "rejected": "o-plain",
            "called back": "o-plain",
        },
    )
    def stands(self, row: SubjectRequest) -> str:
        return row.get_state_display()

    @admin.display(description="Due")
    def due(self, row: SubjectRequest) -> SafeString:
        return render_to_string("console/requests/due.html", due_of(row, today=timezone.localdate()))

    @admin.display(description="Profile")
    def profile_short(self, row: SubjectRequest) -> str:
        return short(row.profile_id) if row.profile_id else "unknown"

    @admin.display(description="Opened")
    def opened(self, row: SubjectRequest) -> str:
        return day(row.opened_at)

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        names = names_of(actor for row in rows for actor in (row.opened_by, row.assignee))
        for row in rows:
            row.assignee_name = names.get(row.assignee, "")
            row.opener = names.get(row.opened_by, row.opened_by)

    @admin.display(description="Sees to it")
    def sees_to_it(self, row: Any) -> str:
        return str(row.assignee_name or "nobody")

    @admin.display(description="Identity")
    def identity(self, row: SubjectRequest) -> str:
        if row.kind not in NEEDS_IDENTITY:
            return "not needed"
        return "verified" if row.verified_at else "not verified"

    @admin.display(description="By")
    def opener(self, row: Any) -> str:
        return str(row.opener)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        one = "<uuid:id>"
        return [
            path("find/", guard(self.find), name="privacy_subjectrequest_find"),
            path(f"{one}/approve/", guard(self.approve), name="privacy_subjectrequest_approve"),
            path(f"{one}/reject/", guard(self.reject), name="privacy_subjectrequest_reject"),
            path(f"{one}/answer/", guard(self.answer), name="privacy_subjectrequest_answer"),
            path(f"{one}/withdraw/", guard(self.withdraw), name="privacy_subjectrequest_withdraw"),
            path(f"{one}/done/", guard(self.done), name="privacy_subjectrequest_done"),
            *self.erasure_urls(),
            *self.act_urls(guard),
            *self.rectification_urls(),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(VIEW_REQUESTS, methods=("GET",))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        found = self.get_object(request, object_id)
        if found is None:
            messages.info(request, "There is no such request.")
            return redirect("admin:privacy_subjectrequest_changelist")
        return self._page(request, found)

    @needs(VIEW_REQUESTS)
    def find(self, request: HttpRequest) -> HttpResponseBase:
        """The request of this reference. By POST: somebody may type an address where a reference was asked for."""
        found = references.find(request.POST.get("reference", ""))
        if not found:
            messages.warning(request, "No request has this reference. Give at least its first four signs.")
            return redirect("admin:privacy_subjectrequest_changelist")
        if len(found) == 1:
            return _to(found[0].pk)
        rows = [(reference_of(one.pk), f"{label_of(one.kind)}, {law_of(one.regulation)}", one) for one in found]
        return self.page(request, "console/requests/found.html", title="Requests found", found=rows)

    @needs(DECIDE_REQUESTS, methods=("GET", "POST"))
    def approve(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """Of an erasure, first the question: who it is, what goes, and who else may be the same person."""
        found = _get(id)
        if request.method == "GET":
            return self.question(request, found) if found.kind == ERASURE and found.state == OPEN else _to(id)
        with telling(request, *EXPECTED, done="Approved."):
            requests.approve(found, **_by(request))
        return _to(id)

    @needs(DECIDE_REQUESTS)
    def reject(self, request: HttpRequest, id: UUID) -> HttpResponse:
        form = Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return _to(id)
        with telling(request, *EXPECTED, done="Rejected."):
            requests.reject(_get(id), reason=form.cleaned_data["reason"], **_by(request))
        return _to(id)

    @needs(DECIDE_REQUESTS, methods=("GET", "POST"), fresh=True)
    def answer(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """First the question whether it is meant; then the answer, shown and offered for download this once.

        The request is complete only if the page could be made: an answer that nobody saw was not given.
        """
        found = _get(id)
        if request.method == "GET":
            with telling(request, *EXPECTED):
                return self._hand_over_page(request, found, outline(found))
            return _to(id)
        with telling(request, *EXPECTED), transaction.atomic():
            answered = access.answer(found, actor=actor_of(request), now=timezone.now())
            return self._answer_page(request, found, answered).render()
        return _to(id)

    @needs(DECIDE_REQUESTS)
    def withdraw(self, request: HttpRequest, id: UUID) -> HttpResponse:
        with telling(request, *EXPECTED, done="Carried out: the withdrawals stand in the consent ledger."):
            acts.object_to(_get(id), **_by(request))
        return _to(id)

    @needs(DECIDE_REQUESTS)
    def done(self, request: HttpRequest, id: UUID) -> HttpResponse:
        form = Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return _to(id)
        with telling(request, *EXPECTED, done="Completed."):
            requests.complete_by_hand(_get(id), note=form.cleaned_data["reason"], **_by(request))
        return _to(id)

    def _page(self, request: HttpRequest, one: SubjectRequest) -> TemplateResponse:
        now, today, actor = timezone.now(), timezone.localdate(), actor_of(request)
        written = papers.read(one, actor=actor, now=now) if self._may_decide(request) else []
        steps = requests.steps(one)
        people = (one.assignee, one.verified_by, *(step.actor for step in steps), *(paper.by for paper in written))
        names = names_of(people)
        own = one.kind == ERASURE and one.opened_by == actor.id and one.state == OPEN
        act, words = next_act(one, own=own)
        living = where_now(one.profile_id) if one.profile_id else None
        label, icon = NEXT.get(act, ("", ""))
        return self.page(
            request,
            "console/requests/page.html",
            title=f"{label_of(one.kind)} {short(one.pk)}",
            one=one,
            short=short(one.pk),
            tone=STATE_TONES.get(one.state, ""),
            kind=label_of(one.kind),
            steps=[(step, STEP_ICONS.get(step.what, "arrow_forward"), names.get(step.actor, "")) for step in steps],
            received=timezone.localdate(one.received_at),
            ahead=_ahead(one),
            erasing=erasing(one, steps, now=now),
            who=bearers.who(living, request, reason=f"subject request {one.pk}") if living else None,
            profile_short=short(living or one.profile_id) if one.profile_id else "",
            clocks=clocks_of(one, today=today),
            facts=facts_of(one, today=today),
            next=act,
            next_words=words,
            next_label=label,
            next_icon=icon,
            next_url=reverse(f"admin:privacy_subjectrequest_{act}", args=[one.pk]) if label else "",
            assignee=names.get(one.assignee, ""),
            channel=CHANNELS[one.channel],
            method=METHOD_NAMES.get(one.verification, ""),
            verifier=names.get(one.verified_by, ""),
            papers=[
                ({"title": LETTERS.get(paper.kind, "Comment"), **vars(paper)}, names.get(paper.by, ""))
                for paper in written
            ],
            outcome=outcome_of(one.outcome),
            may_decide=self._may_decide(request),
            own=own,
            answered=one.kind in ANSWERED,
            withdraws=list(WITHDRAWS.get(one.kind, ())),
            decisions=_decisions(one),
            form=Reason(),
            forms=_forms(one),
            letters=_letters(one, today=today),
        )

    def _hand_over_page(self, request: HttpRequest, one: SubjectRequest, counted: Outline) -> TemplateResponse:
        """Whether it is meant: whose data, how much, and what completing means."""
        living = where_now(one.profile_id) if one.profile_id else None
        return self.page(
            request,
            "console/requests/hand_over.html",
            title="Answer a request",
            one=one,
            kind=label_of(one.kind),
            short=short(one.pk),
            identity=METHOD_NAMES.get(one.verification, "identity not verified"),
            who=bearers.who(living, request, reason=f"subject request {one.pk}") if living else None,
            by_link=one.channel == FORM,
            counts=[(COUNTED[name], count) for name, count in asdict(counted).items()],
        )

    def _answer_page(self, request: HttpRequest, one: SubjectRequest, answered: dict[str, Any]) -> TemplateResponse:
        text = orjson.dumps(answered, option=orjson.OPT_INDENT_2, default=str)
        page = answer_page.render(answered).encode()
        portable = portability.package(answered)
        return self.page(
            request,
            "console/requests/answer.html",
            title="Answer",
            one=one,
            identifiers=[(label_of(row["namespace"]), row["value"], row["source"]) for row in answered["identifiers"]],
            attributes=[(label_of(row["field"]), row["value"], row["source"]) for row in answered["attributes"]],
            said=[
                (label_of(row["purpose"]), row["channel"] or "all channels", row["state"], _instant(row["occurred_at"]))
                for row in answered["consents"]["said"]
            ],
            segments=[
                (row["segment"], label_of(row["purpose"]), _instant(row["entered_at"])) for row in answered["segments"]
            ],
            count=len(answered["records"]),
            records=_latest(answered["records"]),
            file=base64.b64encode(text).decode(),
            size=len(text),
            name=f"{one.kind}-{short(one.pk)}",
            readable=base64.b64encode(page).decode(),
            portable=base64.b64encode(portable).decode(),
        )

    def _may_decide(self, request: HttpRequest) -> bool:
        return may(request, DECIDE_REQUESTS)


def due_of(one: SubjectRequest, *, today: date) -> dict[str, Any]:
    """When it is due, in days from now, and whether that has passed."""
    unfinished = one.state in UNFINISHED
    days = (one.due_date - today).days
    return {"due_date": one.due_date, "days": abs(days), "overdue": unfinished and days < 0, "unfinished": unfinished}


def _decisions(one: SubjectRequest) -> list[Membership] | None:
    """What a request for human review is about; None for any other, and when the person is gone."""
    if one.kind != HUMAN_REVIEW or one.state not in UNFINISHED:
        return None
    try:
        return human_review.decisions_about(one)
    except UnknownProfile:
        return None


def _forms(one: SubjectRequest) -> dict[str, forms.Form]:
    """The forms of the page, letters drafted."""
    later = later_of(one)
    extended = f"{later:%B} {later.day}, {later.year}" if later else ""
    return {
        "verify": request_forms.Verify(),
        "assign": request_forms.Assign(initial={"to": one.assignee}),
        "comment": request_forms.Comment(),
        "acknowledge": request_forms.Write(initial={"text": draft(one, papers.ACKNOWLEDGMENT)}),
        "extend": request_forms.Extend(initial={"text": draft(one, papers.EXTENSION, extended=extended)}),
    }


def _letters(one: SubjectRequest, *, today: date) -> list[tuple[str, str, forms.Form]]:
    """The letters that fit the request as it stands, each with its name and draft; others belong to an act."""
    fit = [kind for kind in fitting(one, today=today) if kind in TOLD]
    return [(kind, LETTERS[kind], request_forms.Write(initial={"text": draft(one, kind)})) for kind in fit]


def _latest(records: list[dict[str, Any]]) -> list[tuple[datetime | None, str, str, list[tuple[str, str]]]]:
    """The last records of an answer with their properties, for reading; the file has them all."""
    return [
        (
            _instant(record["occurred_at"]),
            str(record["source"]),
            str(record["event"] or label_of(record["kind"])),
            [(name.replace("_", " "), str(value)) for name, value in record["properties"].items()],
        )
        for record in reversed(records[-RECORDS_SHOWN:])
    ]


def _instant(text: Any) -> datetime | None:
    return parse_datetime(str(text))


def _ahead(one: SubjectRequest) -> list[str]:
    """The steps that still have to be taken."""
    if one.state not in UNFINISHED:
        return []
    unverified = ["identity verified"] if one.kind in NEEDS_IDENTITY and not one.verified_at else []
    needs_approval = one.kind in (ERASURE, RECTIFICATION) and one.state == OPEN
    return [
        *unverified,
        *(["approved by a second person" if one.kind == ERASURE else "approved"] if needs_approval else []),
        "completed",
    ]


def _get(id: UUID) -> SubjectRequest:
    return get_object_or_404(SubjectRequest, pk=id)


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request).id, "now": timezone.now()}


def _to(id: UUID) -> HttpResponse:
    return redirect("admin:privacy_subjectrequest_change", id)
