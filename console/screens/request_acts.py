"""What a request's page lets people do on the way: verify, confirm, assign, put off, write, review."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import DECIDE_REQUESTS
from console import request_forms
from console.asking import actor_of
from console.forms import first_error, ids_of
from console.guards import needs
from console.telling import telling
from privacy import human_review, papers, workflow
from privacy.deadlines import NoExtension
from privacy.letter_templates import fitting
from privacy.models import SubjectRequest
from privacy.papers import EmptyText
from privacy.requests import NotOpen, NotVerified, WrongKind
from privacy.subjects import UnknownProfile
from privacy.verification import Verification
from privacy.workflow import AlreadyDone, CannotDecide, TooLate

EXPECTED = (
    AlreadyDone, CannotDecide, EmptyText, NoExtension, NotOpen, NotVerified, TooLate, UnknownProfile, WrongKind,
)  # fmt: skip

# The letters that stand on their own; the others are part of an act.
TOLD = (papers.REJECTION, papers.COMPLETION)


class RequestActs:
    """The acts, each a POST by somebody who may decide requests."""

    def act_urls(self, guard: Callable[..., Any]) -> list[URLPattern]:
        """A route for each act."""
        names = ("verify", "acknowledge", "assign", "extend", "comment", "tell", "review")
        return [
            path(f"<uuid:id>/{name}/", guard(getattr(self, name)), name=f"privacy_subjectrequest_{name}")
            for name in names
        ]

    @needs(DECIDE_REQUESTS)
    def verify(self, request: HttpRequest, id: UUID) -> HttpResponse:
        form = request_forms.Verify(request.POST)
        if _is_sound(request, form):
            verification = Verification(form.cleaned_data["method"], actor_of(request).id)
            with telling(request, *EXPECTED, done="Verified: the request can go on."):
                workflow.verify(_get(id), verification, now=timezone.now())
        return _to(id)

    @needs(DECIDE_REQUESTS)
    def acknowledge(self, request: HttpRequest, id: UUID) -> HttpResponse:
        form = request_forms.Write(request.POST)
        if _is_sound(request, form):
            with telling(request, *EXPECTED, done="Noted: the person knows that the request has come in."):
                workflow.acknowledge(_get(id), letter=form.cleaned_data["text"], **_by(request))
        return _to(id)

    @needs(DECIDE_REQUESTS)
    def assign(self, request: HttpRequest, id: UUID) -> HttpResponse:
        form = request_forms.Assign(request.POST)
        if _is_sound(request, form):
            to = form.cleaned_data["to"]
            with telling(request, *EXPECTED, done="Assigned." if to else "Nobody sees to it now."):
                workflow.assign(_get(id), to=UUID(to) if to else None, **_by(request))
        return _to(id)

    @needs(DECIDE_REQUESTS)
    def extend(self, request: HttpRequest, id: UUID) -> HttpResponse:
        form = request_forms.Extend(request.POST)
        if _is_sound(request, form):
            given = form.cleaned_data
            with telling(request, *EXPECTED, done="Put off. The letter is kept with the request."):
                workflow.extend(_get(id), ground=given["ground"], letter=given["text"], **_by(request))
        return _to(id)

    @needs(DECIDE_REQUESTS)
    def comment(self, request: HttpRequest, id: UUID) -> HttpResponse:
        form = request_forms.Comment(request.POST)
        if _is_sound(request, form):
            with telling(request, *EXPECTED, done="Kept."):
                workflow.comment(_get(id), form.cleaned_data["text"], **_by(request))
        return _to(id)

    @needs(DECIDE_REQUESTS)
    def tell(self, request: HttpRequest, id: UUID) -> HttpResponse:
        form, kind, one = request_forms.Write(request.POST), request.POST.get("kind", ""), _get(id)
        if kind not in TOLD or kind not in fitting(one, today=timezone.localdate()):
            messages.error(request, f"No such letter fits a request that is {one.get_state_display()}.")
        elif _is_sound(request, form):
            with telling(request, *EXPECTED, done="Kept with the request, as what the person was told."):
                workflow.tell(one, kind, form.cleaned_data["text"], **_by(request))
        return _to(id)

    @needs(DECIDE_REQUESTS)
    def review(self, request: HttpRequest, id: UUID) -> HttpResponse:
        ended = ids_of(request.POST.getlist("ended"))
        with telling(request, *EXPECTED, done="Reviewed."):
            human_review.carry_out(_get(id), ended=ended, actor=actor_of(request), now=timezone.now())
        return _to(id)


def _is_sound(request: HttpRequest, form: forms.Form) -> bool:
    if not form.is_valid():
        messages.error(request, first_error(form))
    return form.is_valid()


def _get(id: UUID) -> SubjectRequest:
    return get_object_or_404(SubjectRequest, pk=id)


def _by(request: HttpRequest) -> dict[str, Any]:
    return {"actor": actor_of(request).id, "now": timezone.now()}


def _to(id: UUID) -> HttpResponse:
    return redirect("admin:privacy_subjectrequest_change", id)
