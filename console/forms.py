"""Forms of the pages: what a person types, checked before any room is asked."""

from collections.abc import Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django import forms

from consent.models import CONSENT, GRANTED, LEGAL_OBLIGATION, WITHDRAWN, Purpose
from console.showing import label_of
from console.telling import sentence
from identity.makeup import CHANGED_MEANWHILE, makeup_of
from identity.profiles import NotOneProfile, called, where_now
from records.dictionary import FIELDS
from records.rectifying import RECTIFIABLE
from vault.reasons import names_somebody

REASON_AT_MOST = 180
HOW = (("phone", "On the phone"), ("e-mail", "By e-mail"), ("letter", "By letter"), ("in person", "In person"))
WRITTEN = {
    "birth_date": "YYYY-MM-DD",
    "country": "Two letters, such as GB.",
    "phone": "With the country's code, such as +44 …",
}
NAMESPACES = [(name, label_of(name)) for name, field in FIELDS.items() if field.identifier]


class LookUp(forms.Form):
    """Who bears this identifier? Sent by POST, so that it stands in no address and no log."""

    namespace = forms.ChoiceField(label="Identifier", choices=NAMESPACES)
    value = forms.CharField(
        label="Value",
        max_length=200,
        widget=forms.TextInput(
            {"autocomplete": "off", "spellcheck": "false", "placeholder": "as the person writes it"}
        ),
    )


class Reason(forms.Form):
    """Why somebody does this. It is kept in the ledger or the audit log, so it must name nobody."""

    reason = forms.CharField(
        max_length=REASON_AT_MOST,
        min_length=4,
        help_text="Kept for the record. Name a case or ticket, not the person.",
        widget=forms.TextInput({"placeholder": "e.g. ticket 4711", "autocomplete": "off"}),
    )

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"])
        if names_somebody(reason):
            raise forms.ValidationError("It stays on record for years: name a case, no e-mail address or phone number.")
        return reason


class SetValue(Reason):
    """The value of one field that is to count: one that is there, or one as people write it; and why."""

    chosen = forms.UUIDField(required=False)
    text = forms.CharField(
        label="Another value",
        required=False,
        max_length=500,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
        help_text="As the person writes it. It is read as at the door.",
    )
    field_order = ("chosen", "text", "reason")

    def clean(self) -> dict[str, object]:
        said: dict[str, object] = super().clean() or {}
        if bool(said.get("chosen")) == bool(said.get("text")) and not self.errors:
            raise forms.ValidationError("Choose a value that is there, or write another one; one of the two.")
        return said


class Mended(Reason):
    """A record from the quarantine as somebody wrote it anew."""

    record = forms.CharField(
        max_length=200_000,
        strip=False,
        help_text="A JSON object. It is read as its source is now, and consent is asked as for every record.",
        widget=forms.Textarea({"rows": 22, "class": "o-mono", "spellcheck": "false", "autocomplete": "off"}),
    )
    field_order = ("record", "reason")


class Verdict(Reason):
    """What an officer thinks of an emergency reveal."""

    justified = forms.ChoiceField(label="Verdict", choices=[("yes", "Justified"), ("no", "Not justified")])
    field_order = ("justified", "reason")


class OtherProfile(forms.Form):
    """Another profile than this one, that somebody has now."""

    other = forms.CharField(
        max_length=40,
        label="Id of the other profile",
        help_text="It stands on the other profile's page; its last eight signs stand in lists.",
        widget=forms.TextInput(
            {"placeholder": "whole, or its last eight signs", "autocomplete": "off", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, than: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.than = than

    def clean_other(self) -> UUID:
        """The id, whichever way it was given; of one that was merged since, the profile that goes on with it."""
        try:
            asked = called(self.cleaned_data["other"])
        except NotOneProfile as error:
            raise forms.ValidationError(sentence(str(error))) from None
        if asked == self.than:
            raise forms.ValidationError("That is this very profile. Give the id of the other one.")
        found = where_now(asked)
        if found is None:
            raise forms.ValidationError("There is no such profile, or it has been erased.")
        if found == self.than:
            raise forms.ValidationError("That profile was merged into this one already.")
        return found


class MergeWith(Reason):
    """Another profile that is the same person, as it was shown beside this one, and why."""

    other = forms.UUIDField(widget=forms.HiddenInput)
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, than: UUID, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.than = than

    def clean(self) -> dict[str, object]:
        """Says whether either has changed also where the reason is missing: both are shown anew then."""
        said: dict[str, Any] = super().clean() or {}
        if "other" in said and makeup_of([self.than, said["other"]]) != said.get("seen"):
            raise forms.ValidationError(sentence(CHANGED_MEANWHILE))
        return said


class PutHold(Reason):
    """A legal hold on a person."""

    reference = forms.CharField(
        max_length=80,
        help_text="The court's or the claim's.",
        widget=forms.TextInput({"placeholder": "e.g. 12 O 345/26"}),
    )
    until = forms.DateTimeField(
        label="Until",
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text="Empty: until somebody lifts it.",
    )
    field_order = ("reference", "until", "reason")


class PutRight(forms.Form):
    """What is right of a person, field by field of the data dictionary. What stays empty is left as it is."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in RECTIFIABLE:
            widget = forms.TextInput({"autocomplete": "off", "spellcheck": "false"})
            self.fields[name] = forms.CharField(
                label=label_of(name), required=False, max_length=500, widget=widget, help_text=WRITTEN.get(name, "")
            )

    def corrections(self) -> dict[str, str]:
        """The values that were filled in."""
        return {name: value for name, value in self.cleaned_data.items() if value}


class Say(forms.Form):
    """What a person said of one purpose."""

    purpose = forms.ChoiceField()
    channel = forms.ChoiceField(required=False)
    state = forms.ChoiceField(
        label="They", choices=[(WITHDRAWN, "withdraw or refuse"), (GRANTED, "agree")], initial=WITHDRAWN
    )
    how = forms.ChoiceField(label="How they said so", choices=HOW)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.purposes = {row.slug: row for row in _purposes()}
        self.fields["purpose"].choices = [(slug, row.name) for slug, row in self.purposes.items()]  # type: ignore[attr-defined]
        self.fields["channel"].choices = [("", "All channels"), *_named(self.purposes.values())]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, str]:
        said: dict[str, str] = super().clean() or {}
        purpose = self.purposes.get(said.get("purpose", ""))
        if purpose and said.get("channel") and said["channel"] not in purpose.channels:
            known = ", ".join(purpose.channels) or "none"
            self.add_error("channel", f"{purpose.name} has no such channel; it has: {known}.")
        return said


def _purposes() -> list[Purpose]:
    """What people can say something of; what rests on consent first."""
    found = Purpose.objects.filter(active=True).exclude(legal_basis=LEGAL_OBLIGATION)
    return sorted(found, key=lambda row: (row.legal_basis != CONSENT, row.slug))


def _named(purposes: Iterable[Purpose]) -> list[tuple[str, str]]:
    channels = sorted({channel for purpose in purposes for channel in purpose.channels})
    return [(channel, channel) for channel in channels]


def first_error(form: forms.Form) -> str:
    """The first thing that is wrong, with the name of its field."""
    for name, errors in form.errors.items():
        label = form.fields[name].label or label_of(name) if name in form.fields else ""
        return f"{label}: {errors[0]}" if label else str(errors[0])
    return ""


def ids_of(texts: Iterable[str]) -> set[UUID]:
    """The ids among what was ticked; anything else is left out."""
    found = set()
    for text in texts:
        with suppress(ValueError):
            found.add(UUID(text))
    return found
