"""What a privacy officer does with an erasure: ask who else it may concern, carry it out, call it back, prove it."""

import json
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.admin.sites import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from access.roles import DECIDE_REQUESTS, REVEAL_IDENTIFIERS, VIEW_REQUESTS
from console import bearers
from console.asking import actor_of, may
from console.certified import certified
from console.erasing import searching_since
from console.forms import Reason, first_error, ids_of
from console.guards import needs
from console.screen import Screen
from console.showing import in_words, short
from console.telling import telling
from identity.ledger import NotPossible
from pipeline import corrections, tasks
from privacy import certificate, erasure, requests, sharing
from privacy.certificate import NotCertifiable
from privacy.epoch import Behind
from privacy.holds import Held
from privacy.models import OPEN, SubjectRequest
from privacy.requests import NotOpen, NotVerified, SecondPersonNeeded, WrongKind
from privacy.sharing import NotShared
from privacy.subjects import UnknownProfile

EXPECTED = (Behind, Held, NotOpen, NotVerified, SecondPersonNeeded, WrongKind, UnknownProfile)


class ErasureScreen(Screen):
    """The pages and actions of an approved erasure."""

    admin_site: AdminSite

    def erasure_urls(self) -> list[URLPattern]:
        """Their addresses, below the request's own."""
        guard = self.admin_site.admin_view
        name = "privacy_subjectrequest"
        return [
            path("<uuid:id>/erase/", guard(self.erase), name=f"{name}_erase"),
            path("<uuid:id>/reveal/", guard(self.reveal), name=f"{name}_reveal"),
            path("<uuid:id>/join/", guard(self.join), name=f"{name}_join"),
            path("<uuid:id>/as-well/<uuid:profile>/", guard(self.ask_as_well), name=f"{name}_ask_as_well"),
            path("<uuid:id>/call-back/", guard(self.call_back), name=f"{name}_call_back"),
            path("<uuid:id>/searching/", guard(self.searching), name=f"{name}_searching"),
            path("<uuid:id>/prove/", guard(self.prove), name=f"{name}_prove"),
            path("<uuid:id>/certificate/", guard(self.certificate), name=f"{name}_certificate"),
            path("<uuid:id>/certificate.json", guard(self.certificate_file), name=f"{name}_certificate_file"),
        ]

    @needs(DECIDE_REQUESTS, methods=("GET", "POST"), fresh=True)
    def erase(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """First the question whether it is meant; then the erasure, which can be repeated safely."""
        found = get_object_or_404(SubjectRequest, pk=id)
        if request.method == "GET":
            return self.question(request, found)
        with telling(request, *EXPECTED, done="Erased. The counts below say what went."):
            erasure.erase(found, actor=actor_of(request).id, now=timezone.now())
        return _to(id)

    @needs(REVEAL_IDENTIFIERS, fresh=True)
    def reveal(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """The question with names and identifiers as they are, this once, for a reason that the audit log keeps."""
        found = get_object_or_404(SubjectRequest, pk=id)
        form = Reason(request.POST)
        if not may(request, DECIDE_REQUESTS):
            raise PermissionDenied
        if not form.is_valid():
            messages.error(request, first_error(form))
            return redirect(_question_of(found))
        return self.question(request, found, reason=f"reveal: {form.cleaned_data['reason']}", revealed=True)

    @needs(DECIDE_REQUESTS)
    def join(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """The ticked profiles are the same person: one profile, which the request covers whole."""
        found = get_object_or_404(SubjectRequest, pk=id)
        ticked = ids_of(request.POST.getlist("profile"))
        if not ticked:
            messages.warning(request, "Tick the profiles that are the same person first.")
            return redirect(_question_of(found))
        with telling(request, *EXPECTED, NotShared, NotPossible, done="Joined: this request covers them as well."):
            corrections.join_bearers(found, ticked, actor=actor_of(request).id, now=timezone.now())
        return redirect(_question_of(found))

    @needs(DECIDE_REQUESTS)
    def ask_as_well(self, request: HttpRequest, id: UUID, profile: UUID) -> HttpResponse:
        """Another profile is the same person: the same is asked for it."""
        found = get_object_or_404(SubjectRequest, pk=id)
        with telling(request, *EXPECTED, NotShared, done="Added: that profile has a request of its own now."):
            sharing.ask_as_well(found, profile, actor=actor_of(request).id, now=timezone.now())
        return redirect(_question_of(found))

    def question(
        self, request: HttpRequest, found: SubjectRequest, *, reason: str = "", revealed: bool = False
    ) -> TemplateResponse:
        """Whether it is meant: who it is, what goes, and who else bears the same identifiers."""
        approving = found.state == OPEN
        return self.page(
            request,
            "console/requests/erase.html",
            title="Approve an erasure" if approving else "Carry out an erasure",
            one=found,
            approving=approving,
            to_do=_question_of(found),
            window=in_words(settings.ERASURE_WINDOW_DAYS),
            asked=bearers.question(found, request, reason=reason, revealed=revealed),
            revealed=revealed,
            may_reveal=may(request, REVEAL_IDENTIFIERS),
            form=Reason(),
        )

    @needs(DECIDE_REQUESTS)
    def call_back(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """End the wait of an approved erasure for good."""
        found = get_object_or_404(SubjectRequest, pk=id)
        with telling(request, NotOpen, WrongKind, done="Called back. The person's data may be used again."):
            requests.call_back(found, actor=actor_of(request).id, now=timezone.now())
        return _to(id)

    @needs(DECIDE_REQUESTS)
    def prove(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Have everything searched; that takes its time, so a worker does it."""
        get_object_or_404(SubjectRequest, pk=id)
        tasks.prove_erasure.delay(str(id))
        messages.info(request, "The search begins. What it finds appears on this page.")
        return _to(id)

    @needs(VIEW_REQUESTS, methods=("GET",))
    def searching(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Whether a search is under way: the page asks while it waits."""
        found = get_object_or_404(SubjectRequest, pk=id)
        return JsonResponse({"searching": searching_since(requests.steps(found), now=timezone.now()) is not None})

    @needs(VIEW_REQUESTS, methods=("GET",))
    def certificate(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """The certificate for reading and printing."""
        found = get_object_or_404(SubjectRequest, pk=id)
        with telling(request, NotCertifiable):
            parts = json.loads(certificate.held(found, now=timezone.now()))
            return self.page(
                request,
                "console/requests/certificate.html",
                title=f"Certificate {short(found.pk)}",
                one=found,
                it=certified(parts["certificate"]),
                signature=parts["signature"],
                public_key=parts["public_key"],
            )
        return _to(id)

    @needs(VIEW_REQUESTS, methods=("GET",))
    def certificate_file(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """The signed certificate as a file."""
        found = get_object_or_404(SubjectRequest, pk=id)
        with telling(request, NotCertifiable):
            text = certificate.held(found, now=timezone.now())
            name = f"erasure-{short(found.pk)}.json"
            headers = {"Content-Disposition": f'attachment; filename="{name}"'}
            return HttpResponse(text, content_type="application/json", headers=headers)
        return _to(id)


def _question_of(found: SubjectRequest) -> str:
    act = "approve" if found.state == OPEN else "erase"
    return reverse(f"admin:privacy_subjectrequest_{act}", args=[found.pk])


def _to(id: UUID) -> HttpResponse:
    return redirect("admin:privacy_subjectrequest_change", id)
