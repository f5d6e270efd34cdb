"""Sources: what sends records, how it is read, how far it is believed, and its write key, shown once."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from access.roles import EDIT_SOURCES, VIEW_QUARANTINE, VIEW_SOURCES
from consent.models import Purpose
from console.asking import actor_of, may
from console.charts import parts_of
from console.figures import intake
from console.file_stand import stands
from console.guards import needs
from console.ids import uuid_in
from console.json_text import IndentedJSON, Typed, indented
from console.latest import latest_of
from console.left_out import left_out_of
from console.quality import card_of, standing
from console.screen import badge
from console.screens.dictionary import DictionaryPages
from console.screens.reconciliations import ReconciliationScreen
from console.sending import first_steps, how_to_send, key_hint
from console.showing import in_words, label_of, moment
from console.telling import telling
from identity import device_registry
from records import discovered, mapping, sources, webhook_secrets
from records.models import ONLINE, ROWS, SEGMENT, QualityAlarm, Source

OUTCOMES = ("stored", "duplicate", "quarantined", "refused")
LATEST = 6
SECRET_HINT = (
    "Give it to the sender, which signs with it what it sends. It is not shown again: whoever loses it makes a new "
    "one, and the one before counts for a day."
)
KEPT = "Kept. What is signed with it is taken in; the secret before it, if there was one, counts for a day."
OPEN_ALARMS = (
    QualityAlarm.objects.filter(source=OuterRef("pk"), ended_at=None)
    .values("source")
    .annotate(count=Count("id"))
    .values("count")
)
STABLE_KEYS = [
    ("", "None: every record is on its own"),
    *((key, key.replace("_", " ")) for key in ("account_id", "customer_number", "loyalty_number")),
]


class Settings(forms.Form):
    """What may be changed of a source at any time."""

    stable_key = forms.ChoiceField(
        label="Stable key",
        choices=STABLE_KEYS,
        required=False,
        help_text="The identifier by which this source always knows a person.",
    )
    client_side = forms.BooleanField(
        label="Client-side: the write key is public (browser, mobile app), so identifiers count as unverified",
        required=False,
    )
    purposes = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, help_text="What its records may be kept for. At least one."
    )
    trust_rank = forms.IntegerField(
        label="Trust rank",
        min_value=0,
        max_value=100,
        initial=50,
        help_text="0 to 100; the golden record prefers higher.",
    )
    retention_days = forms.IntegerField(
        label="Retention in days",
        min_value=1,
        max_value=36_500,
        initial=1095,
        help_text="From receipt. 1095 days are three years.",
    )
    records_per_minute = forms.IntegerField(
        label="Most records a minute",
        min_value=1,
        required=False,
        help_text="Over HTTP. Once as many have come, senders are told to wait; the request that reaches the limit is "
        "taken whole. Empty: no limit.",
    )
    region = forms.CharField(
        min_length=2, max_length=2, initial="GB", help_text="Country code for phone numbers without a prefix."
    )
    mapping = IndentedJSON(
        decoder=Typed,
        required=False,
        initial=dict,
        widget=forms.Textarea({"rows": 14, "class": "o-mono", "spellcheck": "false"}),
        help_text="The source's fields to the data dictionary. Empty: columns are recognized by their names.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purposes = Purpose.objects.filter(active=True).order_by("slug")
        self.fields["purposes"].choices = [(row.slug, row.name) for row in purposes]  # type: ignore[attr-defined]

    def clean_mapping(self) -> dict[str, Any]:
        given = self.cleaned_data["mapping"] or {}
        if wrong := mapping.faults(given):
            raise ValidationError(wrong)
        return dict(given)


class NewSource(Settings):
    """A source to be added."""

    name = forms.SlugField(max_length=80, help_text="Letters, digits, hyphens and underscores.")
    kind = forms.ChoiceField(choices=[("online", "Online"), ("offline", "Offline"), ("iot", "IoT")])
    format = forms.ChoiceField(choices=[(SEGMENT, "Segment messages"), (ROWS, "Rows: CSV or JSON objects")])
    field_order = ("name", "kind", "format")


# What `manage.py source` takes by default; the form follows the kind that is chosen.
DEFAULTS = {"kind": ONLINE, "format": sources.FORMATS[ONLINE], "stable_key": sources.STABLE_KEYS[ONLINE]}
BY_KIND = {kind: {"format": sources.FORMATS[kind], "stable_key": sources.STABLE_KEYS[kind]} for kind in sources.KINDS}


class SourceScreen(DictionaryPages, ReconciliationScreen):
    """Systems that send records."""

    may_view = VIEW_SOURCES
    may_add = EDIT_SOURCES
    list_display = (
        "name",
        "kind_badge",
        "state",
        "stable_key_text",
        "trust_rank",
        "stored",
        "quarantined",
        "alarms_now",
        "last_at",
    )
    sortable_by = ()
    intro = "Systems that send records. Each has a write key, shown once when it is made, and its own mapping."
    empty_hint = "Add a source to get its write key; then send its records, or load a file on its page."

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Source]":
        return Source.objects.annotate(
            sum_stored=Sum("intakes__stored"),
            sum_quarantined=Sum("intakes__quarantined"),
            seen_at=Max("intakes__received_at"),
            alarms_open=Subquery(OPEN_ALARMS),
        ).order_by("name")

    @admin.display(description="Kind")
    def kind_badge(self, source: Source) -> SafeString:
        return render_to_string("console/parts/kind.html", {"kind": source.kind})

    @badge("State", {"enabled": "good", "disabled": "bad"})
    def state(self, source: Source) -> str:
        return "enabled" if source.enabled else "disabled"

    @admin.display(description="Stable key")
    def stable_key_text(self, source: Source) -> str:
        return source.stable_key.replace("_", " ") or "–"

    @admin.display(description="Stored")
    def stored(self, source: Any) -> str:
        return f"{source.sum_stored or 0:,}"

    @admin.display(description="Quarantined")
    def quarantined(self, source: Any) -> str:
        return f"{source.sum_quarantined or 0:,}"

    @admin.display(description="Alarms")
    def alarms_now(self, source: Any) -> str:
        return f"{source.alarms_open or 0}"

    @admin.display(description="Last heard of")
    def last_at(self, source: Any) -> str:
        return moment(source.seen_at)

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("<uuid:id>/renew/", guard(self.renew), name="records_source_renew"),
            path("<uuid:id>/webhooks/", guard(self.webhooks), name="records_source_webhooks"),
            path("<uuid:id>/switch/", guard(self.switch), name="records_source_switch"),
            *self.dictionary_urls(),
            *self.file_urls(),
            *self.reading_urls(),
            *self.reconciliation_urls(),
            *super().get_urls(),
        ]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.add_source(request)

    @needs(EDIT_SOURCES, methods=("GET", "POST"))
    def add_source(self, request: HttpRequest) -> HttpResponseBase:
        form = NewSource(request.POST or None, initial={**DEFAULTS, "purposes": ["service"]})
        if request.method == "POST" and form.is_valid():
            try:
                source, key = sources.add(**form.cleaned_data, by=actor_of(request).id)
                return self._key_page(request, source, key)
            except ValidationError as error:
                form.add_error(None, _only_known(error, form))
        return self.page(
            request,
            "console/form_page.html",
            title="Add source",
            form=form,
            submit="Add source",
            by_kind=BY_KIND,
            hint="The write key is shown on the next page, once.",
            aside="console/sources/mapping.html",
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponseBase:
        return self.show(request, object_id)

    @needs(VIEW_SOURCES, methods=("GET", "POST"))
    def show(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        source = get_object_or_404(Source, pk=uuid_in(object_id))
        return (
            self._save(request, source)
            if request.method == "POST"
            else self._page(request, source, _settings_of(source))
        )

    @needs(EDIT_SOURCES)
    def _save(self, request: HttpRequest, source: Source) -> HttpResponseBase:
        form = Settings(request.POST)
        if form.is_valid():
            try:
                sources.change(source, by=actor_of(request).id, **form.cleaned_data)
                messages.success(request, "Saved. It holds for records from now on.")
                return redirect("admin:records_source_change", source.pk)
            except ValidationError as error:
                form.add_error(None, _only_known(error, form))
        return self._page(request, source, form)

    @needs(EDIT_SOURCES)
    def renew(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        source = get_object_or_404(Source, pk=id)
        return self._key_page(request, source, sources.renew_write_key(source))

    @needs(EDIT_SOURCES)
    def webhooks(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        """Keep the sender's secret, make one for it, or end its webhooks."""
        source, now = get_object_or_404(Source, pk=id), timezone.now()
        if "make" in request.POST:
            made = webhook_secrets.make(source, now=now)
            return self.secret_page(
                request, "Webhook secret", of=source.name, secret=made, hint=SECRET_HINT, back=_page_of(source)
            )
        if "end" in request.POST:
            webhook_secrets.forget(source)
            messages.success(request, "Ended: its webhooks are refused.")
            return redirect("admin:records_source_change", id)
        with telling(request, webhook_secrets.BadSecret, done=KEPT):
            webhook_secrets.keep(source, request.POST.get("secret", ""), now=now)
        return redirect("admin:records_source_change", id)

    @needs(EDIT_SOURCES)
    def switch(self, request: HttpRequest, id: UUID) -> HttpResponse:
        source = get_object_or_404(Source, pk=id)
        changed = sources.change(source, by=actor_of(request).id, enabled=not source.enabled)
        messages.success(
            request, "Enabled: its records are taken in." if changed.enabled else "Disabled: its records are refused."
        )
        return redirect("admin:records_source_change", id)

    def _page(self, request: HttpRequest, source: Source, form: forms.Form) -> HttpResponseBase:
        counts = source.intakes.aggregate(**{name: Sum(name) for name in OUTCOMES}, last_at=Max("received_at"))
        last_at = counts.pop("last_at")
        return self.page(
            request,
            "console/sources/page.html",
            title=source.name,
            source=source,
            form=form,
            last_at=last_at,
            left_out=left_out_of(source, {name: counts[name] or 0 for name in OUTCOMES}),
            may_see_quarantine=may(request, VIEW_QUARANTINE),
            first_steps=first_steps(source, may_edit=may(request, EDIT_SOURCES)),
            latest=latest_of(source),
            how_to_send=how_to_send(
                source,
                lambda path: request.build_absolute_uri(path or "/").rstrip("/"),
                may_edit=may(request, EDIT_SOURCES),
            ),
            outcomes=parts_of({name: counts[name] or 0 for name in OUTCOMES}),
            alarms=standing(source),
            quality=card_of(source, today=timezone.localdate()),
            intake=intake(today=timezone.localdate(), source=source)[0],
            kept_for=in_words(source.retention_days),
            stable_key=label_of(source.stable_key) if source.stable_key else "none: each record is on its own",
            purposes=", ".join(label_of(purpose) for purpose in source.purposes),
            mapping=indented(source.mapping) if source.mapping else "",
            source_profiles=source.source_profiles.count(),
            discovered=discovered.waiting(source).count(),
            webhook_address=request.build_absolute_uri(f"/v1/webhooks/{source.name}"),
            devices=device_registry.devices_of(source),
            devices_known=device_registry.count_of(source),
            may_edit=may(request, EDIT_SOURCES),
            files=stands(source.loads.order_by("-started_at")[:LATEST]) if may(request, EDIT_SOURCES) else [],
        )

    def _key_page(self, request: HttpRequest, source: Source, key: str) -> HttpResponseBase:
        hint = key_hint(source, lambda path: request.build_absolute_uri(path or "/").rstrip("/"))
        return self.secret_page(request, "Write key", of=source.name, secret=key, hint=hint, back=_page_of(source))


def _page_of(source: Source) -> str:
    return reverse("admin:records_source_change", args=[source.pk])


def _settings_of(source: Source) -> Settings:
    return Settings(initial={name: getattr(source, name) for name in Settings.base_fields})


def _only_known(error: ValidationError, form: forms.Form) -> Any:
    """Errors of fields that the form has stand there; the others on top."""
    if not hasattr(error, "error_dict"):
        return error
    return {name if name in form.fields else "__all__": errors for name, errors in error.error_dict.items()}
