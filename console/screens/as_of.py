"""The page that shows who a person was at an instant."""

from uuid import UUID

from django import forms
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import VIEW_PROFILES
from console.explaining import MOMENT
from console.guards import needs
from console.profile.as_of import as_of
from console.screen import Screen
from console.showing import short


class Instant(forms.Form):
    """An instant of the past."""

    at = forms.DateTimeField(label="As of", required=False, widget=forms.DateTimeInput(MOMENT), help_text="Empty: now.")


class AsOfPages(Screen):
    """A profile as the ledger had it at any instant."""

    def as_of_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [path("<uuid:profile>/as-of/", guard(self.as_of), name="identity_profile_as_of")]

    @needs(VIEW_PROFILES, methods=("GET",))
    def as_of(self, request: HttpRequest, profile: UUID) -> HttpResponseBase:
        """Also of a profile that was merged into another since: by its own id it is still told."""
        now = timezone.now()
        form = Instant(request.GET or None)
        at = (form.cleaned_data["at"] if form.is_valid() else None) or now
        found = as_of(profile, at=min(at, now), now=now)
        if found is None:
            raise Http404("There never was such a profile, or the person was erased.")
        return self.page(
            request,
            "console/profiles/as_of.html",
            title=f"Who {short(profile)} was",
            profile=profile,
            short=short(profile),
            form=form if form.is_bound else Instant(initial={"at": now}),
            found=found,
        )
