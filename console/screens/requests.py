"""Subject requests: what people ask for, when it is due, and each step until it is done."""

import base64
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from django.apps import apps
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString

from access.roles import DECIDE_REQUESTS, VIEW_REQUESTS
from console import acts
from console.actors import names_of
from console.asking import actor_of, may
from console.erasing import erasing
from console.forms import Reason, first_error
from console.guards import needs
from console.screen import badge
from console.screens.erasures import ErasureScreen
from console.showing import day, label_of, short
from console.telling import telling
from identity.profiles import where_now
from privacy import access, answer_page, erasure, portability, requests
from privacy.access import Refused
from privacy.epoch import Behind
from privacy.holds import Held
from privacy.models import (
    ACCESS,
    APPROVED,
    CALLED_BACK,
    COMPLETED,
    ERASURE,
    IN_PROGRESS,
    OPEN,
    PORTABILITY,
    RECTIFICATION,
    REJECTED,
    UNFINISHED,
    SubjectRequest,
)
from privacy.objections import WITHDRAWS
from privacy.requests import NotOpen, SecondPersonNeeded, WrongKind
from privacy.subjects import UnknownProfile

EXPECTED = (Behind, Held, NotOpen, SecondPersonNeeded, WrongKind, UnknownProfile, Refused)
ANSWERED = (ACCESS, PORTABILITY)
RECORDS_SHOWN = 20
STEP_ICONS = {
    "opened": "inbox",
    "approved": "verified",
    "rejected": "block",
    "completed": "check",
    "rows deleted": "delete",
    "mentions erased": "manage_search",
    "proved": "verified_user",
    "found again": "report",
    "values destroyed": "key_off",
    "called back": "undo",
}
OUTCOMES = {
    "rows": "Deleted",
    "mentions": "Deleted where the person was only mentioned",
    "retrain": "Models to train again",
    "keys": "Keys destroyed",
    "suppressed": "Identifiers put on the suppression list",
    "shared": "Identifiers shared with others, who keep them",
}
STATE_TONES = {OPEN: "info", APPROVED: "accent", IN_PROGRESS: "warn", COMPLETED: "good", REJECTED: ""}


class RequestScreen(ErasureScreen):
    """What people ask for."""

    may_view = VIEW_REQUESTS
    heading = "Subject requests"
    list_display = ("asked_for", "stands", "due", "profile_short", "opened", "opener")
    list_display_links = ("asked_for",)
    list_filter = ("state", "kind")
    sortable_by = ()
    intro = "What people ask for about their data, the soonest due first. To open one, open the person's profile."
    empty_hint = "Nobody has asked for anything. Requests come over the API, or are opened on a profile's page."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[SubjectRequest]":
        unfinished = Case(When(state__in=UNFINISHED, then=Value(0)), default=Value(1), output_field=IntegerField())
        return SubjectRequest.objects.annotate(place=unfinished).order_by("place", "due_date", "-opened_at")

    @admin.display(description="Request")
    def asked_for(self, row: SubjectRequest) -> str:
        return f"{label_of(row.kind)}, {row.regulation.upper()}"

    @badge(
        "State",
        {
            "open": "info",
            "approved": "primary",
            "in progress": "warning",
            "completed": "success",
            "rejected": "default",
            "called back": "default",
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
        names = names_of(row.opened_by for row in rows)
        for row in rows:
            row.opener = names.get(row.opened_by, row.opened_by)

    @admin.display(description="By")
    def opener(self, row: Any) -> str:
        return str(row.opener)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        one = "<uuid:id>"
        return [
            path(f"{one}/approve/", guard(self.approve), name="privacy_subjectrequest_approve"),
            path(f"{one}/reject/", guard(self.reject), name="privacy_subjectrequest_reject"),
            path(f"{one}/erase/", guard(self.erase), name="privacy_subjectrequest_erase"),
            path(f"{one}/answer/", guard(self.answer), name="privacy_subjectrequest_answer"),
            path(f"{one}/withdraw/", guard(self.withdraw), name="privacy_subjectrequest_withdraw"),
            path(f"{one}/done/", guard(self.done), name="privacy_subjectrequest_done"),
            *self.erasure_urls(),
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

    @needs(DECIDE_REQUESTS)
    def approve(self, request: HttpRequest, id: UUID) -> HttpResponse:
        with telling(request, *EXPECTED, done="Approved."):
            requests.approve(_get(id), **_by(request))
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
    def erase(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """First the question whether it is meant; then the erasure, which can be repeated safely."""
        found = _get(id)
        if request.method == "GET":
            return self.page(
                request, "console/requests/erase.html", title="Carry out an erasure", one=found, name=short(found.pk)
            )
        with telling(request, *EXPECTED, done="Erased. The counts below prove it."):
            erasure.erase(found, **_by(request))
        return _to(id)

    @needs(DECIDE_REQUESTS, fresh=True)
    def answer(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """The answer, shown and offered for download this once; it is kept nowhere.

        The request is complete only if the page could be made: an answer that nobody saw was not given.
        """
        found = _get(id)
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
        steps = requests.steps(one)
        names = names_of(step.actor for step in steps)
        actor = actor_of(request).id
        living = where_now(one.profile_id) if one.profile_id else None
        return self.page(
            request,
            "console/requests/page.html",
            title=f"{label_of(one.kind)} {short(one.pk)}",
            one=one,
            short=short(one.pk),
            tone=STATE_TONES.get(one.state, ""),
            kind=label_of(one.kind),
            steps=[(step, STEP_ICONS.get(step.what, "arrow_forward"), names[step.actor]) for step in steps],
            ahead=_ahead(one),
            erasing=erasing(one),
            profile=living,
            profile_short=short(living or one.profile_id) if one.profile_id else "",
            due=due_of(one, today=timezone.localdate()),
            outcome=_outcome(one.outcome),
            may_decide=self._may_decide(request),
            own=one.kind == ERASURE and one.opened_by == actor,
            answered=one.kind in ANSWERED,
            withdraws=list(WITHDRAWS.get(one.kind, ())),
            by_hand=one.kind == RECTIFICATION,
            form=Reason(),
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
            answered=answered,
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


def _latest(records: list[dict[str, Any]]) -> list[tuple[dict[str, Any], list[tuple[str, str]]]]:
    """The last records of an answer with their properties, for reading; the file has them all."""
    return [
        (record, [(str(name), str(value)) for name, value in record["properties"].items()])
        for record in reversed(records[-RECORDS_SHOWN:])
    ]


def _ahead(one: SubjectRequest) -> list[str]:
    """The steps that still have to be taken."""
    if one.state in (COMPLETED, REJECTED, CALLED_BACK):
        return []
    needs_approval = one.kind in (ERASURE, RECTIFICATION) and one.state == OPEN
    return [
        *(["approved by a second person" if one.kind == ERASURE else "approved"] if needs_approval else []),
        "completed",
    ]


def _outcome(outcome: dict[str, Any]) -> list[tuple[str, str]]:
    """Counts and names of tables, flattened for reading."""
    rows: list[tuple[str, str]] = []
    for name, value in outcome.items():
        label = OUTCOMES.get(name, label_of(name))
        if isinstance(value, dict):
            rows += [(f"{label}: {_things(inner)}", f"{count:,}") for inner, count in value.items()]
        elif isinstance(value, list):
            rows.append((label, "; ".join(_things(one) for one in map(str, value)) or "none"))
        else:
            rows.append((label, f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)))
    return rows


def _things(model: str) -> str:
    """What the rows of a table are called; anything else stays as it is."""
    try:
        return str(apps.get_model(model)._meta.verbose_name_plural)
    except (LookupError, ValueError):
        return model


def _get(id: UUID) -> SubjectRequest:
    return get_object_or_404(SubjectRequest, pk=id)


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request).id, "now": timezone.now()}


def _to(id: UUID) -> HttpResponse:
    return redirect("admin:privacy_subjectrequest_change", id)
