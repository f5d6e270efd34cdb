"""The page of one record of a profile: masked, or with its values for a reason that the audit log keeps."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from access.roles import REVEAL_IDENTIFIERS, VIEW_PROFILES
from console.asking import actor_of, ask, user_of
from console.forms import Reason, first_error
from console.guards import needs
from console.left_out import way_out_of
from console.profile.record import record_page
from console.screen import Screen
from console.showing import short
from identity.profiles import where_now
from privacy import break_glass
from privacy.models import EmergencyReveal


class RecordPages(Screen):
    """The pages of a profile's records."""

    def record_urls(self) -> list[URLPattern]:
        guard, one = self.admin_site.admin_view, "<uuid:profile>/records/<uuid:record>/"
        return [
            path(one, guard(self.record), name="identity_profile_record"),
            path(f"{one}reveal/", guard(self.reveal_record), name="identity_profile_reveal_record"),
        ]

    @needs(VIEW_PROFILES, methods=("GET",))
    def record(self, request: HttpRequest, profile: UUID, record: UUID) -> HttpResponseBase:
        """The record, masked; or with its values while broken glass stands open."""
        living = where_now(profile)
        if living is None:
            raise Http404("There is no such profile, or it has been erased.")
        if living != profile:
            return _to(living, record)
        emergency = break_glass.standing(living, actor=actor_of(request).id, now=timezone.now())
        if emergency:
            reason = f"{break_glass.MARK}{emergency.reason}"
            return self._record_page(request, profile, record, reason=reason, revealed=True, emergency=emergency)
        return self._record_page(request, profile, record, reason="record page")

    @needs(REVEAL_IDENTIFIERS, fresh=True)
    def reveal_record(self, request: HttpRequest, profile: UUID, record: UUID) -> HttpResponseBase:
        """The same page with its values, this once, for a reason that the audit log keeps."""
        form = Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return _to(profile, record)
        if where_now(profile) != profile:
            return _to(profile, record)
        reason = f"reveal: {form.cleaned_data['reason']}"
        return self._record_page(request, profile, record, reason=reason, revealed=True)

    def _record_page(
        self,
        request: HttpRequest,
        profile: UUID,
        record: UUID,
        *,
        reason: str,
        revealed: bool = False,
        emergency: EmergencyReveal | None = None,
    ) -> TemplateResponse:
        person = ask(profile, request, reason=reason, now=timezone.now())
        found = record_page(person, record, revealed=revealed)
        if person.grants and found is None:
            raise Http404("There is no such record of this person, or it may not be read.")
        return self.page(
            request,
            "console/profiles/record.html",
            title=f"Record {short(record)}",
            person=person,
            short=short(profile),
            refusal=person.refusal,
            way_out=way_out_of(person.refusal.reason) if person.refusal else "",
            record=found,
            revealed=revealed,
            emergency=emergency,
            may_reveal=user_of(request).may(REVEAL_IDENTIFIERS) and found is not None and found.is_open,
            reason_form=Reason(),
        )


def _to(profile: UUID, record: UUID) -> HttpResponse:
    return redirect(reverse("admin:identity_profile_record", args=[profile, record]))
