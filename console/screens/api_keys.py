"""API keys: made once, shown once, revoked for good."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from access import api_keys
from access.models import ApiKey
from access.roles import MANAGE_ACCESS
from consent.models import Purpose
from console.capabilities import MAY, SCOPES
from console.guards import needs
from console.screen import Screen, badge
from console.showing import day, label_of, moment
from console.telling import telling

KEEP_IT = "Send it as “Authorization: Bearer …”. Only a digest is kept: whoever loses it needs a new one."


class NewKey(forms.Form):
    """An API key to be added."""

    name = forms.CharField(max_length=80, help_text="Which program uses it.")
    scopes = forms.MultipleChoiceField(
        choices=SCOPES,
        widget=forms.CheckboxSelectMultiple,
        help_text="What it may do.",
    )
    purposes = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="What it may read personal data for. Consent is asked each time. A key for sources, consents, "
        "requests or deliveries alone needs none.",
    )
    expires_at = forms.DateTimeField(
        label="Expires",
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text="Empty: in a year, or as long as your installation says. Two years at most.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purposes = Purpose.objects.filter(active=True).order_by("slug")
        self.fields["purposes"].choices = [(row.slug, row.name) for row in purposes]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        without = api_keys.for_a_purpose(said.get("scopes", []))
        if without and "purposes" in said and not said["purposes"]:
            self.add_error("purposes", f"Choose at least one: a key reads for a purpose with {', '.join(without)}.")
        return said

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if ApiKey.objects.filter(name=name).exists():
            raise forms.ValidationError("There is an API key of this name; names stay taken, for the audit log's sake.")
        return name


class Rotation(forms.Form):
    """How long the old secret still holds."""

    hours = forms.TypedChoiceField(
        label="The old secret holds for",
        coerce=int,
        initial=24,
        choices=[(0, "no longer: it has leaked"), (1, "1 hour"), (24, "24 hours"), (168, "7 days"), (336, "14 days")],
    )

    @property
    def overlap(self) -> timedelta:
        return timedelta(hours=self.cleaned_data["hours"])

    @property
    def said_of_the_old_one(self) -> str:
        hours = self.cleaned_data["hours"]
        return f"The old secret opens for {hours} hours more." if hours else "The old secret opens nothing any more."


class ApiKeyScreen(Screen):
    """Programs that may call the API."""

    may_view = MANAGE_ACCESS
    may_add = MANAGE_ACCESS
    list_display = ("name", "hint_text", "state", "purpose_list", "scope_count", "used", "expires")
    sortable_by = ()
    intro = "Programs that may call the API, each within its scopes and for its purposes."
    empty_hint = "Add a key to let a program read profiles, segments and consents, or open subject requests."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ApiKey]":
        return ApiKey.objects.order_by("revoked_at", "name")

    @admin.display(description="Begins with")
    def hint_text(self, key: ApiKey) -> str:
        return f"{key.hint}…"

    @badge("State", {"live": "good", "ends soon": "warn", "revoked": "bad", "expired": "bad"})
    def state(self, key: ApiKey) -> str:
        return state_of(key)

    @admin.display(description="Purposes")
    def purpose_list(self, key: ApiKey) -> str:
        return ", ".join(label_of(purpose) for purpose in key.purposes) or "–"

    @admin.display(description="Scopes")
    def scope_count(self, key: ApiKey) -> str:
        return f"{len(key.scopes)} of {len(api_keys.SCOPES)}"

    @admin.display(description="Last used")
    def used(self, key: ApiKey) -> str:
        return moment(key.last_used_at)

    @admin.display(description="Expires")
    def expires(self, key: ApiKey) -> str:
        return day(key.expires_at)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:id>/rotate/", guard(self.rotate), name="access_apikey_rotate"),
            path("<uuid:id>/revoke/", guard(self.revoke), name="access_apikey_revoke"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.add_key(request)

    @needs(MANAGE_ACCESS, methods=("GET", "POST"))
    def add_key(self, request: HttpRequest) -> HttpResponseBase:
        form = NewKey(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                key, text = api_keys.add(**form.cleaned_data)
                return self._secret(request, key, text, hint=KEEP_IT)
            except api_keys.TooLong as error:
                form.add_error("expires_at", str(error))
        hint = "The key is shown on the next page, once."
        return self.page(
            request, "console/form_page.html", title="Add API key", form=form, submit="Add API key", hint=hint
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(MANAGE_ACCESS, methods=("GET",))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        key = self.get_object(request, object_id)
        if key is None:
            return redirect("admin:access_apikey_changelist")
        return self.page(
            request,
            "console/api_keys/page.html",
            title=key.name,
            key=key,
            purposes=[label_of(purpose) for purpose in key.purposes],
            scopes=[(scope, MAY.get(scope, scope)) for scope in key.scopes],
            state=state_of(key),
            form=Rotation(),
            overlaps=key.former_until is not None and key.former_until > timezone.now(),
        )

    @needs(MANAGE_ACCESS)
    def rotate(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """A new secret, shown this once; the old one holds for the overlap that was chosen."""
        key, form = get_object_or_404(ApiKey, pk=id), Rotation(request.POST)
        if form.is_valid():
            with telling(request, api_keys.Revoked, api_keys.TooLong):
                text = api_keys.rotate(key, now=timezone.now(), overlap=form.overlap)
                return self._secret(request, key, text, hint=f"{KEEP_IT} {form.said_of_the_old_one}")
        return redirect("admin:access_apikey_change", id)

    def _secret(self, request: HttpRequest, key: ApiKey, text: str, *, hint: str) -> HttpResponseBase:
        back = reverse("admin:access_apikey_changelist")
        return self.secret_page(request, "API key", of=key.name, secret=text, hint=hint, back=back)

    @needs(MANAGE_ACCESS)
    def revoke(self, request: HttpRequest, id: UUID) -> HttpResponse:
        api_keys.revoke(get_object_or_404(ApiKey, pk=id), now=timezone.now())
        messages.success(request, "Revoked: it opens nothing any more.")
        return redirect("admin:access_apikey_changelist")


def state_of(key: ApiKey) -> str:
    """live, ends soon, expired or revoked."""
    if key.revoked_at:
        return "revoked"
    left = key.expires_at - timezone.now()
    return "expired" if left <= timedelta() else "ends soon" if left <= api_keys.WARNED_BEFORE else "live"
