"""Who is told of alarms, by mail or by a signed webhook, of one source or of all; and how that goes."""

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

from access.roles import EDIT_SOURCES, VIEW_SOURCES
from console.asking import may
from console.guards import needs
from console.screen import Screen, badge
from console.showing import moment
from outbox import alarm_listeners, alarm_notices, webhooks
from outbox.models import FAILED, SENT, WAITING, AlarmListener, AlarmNotice
from records.models import Source

LATEST = 30
ALL = "all sources"
OF_MAIL = forms.EmailField(label="E-mail", required=False, max_length=254)
OF_WEBHOOK = forms.CharField(
    label="Webhook",
    required=False,
    max_length=500,
    widget=forms.URLInput({"placeholder": "https://chat.example/hooks/onym"}),
    help_text="Where signed messages are posted, https.",
)


class Settings(forms.Form):
    """What may be changed of a listener: its address, and of which sources it is told."""

    email, url = OF_MAIL, OF_WEBHOOK
    source_id = forms.TypedChoiceField(label="Told of", required=False, coerce=UUID, empty_value=None)

    def __init__(self, *args: Any, listener: AlarmListener | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = [(str(id), name) for id, name in Source.objects.order_by("name").values_list("id", "name")]
        self.fields["source_id"].choices = [("", "All sources"), *names]  # type: ignore[attr-defined]
        if listener:
            del self.fields["url" if listener.email else "email"]


class NewListener(Settings):
    """A listener to be added."""

    name = forms.SlugField(max_length=80, help_text="Letters, digits, hyphens and underscores. It stays.")
    field_order = ("name", "email", "url", "source_id")


class AlarmListenerScreen(Screen):
    """People and systems that are told when an alarm begins and when it ends."""

    may_view = VIEW_SOURCES
    may_add = EDIT_SOURCES
    heading = "Alarm messages"
    list_display = ("name", "state", "address", "told_of", "sent", "waiting", "failed", "last_at")
    sortable_by = ()
    intro = "Who is told when an alarm about a source begins and when it ends: by mail, or by a signed webhook."
    empty_hint = "Add an e-mail address or a webhook; until then alarms stand on the overview alone."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[AlarmListener]":
        counts = {state: Count("notices", filter=Q(notices__state=state)) for state in (WAITING, SENT, FAILED)}
        return AlarmListener.objects.annotate(
            last_sent_at=Max("notices__sent_at"), **{f"count_{state}": count for state, count in counts.items()}
        ).order_by("name")

    def prepare(self, rows: list[Any], request: HttpRequest) -> None:
        names = dict(Source.objects.filter(pk__in=[row.source_id for row in rows]).values_list("id", "name"))
        for row in rows:
            row.source_name = names.get(row.source_id, "a source that is gone") if row.source_id else ALL

    @badge("State", {"enabled": "good", "disabled": "bad"})
    def state(self, one: AlarmListener) -> str:
        return "enabled" if one.enabled else "disabled"

    @admin.display(description="Address")
    def address(self, one: AlarmListener) -> str:
        return one.email or one.url

    @admin.display(description="Told of")
    def told_of(self, one: Any) -> str:
        return str(one.source_name)

    @admin.display(description="Sent")
    def sent(self, one: Any) -> str:
        return f"{one.count_sent:,}"

    @admin.display(description="Waiting")
    def waiting(self, one: Any) -> str:
        return f"{one.count_waiting:,}"

    @admin.display(description="Failed")
    def failed(self, one: Any) -> str:
        return f"{one.count_failed:,}"

    @admin.display(description="Last message")
    def last_at(self, one: Any) -> str:
        return moment(one.last_sent_at)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        name = "outbox_alarmlistener"
        return [
            path("<uuid:id>/exchange/", guard(self.exchange), name=f"{name}_exchange"),
            path("<uuid:id>/switch/", guard(self.switch), name=f"{name}_switch"),
            path("<uuid:id>/remove/", guard(self.remove), name=f"{name}_remove"),
            path("notice/<uuid:id>/again/", guard(self.again), name=f"{name}_again"),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.add_listener(request)

    @needs(EDIT_SOURCES, methods=("GET", "POST"))
    def add_listener(self, request: HttpRequest) -> HttpResponseBase:
        form = NewListener(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                one, secret = alarm_listeners.add(**form.cleaned_data, now=timezone.now())
            except ValidationError as error:
                form.add_error(None, error)
            else:
                if secret:
                    return self._secret_page(request, one, secret)
                messages.success(request, "Added. It is told of alarms that begin and end from now on.")
                return _to(one.pk)
        hint = (
            "Give an e-mail address, or the address of a webhook; its signing secret is shown on the next page, once."
        )
        return self.page(
            request, "console/form_page.html", title="Add alarm listener", form=form, submit="Add listener", hint=hint
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(VIEW_SOURCES, methods=("GET", "POST"))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        found = self.get_object(request, object_id)
        if found is None:
            return redirect("admin:outbox_alarmlistener_changelist")
        if request.method == "POST":
            return self._save(request, found)
        initial = {"email": found.email, "url": found.url, "source_id": found.source_id or ""}
        return self._page(request, found, Settings(initial=initial, listener=found))

    @needs(EDIT_SOURCES)
    def _save(self, request: HttpRequest, one: AlarmListener) -> HttpResponseBase:
        form = Settings(request.POST, listener=one)
        if form.is_valid():
            try:
                alarm_listeners.change(one, **form.cleaned_data)
                messages.success(request, "Saved. It holds for messages from now on.")
                return _to(one.pk)
            except ValidationError as error:
                form.add_error(None, error)
        return self._page(request, one, form)

    @needs(EDIT_SOURCES)
    def exchange(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        one = get_object_or_404(AlarmListener.objects.exclude(url=""), pk=id)
        return self._secret_page(request, one, alarm_listeners.exchange_secret(one, now=timezone.now()))

    @needs(EDIT_SOURCES)
    def switch(self, request: HttpRequest, id: UUID) -> HttpResponse:
        one = get_object_or_404(AlarmListener, pk=id)
        enabled = alarm_listeners.change(one, enabled=not one.enabled).enabled
        said = (
            "Enabled: it is told from now on, and of what still waited." if enabled else "Disabled: it is told nothing."
        )
        messages.success(request, said)
        return _to(id)

    @needs(EDIT_SOURCES)
    def remove(self, request: HttpRequest, id: UUID) -> HttpResponse:
        alarm_listeners.remove(get_object_or_404(AlarmListener, pk=id))
        messages.success(request, "Removed, with its address and what it was told.")
        return redirect("admin:outbox_alarmlistener_changelist")

    @needs(EDIT_SOURCES)
    def again(self, request: HttpRequest, id: UUID) -> HttpResponse:
        one = get_object_or_404(AlarmNotice, pk=id)
        if alarm_notices.send_again(one.pk, now=timezone.now()):
            messages.success(request, "It is sent again within moments.")
        else:
            messages.error(request, "This message was sent; there is nothing to send again.")
        return _to(one.listener_id)

    def _page(self, request: HttpRequest, one: AlarmListener, form: forms.Form) -> TemplateResponse:
        source = Source.objects.filter(pk=one.source_id).first() if one.source_id else None
        return self.page(
            request,
            "console/alarm_listeners/page.html",
            title=one.name,
            one=one,
            form=form,
            told_of=source.name if source else "a source that is gone" if one.source_id else ALL,
            latest=one.notices.order_by("-id")[:LATEST],
            overlap=one.old_secret_until and one.old_secret_until > timezone.now(),
            public_key=webhooks.public_key() if one.url else "",
            may_edit=may(request, EDIT_SOURCES),
        )

    def _secret_page(self, request: HttpRequest, one: AlarmListener, secret: str) -> TemplateResponse:
        return self.secret_page(
            request,
            "Signing secret",
            of=one.name,
            secret=secret,
            hint="With it the listener checks messages as Standard Webhooks 1.0 says. It is shown this once. A secret "
            "that it replaces signs along for a day.",
            back=reverse("admin:outbox_alarmlistener_change", args=[one.pk]),
        )


def _to(id: UUID) -> HttpResponse:
    return redirect("admin:outbox_alarmlistener_change", id)
