"""A new subject request: first whom it is about, then what is asked for, since when, and how it is known who asks."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from access import look_ups
from access.limits import TooMany
from access.roles import OPEN_REQUESTS
from console import bearers
from console.asking import actor_of
from console.forms import LookUp, first_error
from console.guards import needs
from console.request_forms import KINDS_IN_WORDS, NewRequest
from console.screen import Screen
from console.telling import telling
from identity.profiles import UnknownNamespace, look_up
from privacy import requests, sharing, subjects
from privacy.subjects import UnknownProfile
from privacy.verification import Verification

# Nobody is known by what the person gave: the request is opened all the same, since they are owed an answer.
NOBODY = "nobody"


class NewRequestScreen(Screen):
    """The two pages on which a request is opened."""

    may_add = OPEN_REQUESTS

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.new(request)

    @needs(OPEN_REQUESTS, methods=("GET", "POST"))
    def new(self, request: HttpRequest) -> HttpResponseBase:
        """Find the person; then open the request for their profile, or for nobody whom we know."""
        about = request.GET.get("profile", "")
        if not about:
            return self._find(request)
        profile = None if about == NOBODY else _living(about)
        form = NewRequest(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            opened = self._open(request, form, profile)
            if opened is not None:
                return redirect("admin:privacy_subjectrequest_change", opened)
        return self._form_page(request, form, profile)

    def _find(self, request: HttpRequest) -> HttpResponseBase:
        form, sought = LookUp(request.POST if request.method == "POST" else None), False
        if request.method == "POST" and form.is_valid():
            with telling(request, UnknownNamespace, TooMany):
                look_ups.count(actor_of(request))
                found = look_up(form.cleaned_data["namespace"], form.cleaned_data["value"], now=timezone.now())
                if found:
                    return redirect(f"{reverse('admin:privacy_subjectrequest_add')}?profile={found}")
                sought = True
        elif request.method == "POST":
            messages.error(request, first_error(form))
        return self.page(
            request,
            "console/requests/find.html",
            title="New request",
            form=LookUp(initial={"namespace": form.data.get("namespace")}),
            sought=sought,
        )

    def _open(self, request: HttpRequest, form: NewRequest, profile: UUID | None) -> UUID | None:
        asked, actor, now = form.cleaned_data, actor_of(request).id, timezone.now()
        method = asked["verification"]
        with telling(request, UnknownProfile, done="The request is open, and its clock runs."):
            return requests.receive(
                asked["kind"],
                profile_id=profile,
                actor=actor,
                regulation=asked["regulation"],
                received_at=asked["received_on"] and _noon(asked["received_on"]),
                verification=Verification(method, actor) if method else None,
                now=now,
            ).pk
        return None

    def _form_page(self, request: HttpRequest, form: NewRequest, profile: UUID | None) -> TemplateResponse:
        return self.page(
            request,
            "console/requests/new.html",
            title="New request",
            form=form,
            kinds=[(box, KINDS_IN_WORDS[box.data["value"]]) for box in form["kind"]],
            who=bearers.who(profile, request, reason="new subject request") if profile else None,
            waiting=sharing.unfinished(profile) if profile else [],
        )


def _living(about: str) -> UUID:
    try:
        return subjects.living(UUID(about))
    except (ValueError, UnknownProfile):
        raise Http404("There is no such profile, or it has been erased.") from None


def _noon(day: date) -> datetime:
    """An instant of that day in the installation's time zone."""
    return datetime.combine(day, time(12), tzinfo=timezone.get_current_timezone())
