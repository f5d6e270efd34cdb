"""How a source is read: its mapping and its contract, version by version, tried on real rows before they are saved."""

import io
from typing import Any, BinaryIO, cast
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone

from access.roles import EDIT_SOURCES, VIEW_PROFILES, VIEW_SOURCES
from console.asking import actor_of, may
from console.compared import Compared, compared
from console.guards import needs
from console.ids import uuid_in
from console.json_text import IndentedJSON, Typed
from console.screens.files import FileScreen
from console.showing import label_of
from console.telling import sentence
from console.version_list import entries
from pipeline import try_out
from pipeline.dry_run import EXAMPLES
from records import approving, discovered, json_schema, mapping, sources, versions
from records.dictionary import FIELDS
from records.models import BLOCK, DISCOVER, STRICT, ContractVersion, DiscoveredField, MappingVersion, Source
from records.properties import TYPES
from records.readers import NotReadable

MODES = [
    (STRICT, "Strict: fields that are not declared are dropped; the record comes in without them."),
    (DISCOVER, "Discover: they are kept, sealed with the record, and listed here until you declare or ignore them."),
    (BLOCK, "Block: a record that has one goes to quarantine."),
]
SAVED = "Saved as version {version}. It holds for records from now on."
LARGEST = f"The file was not taken: it may have {try_out.LARGEST_FILE / 1_000_000:.1f} MB at most to be tried here."
Big = forms.Textarea({"rows": 18, "class": "o-mono", "spellcheck": "false"})


class MappingForm(forms.Form):
    """A mapping to be tried or saved, and the rows to try it on."""

    mapping = IndentedJSON(
        decoder=Typed, required=False, widget=Big, help_text="Empty: columns are recognized by name."
    )
    file = forms.FileField(
        label="Try it on a file",
        required=False,
        help_text="CSV, JSON lines or Parquet, up to 2.5 MB. It is only read; nothing of it is kept. Without a file it "
        "is tried on what lies in this source's quarantine.",
    )

    def clean_mapping(self) -> dict[str, Any]:
        given = self.cleaned_data["mapping"] or {}
        if wrong := mapping.faults(given):
            raise ValidationError(wrong)
        return dict(given)


class ContractForm(forms.Form):
    """A source's contract."""

    mode = forms.ChoiceField(label="Fields that are not declared", choices=MODES, widget=forms.RadioSelect)
    schema = forms.CharField(
        required=False,
        widget=Big,
        help_text="JSON Schema, draft 2020-12. A record that breaks it goes to quarantine, whatever the mode. "
        "Empty: records are not checked by one.",
    )

    def clean_schema(self) -> str:
        text: str = self.cleaned_data["schema"]
        if not text.strip():
            return ""
        if wrong := json_schema.faults(text):
            raise ValidationError(wrong)
        return json_schema.written(json_schema.parsed(text))


class ReadingScreen(FileScreen):
    """The pages of a source's mapping and contract, below its own."""

    def reading_urls(self) -> list[URLPattern]:
        """Their addresses."""
        guard = self.admin_site.admin_view
        name = "records_source"
        return [
            path("<uuid:id>/mapping/", guard(self.mapping_page), name=f"{name}_mapping"),
            path("<uuid:id>/contract/", guard(self.contract_page), name=f"{name}_contract"),
            path("<uuid:id>/discovered/", guard(self.settle), name=f"{name}_discovered"),
        ]

    @needs(VIEW_SOURCES, methods=("GET", "POST"))
    def mapping_page(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        source = get_object_or_404(Source, pk=id)
        if request.method == "POST":
            return self._act_on_mapping(request, source)
        return self._mapping_page(request, source, MappingForm(initial={"mapping": source.mapping}))

    @needs(EDIT_SOURCES)
    def _act_on_mapping(self, request: HttpRequest, source: Source) -> HttpResponseBase:
        """Put a version back, try what is written, or save it."""
        if "back" in request.POST:
            old = get_object_or_404(MappingVersion, source=source, version=_number(request.POST["back"]))
            return self._save_mapping(request, source, old.mapping)
        form = MappingForm(request.POST, request.FILES)
        if not form.is_valid():
            return self._mapping_page(request, source, form)
        if "save" in request.POST:
            return self._save_mapping(request, source, form.cleaned_data["mapping"])
        if "file" not in request.FILES and request.content_type == "multipart/form-data" and _is_too_large(request):
            form.add_error("file", LARGEST)
            return self._mapping_page(request, source, form)
        try:
            found = compared(self._try(request, source, form.cleaned_data))
        except (try_out.NotTriable, NotReadable) as error:
            form.add_error(None, sentence(str(error)))
            found = None
        return self._mapping_page(request, source, form, found)

    def _try(self, request: HttpRequest, source: Source, given: dict[str, Any]) -> try_out.Comparison:
        candidate = try_out.Candidate(given["mapping"])
        # What masks leave of people is for whoever may look at people.
        examples = EXAMPLES if may(request, VIEW_PROFILES) else 0
        if file := given.get("file"):
            with io.BytesIO(file.read()) as held:
                return try_out.with_file(source, candidate, cast(BinaryIO, held), examples=examples)
        return try_out.with_quarantine(
            source, candidate, actor=actor_of(request), now=timezone.now(), examples=examples
        )

    def _save_mapping(self, request: HttpRequest, source: Source, wanted: dict[str, Any]) -> HttpResponse:
        changed = sources.change(source, by=actor_of(request).id, mapping=wanted)
        if changed.mapping_version == source.mapping_version:
            messages.info(request, "Nothing was changed: this is the mapping as it stands.")
        else:
            messages.success(request, SAVED.format(version=changed.mapping_version))
        return redirect("admin:records_source_mapping", source.pk)

    def _mapping_page(
        self, request: HttpRequest, source: Source, form: MappingForm, found: Compared | None = None
    ) -> HttpResponseBase:
        return self.page(
            request,
            "console/sources/mapping_page.html",
            title=f"Mapping of {source.name}",
            source=source,
            form=form,
            compared=found,
            versions=entries(versions.of_mapping(source)),
            may_edit=may(request, EDIT_SOURCES),
            may_view_people=may(request, VIEW_PROFILES),
            quarantined=source.quarantined.filter(sealed__isnull=False).count(),
        )

    @needs(VIEW_SOURCES, methods=("GET", "POST"))
    def contract_page(self, request: HttpRequest, id: UUID) -> HttpResponseBase:
        source = get_object_or_404(Source, pk=id)
        if request.method == "POST":
            return self._act_on_contract(request, source)
        initial = {"mode": source.contract_mode, "schema": source.contract_schema}
        return self._contract_page(request, source, ContractForm(initial=initial))

    @needs(EDIT_SOURCES)
    def _act_on_contract(self, request: HttpRequest, source: Source) -> HttpResponseBase:
        """Put a version back, or save what is written."""
        if "back" in request.POST:
            old = get_object_or_404(ContractVersion, source=source, version=_number(request.POST["back"]))
            return self._save_contract(request, source, mode=old.mode, schema=old.schema)
        form = ContractForm(request.POST)
        if not form.is_valid():
            return self._contract_page(request, source, form)
        return self._save_contract(request, source, **form.cleaned_data)

    def _save_contract(self, request: HttpRequest, source: Source, *, mode: str, schema: str) -> HttpResponse:
        changed = sources.change(source, by=actor_of(request).id, contract_mode=mode, contract_schema=schema)
        if changed.contract_version == source.contract_version:
            messages.info(request, "Nothing was changed: this is the contract as it stands.")
        else:
            messages.success(request, SAVED.format(version=changed.contract_version))
        return redirect("admin:records_source_contract", source.pk)

    def _contract_page(self, request: HttpRequest, source: Source, form: ContractForm) -> HttpResponseBase:
        found = list(discovered.waiting(source))
        return self.page(
            request,
            "console/sources/contract_page.html",
            title=f"Contract of {source.name}",
            source=source,
            form=form,
            versions=entries(versions.of_contract(source)),
            found=[_waiting(one) for one in found],
            ignored=source.discovered_fields.filter(ignored=True).count(),
            is_full=source.discovered_fields.count() >= discovered.MOST,
            most=discovered.MOST,
            fields=[(name, label_of(name)) for name in FIELDS],
            types=TYPES,
            may_edit=may(request, EDIT_SOURCES),
        )

    @needs(EDIT_SOURCES)
    def settle(self, request: HttpRequest, id: UUID) -> HttpResponse:
        """Declare a discovered field, or ignore it."""
        found = get_object_or_404(DiscoveredField, pk=uuid_in(request.POST.get("field", "")), source=id)
        if "ignore" in request.POST:
            discovered.ignore(found.pk)
            messages.success(request, f"'{found.name}' is ignored: it is no longer listed.")
            return redirect("admin:records_source_contract", id)
        try:
            changed = approving.approve(found, becomes=request.POST.get("becomes", ""), by=actor_of(request).id)
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            messages.success(request, f"'{found.name}' is declared, by mapping version {changed.mapping_version}.")
        return redirect("admin:records_source_contract", id)


def _waiting(one: DiscoveredField) -> dict[str, Any]:
    return {
        "row": one,
        "types": ", ".join(one.types),
        "proposed": approving.proposed_type(one),
        "can_be_declared": discovered.can_be_declared(one.name) and approving.proposed_type(one) != "",
        "is_masked": not discovered.can_be_declared(one.name),
    }


def _is_too_large(request: HttpRequest) -> bool:
    return int(request.META.get("CONTENT_LENGTH") or 0) > try_out.LARGEST_FILE


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
