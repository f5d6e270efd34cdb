"""Recipients: who is told of changes, how it goes, and who still has to confirm that they erased somebody."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from access.roles import DECIDE_REQUESTS, EDIT_RECIPIENTS, VIEW_RECIPIENTS
from consent.models import Purpose
from console.asking import actor_of, may
from console.charts import parts_of
from console.forms import Reason, first_error
from console.guards import needs
from console.screen import Screen, badge
from console.showing import moment
from outbox import deliveries, recipients, webhooks
from outbox.models import ACKNOWLEDGED, ERASE, FAILED, SENT, STATES, WAITING, Delivery, Recipient

SHOWN = 50
UNFINISHED = (WAITING, SENT, FAILED)


class Settings(forms.Form):
    """What may be changed of a recipient at any time."""

    url = forms.CharField(
        label="Address",
        max_length=500,
        required=False,
        help_text="Where signed messages are posted, https. Empty: handed over by hand, such as a file.",
        widget=forms.URLInput({"placeholder": "https://mailer.example/hooks/onym"}),
    )
    purposes = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple,
        help_text="What it is told for. Consent is asked again before every message.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        active = Purpose.objects.filter(active=True).order_by("slug")
        self.fields["purposes"].choices = [(row.slug, row.name) for row in active]  # type: ignore[attr-defined]


class NewRecipient(Settings):
    """A recipient to be added."""

    name = forms.SlugField(max_length=80, help_text="Letters, digits, hyphens and underscores. It stays.")
    field_order = ("name", "url", "purposes")


class RecipientScreen(Screen):
    """Organizations and systems that are told of changes to people."""

    may_view = VIEW_RECIPIENTS
    may_add = EDIT_RECIPIENTS
    list_display = ("name", "state", "purpose_list", "confirmed", "open", "failed", "to_erase", "last_at")
    sortable_by = ()
    intro = "Who is told of changes to people, in signed messages and under pseudonyms of their own."
    empty_hint = "Add a recipient to tell another system of merges and segments; an erasure then reaches it as well."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Recipient]":
        counts = {state: Count("deliveries", filter=Q(deliveries__state=state)) for state in STATES}
        erasures = Q(deliveries__kind=ERASE) & ~Q(deliveries__state=ACKNOWLEDGED)
        return Recipient.objects.annotate(
            sent_at=Max("deliveries__sent_at"),
            erasures=Count("deliveries", filter=erasures),
            **{f"count_{state}": count for state, count in counts.items()},
        ).order_by("name")

    @badge("State", {"enabled": "good", "disabled": "bad"})
    def state(self, one: Recipient) -> str:
        return "enabled" if one.enabled else "disabled"

    @admin.display(description="Purposes")
    def purpose_list(self, one: Recipient) -> str:
        return ", ".join(one.purposes)

    @admin.display(description="Confirmed")
    def confirmed(self, one: Any) -> str:
        return f"{one.count_acknowledged:,}"

    @admin.display(description="Waiting")
    def open(self, one: Any) -> str:
        return f"{one.count_waiting + one.count_sent:,}"

    @admin.display(description="Failed")
    def failed(self, one: Any) -> str:
        return f"{one.count_failed:,}"

    @admin.display(description="Erasures to confirm")
    def to_erase(self, one: Any) -> str:
        return f"{one.erasures:,}"

    @admin.display(description="Last message")
    def last_at(self, one: Any) -> str:
        return moment(one.sent_at)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:id>/exchange/", guard(self.exchange), name="outbox_recipient_exchange"),
            path("<uuid:id>/switch/", guard(self.switch), name="outbox_recipient_switch"),
            path("delivery/<uuid:id>/again/", guard(self.again), name="outbox_recipient_again"),
            path("delivery/<uuid:id>/confirm/", guard(self.confirm), name="outbox_recipient_confirm"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.add_recipient(request)

    @needs(EDIT_RECIPIENTS, methods=("GET", "POST"))
    def add_recipient(self, request: HttpRequest) -> HttpResponseBase:
        form = NewRecipient(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                recipient, secret = recipients.add(**form.cleaned_data, now=timezone.now())
                return self._secret_page(request, recipient, secret)
            except ValidationError as error:
                form.add_error(None, error)
        hint = "The secret that signs its messages is shown on the next page, once."
        return self.page(
            request, "console/form_page.html", title="Add recipient", form=form, submit="Add recipient", hint=hint
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(VIEW_RECIPIENTS, methods=("GET", "POST"))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        found = self.get_object(request, object_id)
        if found is None:
            return redirect("admin:outbox_recipient_changelist")
        if request.method == "POST":
            return self._save(request, found)
        return self._page(request, found, Settings(initial={"url": found.url, "purposes": found.purposes}))

    @needs(EDIT_RECIPIENTS)
    def _save(self, request: HttpRequest, one: Recipient) -> HttpResponseBase:
        form = Settings(request.POST)
        if form.is_valid():
            try:
                recipients.change(one, **form.cleaned_data)
                messages.success(request, "Saved. It holds for messages from now on.")
                return _to(one.pk)
            except ValidationError as error:
                form.add_error(None, error)
        return self._page(request, one, form)

    @needs(EDIT_RECIPIENTS)
    def exchange(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        one = get_object_or_404(Recipient, pk=id)
        return self._secret_page(request, one, recipients.exchange_secret(one, now=timezone.now()))

    @needs(EDIT_RECIPIENTS)
    def switch(self, request: HttpRequest, id: UUID) -> HttpResponse:
        one = get_object_or_404(Recipient, pk=id)
        enabled = recipients.change(one, enabled=not one.enabled).enabled
        messages.success(
            request,
            "Enabled: it is told of what happens from now on."
            if enabled
            else "Disabled: it is told of nothing more, and still asked to erase.",
        )
        return _to(id)

    @needs(EDIT_RECIPIENTS)
    def again(self, request: HttpRequest, id: UUID) -> HttpResponse:
        one = get_object_or_404(Delivery, pk=id)
        if deliveries.send_again(one.pk, now=timezone.now()):
            messages.success(request, "It is sent again within moments.")
        else:
            messages.error(request, "This delivery is finished; there is nothing to send again.")
        return _to(one.recipient_id)

    @needs(DECIDE_REQUESTS)
    def confirm(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """The recipient said by letter or phone that it has erased the person."""
        one, form = get_object_or_404(Delivery, pk=id, kind=ERASE), Reason(request.POST)
        if not form.is_valid():
            messages.error(request, first_error(form))
            return _to(one.recipient_id)
        by = f"{actor_of(request).id}: {form.cleaned_data['reason']}"[:80]
        if deliveries.acknowledge(one.pk, by=by, now=timezone.now()):
            messages.success(request, "Noted: this recipient has confirmed the erasure.")
        else:
            messages.error(request, "This erasure was confirmed already.")
        return _to(one.recipient_id)

    def _page(self, request: HttpRequest, one: Recipient, form: forms.Form) -> TemplateResponse:
        mine = Delivery.objects.filter(recipient=one)
        counts = dict(mine.values_list("state").annotate(count=Count("id")))
        return self.page(
            request,
            "console/recipients/page.html",
            title=one.name,
            one=one,
            form=form,
            outcomes=parts_of({state: counts.get(state, 0) for state in STATES}),
            last_at=mine.aggregate(last=Max("sent_at"))["last"],
            erasures=mine.filter(kind=ERASE).exclude(state=ACKNOWLEDGED).order_by("happened_at")[:SHOWN],
            troubled=mine.filter(state__in=UNFINISHED, attempts__gt=0).exclude(kind=ERASE).order_by("-sent_at")[:SHOWN],
            latest=mine.filter(attempts__gt=0).order_by("-sent_at", "-id")[:20],
            overlap=one.old_secret_until and one.old_secret_until > timezone.now(),
            public_key=webhooks.public_key(),
            reason=Reason(),
            may_edit=may(request, EDIT_RECIPIENTS),
            may_decide=may(request, DECIDE_REQUESTS),
        )

    def _secret_page(self, request: HttpRequest, one: Recipient, secret: str) -> TemplateResponse:
        return self.secret_page(
            request,
            "Signing secret",
            of=one.name,
            secret=secret,
            hint="With it the recipient checks messages as Standard Webhooks 1.0 says. It is shown this once. A secret "
            "that it replaces signs along for a day.",
            back=reverse("admin:outbox_recipient_change", args=[one.pk]),
        )


def _to(id: UUID) -> HttpResponse:
    return redirect("admin:outbox_recipient_change", id)
