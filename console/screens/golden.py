"""The page on which a data steward says which value of a field counts, for one person; and taking that back."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from access.roles import REVEAL_IDENTIFIERS, SET_VALUES
from console.asking import Person, ask, user_of
from console.forms import Reason, SetValue, first_error
from console.guards import needs
from console.left_out import way_out_of
from console.profile.by_hand import choices_of, standing_word
from console.screen import Screen
from console.showing import label_of, short
from console.telling import sentence
from identity import overriding
from identity.overriding import OVERRIDABLE, TYPED, NotOverridable
from identity.profiles import where_now
from pipeline import by_hand
from vault.grants import Grant


class GoldenPages(Screen):
    """The pages of single fields of a profile's golden record."""

    def golden_urls(self) -> list[URLPattern]:
        guard, one = self.admin_site.admin_view, "<uuid:profile>/golden/<slug:slug>/"
        return [
            path(one, guard(self.set_value), name="identity_profile_set_value"),
            path(f"{one}reveal/", guard(self.reveal_values), name="identity_profile_reveal_values"),
            path(f"{one}take-back/", guard(self.take_back_value), name="identity_profile_take_back_value"),
        ]

    @needs(SET_VALUES, methods=("GET", "POST"))
    def set_value(self, request: HttpRequest, profile: UUID, slug: str) -> HttpResponseBase:
        """What there is to choose from, masked; and setting it."""
        reason = f"set by hand: {_why(request)}" if request.method == "POST" else "set a value by hand"
        person = _person(profile, slug, request, reason=reason)
        if request.method == "GET" or person.grant is None:
            return self._value_page(request, person, slug, SetValue())
        form = SetValue(request.POST)
        if form.is_valid():
            try:
                by_hand.set_value(person.id, slug, **form.cleaned_data, grant=person.grant, now=timezone.now())
            except NotOverridable as error:
                form.add_error("text" if form.cleaned_data["text"] else None, sentence(str(error)))
            else:
                messages.success(request, f"{label_of(slug)}: this value counts now, until somebody takes it back.")
                return _to(person.id)
        return self._value_page(request, person, slug, form)

    @needs(SET_VALUES, fresh=True)
    def reveal_values(self, request: HttpRequest, profile: UUID, slug: str) -> HttpResponseBase:
        """The same page with its values, this once, for a reason that the audit log keeps."""
        if not user_of(request).may(REVEAL_IDENTIFIERS):
            raise PermissionDenied
        form = Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return redirect(reverse("admin:identity_profile_set_value", args=[profile, slug]))
        person = _person(profile, slug, request, reason=f"reveal: {form.cleaned_data['reason']}")
        return self._value_page(request, person, slug, SetValue(), revealed=True)

    @needs(SET_VALUES)
    def take_back_value(self, request: HttpRequest, profile: UUID, slug: str) -> HttpResponse:
        """Let survivorship decide again."""
        person = _person(profile, slug, request, reason="taken back what was set by hand")
        if person.grant is None:
            messages.error(request, "This person's data may not be read, so nothing is changed.")
            return _to(person.id)
        try:
            by_hand.take_back(person.id, slug, grant=person.grant, now=timezone.now())
        except NotOverridable as error:
            messages.error(request, sentence(str(error)))
        else:
            messages.success(request, f"Taken back: what sources say of {label_of(slug).lower()} decides again.")
        return _to(person.id)

    def _value_page(
        self, request: HttpRequest, person: Person, field: str, form: SetValue, *, revealed: bool = False
    ) -> TemplateResponse:
        shown = _shown(person.id, field, person.grant, revealed=revealed) if person.grant else {}
        return self.page(
            request,
            "console/profiles/set_value.html",
            title=f"{label_of(field)} of {short(person.id)}",
            person=person,
            short=short(person.id),
            field=field,
            label=label_of(field),
            form=form,
            revealed=revealed,
            may_type=field in TYPED,
            may_reveal=user_of(request).may(REVEAL_IDENTIFIERS),
            reason_form=Reason(),
            refusal=person.refusal,
            way_out=way_out_of(person.refusal.reason) if person.refusal else "",
            **shown,
        )


def _shown(profile: UUID, field: str, grant: Grant, *, revealed: bool) -> dict[str, Any]:
    offers = overriding.offers(grant.source_profiles, field, grant)
    word = standing_word(profile, field, grant, revealed=revealed)
    return {"choices": choices_of(offers, field, revealed=revealed), "word": word}


def _person(profile: UUID, field: str, request: HttpRequest, *, reason: str) -> Person:
    """The person as they are now, of whom this field can be set."""
    living = where_now(profile)
    if living is None or field not in OVERRIDABLE:
        raise Http404("There is no such profile, or no such field that can be set by hand.")
    return ask(living, request, reason=reason, now=timezone.now())


def _why(request: HttpRequest) -> str:
    """The reason as far as it may stand in the audit log."""
    form = Reason(request.POST)
    return str(form.cleaned_data["reason"]) if form.is_valid() else "not told"


def _to(profile: UUID) -> HttpResponse:
    return redirect(reverse("admin:identity_profile_change", args=[profile]))
