"""The page on which a data steward makes two profiles one, having seen both."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import CORRECT_IDENTITY
from console import corrections
from console.asking import actor_of
from console.forms import MergeWith, OtherProfile
from console.guards import needs
from console.merging import both
from console.screen import Screen
from console.showing import short
from console.telling import sentence
from identity.ledger import NotPossible
from identity.profiles import where_now


class MergePages(Screen):
    """Choosing the other profile, both side by side, and the merge."""

    def merge_urls(self) -> list[URLPattern]:
        merge = self.admin_site.admin_view(self.merge)
        return [path("<uuid:profile>/merge/", merge, name="identity_profile_merge")]

    @needs(CORRECT_IDENTITY, methods=("GET", "POST"))
    def merge(self, request: HttpRequest, profile: UUID) -> HttpResponseBase:
        """Both persons side by side, once the other is named; and making them one."""
        here = where_now(profile)
        if here is None:
            raise Http404("There is no such profile, or it has been erased.")
        if here != profile:
            messages.info(request, "That profile was merged into this one.")
            return _to(here)
        if request.method == "POST":
            return self._merged(request, profile)
        find = OtherProfile(request.GET if "other" in request.GET else None, than=profile)
        other = find.cleaned_data["other"] if find.is_valid() else None
        return self._merge_page(request, profile, find, other, MergeWith(than=profile, initial={"other": other}))

    def _merged(self, request: HttpRequest, profile: UUID) -> HttpResponse:
        form = MergeWith(request.POST, than=profile)
        if form.is_valid():
            try:
                survivor = corrections.merge(
                    profile,
                    form.cleaned_data["other"],
                    actor=actor_of(request).id,
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                )
            except NotPossible as error:
                form.add_error("other", sentence(str(error)))
            else:
                messages.success(request, "Merged. The golden record and segments follow within moments.")
                return _to(survivor)
        find = OtherProfile(request.POST, than=profile)
        other = find.cleaned_data["other"] if find.is_valid() else None
        return self._merge_page(request, profile, find, other, form)

    def _merge_page(
        self, request: HttpRequest, profile: UUID, find: OtherProfile, other: UUID | None, form: MergeWith
    ) -> TemplateResponse:
        context: dict[str, Any] = {"profile": profile, "short": short(profile), "find": find, "form": form}
        if other:
            context |= {"other": other, "both": both(profile, other, request, now=timezone.now())}
        return self.page(request, "console/profiles/merge.html", title=f"Merge {short(profile)}", **context)


def _to(profile: UUID) -> HttpResponse:
    return redirect("admin:identity_profile_change", profile)
