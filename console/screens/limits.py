"""Limits on identifiers: how many different ones a person may bear, which come first, and which are nobody's."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import CORRECT_IDENTITY
from console import limit_list
from console.asking import actor_of
from console.forms import Reason, first_error
from console.guards import needs
from console.ids import uuid_in
from console.screen import Screen
from console.showing import label_of
from identity import blocked, blocking_values, limits
from identity.blocking_values import NotAValue
from identity.models import BlockedValue, IdentifierLimit
from pipeline import blocking
from records.standardize import LONGEST_TEXT

LIST, ONE = "admin:identity_identifierlimit_changelist", "admin:identity_identifierlimit_namespace"


class LimitForm(Reason):
    """How many different values of one kind of identifier a person may bear, and why."""

    priority = forms.IntegerField(label="Priority", help_text="1 is believed first; what comes last gives way first.")
    most = forms.IntegerField(label="At most, ever", required=False, help_text="Empty: any number.")
    most_in_window = forms.IntegerField(label="At most, within the days beside", required=False)
    window_days = forms.IntegerField(label="Days", required=False)
    field_order = ("priority", "most", "most_in_window", "window_days", "reason")

    def limit(self) -> dict[str, Any]:
        """The limit that was asked for."""
        return {name: value for name, value in self.cleaned_data.items() if name != "reason"}


class BlockForm(Reason):
    """A value that is nobody's, and why."""

    value = forms.CharField(
        label="Value",
        max_length=LONGEST_TEXT,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text="It is kept as a keyed hash, with its first letter and its length as a hint.",
    )
    field_order = ("value", "reason")


class LimitScreen(Screen):
    """The limits of each kind of identifier."""

    may_view = CORRECT_IDENTITY
    heading = "Identifier limits"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[IdentifierLimit]":
        return IdentifierLimit.objects.order_by("namespace", "-version")

    def get_urls(self) -> list[URLPattern]:
        guard, name = self.admin_site.admin_view, "identity_identifierlimit"
        return [
            path("of/<slug:namespace>/", guard(self.namespace), name=f"{name}_namespace"),
            path("of/<slug:namespace>/block/", guard(self.block), name=f"{name}_block"),
            path("of/<slug:namespace>/let-go/", guard(self.let_go), name=f"{name}_let_go"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return self.overview(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        limit = self.get_object(request, object_id)
        return redirect(LIST) if limit is None else self.namespace(request, namespace=limit.namespace)

    @needs(CORRECT_IDENTITY, methods=("GET",))
    def overview(self, request: HttpRequest) -> TemplateResponse:
        """Every kind of identifier, with the limit that stands."""
        rows = limit_list.rows_of(limits.standing(), blocked.standing(), limits.latest())
        return self.page(request, "console/limits/list.html", title="Identifier limits", rows=rows)

    @needs(CORRECT_IDENTITY, methods=("GET", "POST"))
    def namespace(self, request: HttpRequest, namespace: str) -> HttpResponseBase:
        """One kind of identifier: its limit, every version of that, and what is blocked."""
        _must_be_known(namespace)
        if request.method == "POST":
            return self._set(request, namespace)
        return self._page(request, namespace, LimitForm(initial=limit_list.initial_of(limits.standing()[namespace])))

    @needs(CORRECT_IDENTITY)
    def block(self, request: HttpRequest, namespace: str) -> HttpResponseBase:
        """Block a value that was typed."""
        _must_be_known(namespace)
        form = BlockForm(request.POST)
        if form.is_valid():
            try:
                value, reason = form.cleaned_data["value"], form.cleaned_data["reason"]
                self._blocked(request, namespace, value, is_blocked=True, reason=reason)
            except NotAValue as error:
                form.add_error("value", f"{str(error).capitalize()}.")
            else:
                return redirect(ONE, namespace)
        standing = limits.standing()[namespace]
        return self._page(request, namespace, LimitForm(initial=limit_list.initial_of(standing)), block_form=form)

    @needs(CORRECT_IDENTITY)
    def let_go(self, request: HttpRequest, namespace: str) -> HttpResponseBase:
        """Let a value of the list count again, or block it again."""
        _must_be_known(namespace)
        word, row = request.POST.get("word"), None
        if not word:
            row = get_object_or_404(BlockedValue, pk=uuid_in(request.POST.get("row", "")), namespace=namespace)
        elif word not in blocked.DEFAULTS[namespace]:
            raise Http404
        form = Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return redirect(ONE, namespace)
        reason, is_blocked = form.cleaned_data["reason"], request.POST.get("blocked") == "yes"
        if row is None:
            self._blocked(request, namespace, str(word), is_blocked=is_blocked, reason=reason)
        else:
            again, now = blocking.block_again if is_blocked else blocking.let_count_again, timezone.now()
            bearers = again(row, by=actor_of(request).id, reason=reason, now=now)
            self._tell(request, namespace, row.hint, is_blocked=is_blocked, bearers=bearers, reason=reason, now=now)
        return redirect(ONE, namespace)

    def _blocked(self, request: HttpRequest, namespace: str, value: str, *, is_blocked: bool, reason: str) -> None:
        actor, now = actor_of(request).id, timezone.now()
        bearers = blocking.set_blocked(namespace, value, is_blocked=is_blocked, by=actor, reason=reason, now=now)
        hint = value if value in blocked.DEFAULTS[namespace] else blocking_values.hint_of(value)
        self._tell(request, namespace, hint, is_blocked=is_blocked, bearers=bearers, reason=reason, now=now)

    def _tell(
        self,
        request: HttpRequest,
        namespace: str,
        hint: str,
        *,
        is_blocked: bool,
        bearers: int,
        reason: str,
        now: datetime,
    ) -> None:
        """Say and log what became of it. The log outlives an erasure, so it names the row, and nothing of the value."""
        said = "is blocked" if is_blocked else "counts again"
        news = BlockedValue.objects.filter(namespace=namespace, saved_by=actor_of(request).id, saved_at=now)
        row = news.order_by("id").last()
        if row is None:
            messages.info(request, f"“{hint}” {said} already. Nothing was changed.")
            return
        what = f"{label_of(namespace)}: a value {said}; {bearers:,} source profiles bear it."
        self.log_change(request, row, f"{what} Reason: {reason}")
        messages.success(request, f"“{hint}” {said}. {bearers:,} source profiles bear it and are resolved anew.")

    def _set(self, request: HttpRequest, namespace: str) -> HttpResponseBase:
        form, now = LimitForm(request.POST), timezone.now()
        if form.is_valid():
            try:
                by, reason = actor_of(request).id, form.cleaned_data["reason"]
                before, after = limits.change(namespace, **form.limit(), by=by, reason=reason, now=now)
            except ValidationError as error:
                for field, said in error.message_dict.items():
                    form.add_error(field, [f"{one[0].upper()}{one[1:]}." for one in said])
            else:
                if after is None:
                    messages.info(request, "Nothing was changed.")
                else:
                    was, now_is = limit_list.in_words(before), limit_list.in_words(after)
                    self.log_change(request, after, f"{label_of(namespace)}: {was} → {now_is}. Reason: {reason}")
                    messages.success(request, "Saved. It holds for links to come; who is linked stays linked.")
                return redirect(ONE, namespace)
        return self._page(request, namespace, form)

    def _page(
        self, request: HttpRequest, namespace: str, form: LimitForm, *, block_form: BlockForm | None = None
    ) -> TemplateResponse:
        return self.page(
            request,
            "console/limits/page.html",
            title=label_of(namespace),
            namespace=namespace,
            form=form,
            block_form=block_form or BlockForm(),
            versions=limit_list.versions_of(namespace, limits.versions_of(namespace)),
            reason_form=Reason(),
            words=limit_list.shown_of(blocking_values.words_of(namespace)),
        )


def _must_be_known(namespace: str) -> None:
    if namespace not in limits.DEFAULTS:
        raise Http404
