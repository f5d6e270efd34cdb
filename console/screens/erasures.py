"""What a privacy officer does with an erasure once it is approved: call it back, prove it, hand out its certificate."""

import json
from uuid import UUID

from django.contrib import messages
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import DECIDE_REQUESTS, VIEW_REQUESTS
from console.asking import actor_of
from console.guards import needs
from console.screen import Screen
from console.showing import short
from console.telling import telling
from pipeline import tasks
from privacy import certificate, requests
from privacy.certificate import NotCertifiable
from privacy.models import SubjectRequest
from privacy.requests import NotOpen, WrongKind


class ErasureScreen(Screen):
    """The pages and actions of an approved erasure."""

    admin_site: AdminSite

    def erasure_urls(self) -> list[URLPattern]:
        """Their addresses, below the request's own."""
        guard = self.admin_site.admin_view
        name = "privacy_subjectrequest"
        return [
            path("<uuid:id>/call-back/", guard(self.call_back), name=f"{name}_call_back"),
            path("<uuid:id>/prove/", guard(self.prove), name=f"{name}_prove"),
            path("<uuid:id>/certificate/", guard(self.certificate), name=f"{name}_certificate"),
            path("<uuid:id>/certificate.json", guard(self.certificate_file), name=f"{name}_certificate_file"),
        ]

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
        messages.info(request, "The search has begun. This page shows what it found as soon as it ends.")
        return _to(id)

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
                stated=parts["certificate"],
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


def _to(id: UUID) -> HttpResponse:
    return redirect("admin:privacy_subjectrequest_change", id)
