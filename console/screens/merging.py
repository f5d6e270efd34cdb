"""The page on which a data steward makes two profiles one, having seen both."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from access.roles import CORRECT_IDENTITY
from console.asking import actor_of
from console.forms import MergeWith, OtherProfile, Reason
from console.guards import needs
from console.ids import uuid_in
from console.merging import both
from console.screen import Screen
from console.showing import short
from console.telling import sentence
from identity.ledger import NotPossible
from identity.profiles import where_now
from pipeline import corrections


class MergePages(Screen):
    """Choosing the other profile, both side by side, and the merge."""

    def merge_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:profile>/merge/", guard(self.merge), name="identity_profile_merge"),
            path("<uuid:profile>/merge/with/", guard(self.merge_with), name="identity_profile_merge_with"),
        ]

    @needs(CORRECT_IDENTITY, methods=("GET", "POST"))
    def merge(self, request: HttpRequest, profile: UUID) -> HttpResponseBase:
        """Both persons side by side, once the other is named; and making them one."""
        here = _living(profile)
        if request.method == "POST":
            return self._merged(request, profile, here)
        if here != profile:
            messages.info(request, "That profile was merged into this one.")
            return _to(here)
        other = uuid_in(request.GET.get("other", ""))
        return self._merge_page(request, here, OtherProfile({"other": other} if other else None, than=here), Reason())

    @needs(CORRECT_IDENTITY)
    def merge_with(self, request: HttpRequest, profile: UUID) -> HttpResponseBase:
        """Finds the other one. Sent by POST: only the id that was found stands in an address, whatever was typed."""
        here = _living(profile)
        find = OtherProfile(request.POST, than=here)
        if not find.is_valid():
            return self._merge_page(request, here, find, Reason())
        return redirect(f"{reverse('admin:identity_profile_merge', args=[here])}?other={find.cleaned_data['other']}")

    def _merged(self, request: HttpRequest, profile: UUID, here: UUID) -> HttpResponse:
        """Nobody but whoever was shown is merged: where one has gone on elsewhere, both are shown anew."""
        form = MergeWith(request.POST, than=profile)
        if form.is_valid():
            try:
                survivor = corrections.merge_as_seen(
                    profile,
                    form.cleaned_data["other"],
                    seen=form.cleaned_data["seen"],
                    actor=actor_of(request).id,
                    reason=form.cleaned_data["reason"],
                    now=timezone.now(),
                )
            except NotPossible as error:
                form.add_error(None, sentence(str(error)))
            else:
                messages.success(request, "Merged. The golden record and segments follow within moments.")
                return _to(survivor)
        return self._merge_page(request, here, OtherProfile(request.POST, than=here), form)

    def _merge_page(
        self, request: HttpRequest, profile: UUID, find: OtherProfile, form: MergeWith | Reason
    ) -> TemplateResponse:
        context: dict[str, Any] = {"profile": profile, "short": short(profile), "find": find, "form": form}
        if find.is_valid():
            other = find.cleaned_data["other"]
            context |= {"other": other, "both": both(profile, other, request, now=timezone.now())}
        return self.page(request, "console/profiles/merge.html", title=f"Merge {short(profile)}", **context)


def _living(profile: UUID) -> UUID:
    here = where_now(profile)
    if here is None:
        raise Http404("There is no such profile, or it has been erased.")
    return here


def _to(profile: UUID) -> HttpResponse:
    return redirect("admin:identity_profile_change", profile)
