"""What a privacy officer does with an approved rectification: fill in what is right."""

from uuid import UUID

from django.contrib import messages
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import DECIDE_REQUESTS
from console.asking import actor_of
from console.forms import PutRight
from console.guards import needs
from console.screen import Screen
from console.telling import sentence
from privacy import rectification
from privacy.holds import Held
from privacy.models import SubjectRequest
from privacy.rectification import NotRectifiable, Refused
from privacy.requests import NotOpen, NotVerified, WrongKind
from privacy.subjects import UnknownProfile

HINT = (
    "Fill in what is right; the rest stays as it is. Every other value of these fields goes from what all sources know "
    "of the person, and from their records; a source that sends it again is not believed. Segments follow at once, and "
    "recipients are told which fields were put right."
)


class RectificationScreen(Screen):
    """The page on which a person's values are put right."""

    admin_site: AdminSite

    def rectification_urls(self) -> list[URLPattern]:
        """Its address, below the request's own."""
        guard = self.admin_site.admin_view
        return [path("<uuid:id>/rectify/", guard(self.rectify), name="privacy_subjectrequest_rectify")]

    @needs(DECIDE_REQUESTS, methods=("GET", "POST"), fresh=True)
    def rectify(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """The form, and what comes of it; a value that cannot be read stays in its field to be mended."""
        found = get_object_or_404(SubjectRequest, pk=id)
        form = PutRight(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                rectification.carry_out(
                    found, corrections=form.corrections(), actor=actor_of(request), now=timezone.now()
                )
            except NotRectifiable as error:
                form.add_error(error.field if error.field in form.fields else None, sentence(str(error)))
            except (NotOpen, NotVerified, WrongKind, UnknownProfile, Refused, Held) as error:
                messages.error(request, sentence(str(error)))
                return redirect("admin:privacy_subjectrequest_change", id)
            else:
                messages.success(request, "Put right. The counts below say where.")
                return redirect("admin:privacy_subjectrequest_change", id)
        return self.page(request, "console/form_page.html", title="Put right", form=form, submit="Put right", hint=HINT)
