"""Forms of a purpose's page: its rule, and what people are told."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from consent.models import LEGAL_BASES, Notice, Purpose
from console.showing import label_of

JURISDICTION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
CHANNEL = re.compile(r"[a-z0-9_-]{1,20}")
LOCALE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*\Z"
LONGEST_DAYS = 36_500
WORDING, MATERIAL = "wording", "material"


class Rule(forms.Form):
    """The rule of a purpose, as a privacy officer may change it."""

    name = forms.CharField(max_length=80)
    description = forms.CharField(
        widget=forms.Textarea({"rows": 3}), help_text="What data are used for, in plain words."
    )
    legal_basis = forms.ChoiceField(choices=[(basis, label_of(basis)) for basis in LEGAL_BASES])
    channels = forms.CharField(required=False, help_text="By comma, such as email, sms. Empty: it has no channels.")
    expires_after_days = forms.IntegerField(
        label="Consent holds for (days)",
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        help_text="Empty: until it is withdrawn.",
    )
    expiry_by_jurisdiction = forms.CharField(
        label="Where it differs",
        required=False,
        widget=forms.Textarea({"rows": 3, "class": "o-mono", "placeholder": "FR 180\nUS-CA 365"}),
        help_text="A country or state and its days, one a line.",
    )
    sensitive = forms.BooleanField(label="Uses sensitive data: people may limit it", required=False)
    sale_or_sharing = forms.BooleanField(label="Sells or shares data: people may opt out of it", required=False)
    high_risk = forms.BooleanField(label="High risk: needs an impact assessment (DPIA)", required=False)
    dpia_reference = forms.CharField(
        label="DPIA reference",
        max_length=120,
        required=False,
        help_text="Where the impact assessment is on file. A high-risk purpose is refused without one.",
    )
    active = forms.BooleanField(label="Active: data may be used for it", required=False)

    def clean_channels(self) -> list[str]:
        named = [one.strip() for one in self.cleaned_data["channels"].split(",") if one.strip()]
        for one in named:
            if not CHANNEL.fullmatch(one):
                raise forms.ValidationError("A channel is written in small letters, digits and hyphens.")
        return list(dict.fromkeys(named))

    def clean_expiry_by_jurisdiction(self) -> dict[str, int]:
        found = {}
        for line in filter(None, map(str.strip, self.cleaned_data["expiry_by_jurisdiction"].splitlines())):
            place, _, days = line.replace(":", " ").partition(" ")
            if not JURISDICTION.fullmatch(place) or not days.strip().isdecimal():
                raise forms.ValidationError("Write a country or state and its days, such as FR 180, one a line.")
            if not 1 <= int(days) <= LONGEST_DAYS:
                raise forms.ValidationError(f"Days go from 1 to {LONGEST_DAYS:,}.")
            found[place] = int(days)
        return found


def rule_of(purpose: Purpose) -> dict[str, Any]:
    """What the form of the rule shows at first."""
    shown = {name: getattr(purpose, name) for name in Rule.base_fields}
    differing: Mapping[str, int] = purpose.expiry_by_jurisdiction
    return shown | {
        "channels": ", ".join(purpose.channels),
        "expiry_by_jurisdiction": "\n".join(f"{place} {days}" for place, days in sorted(differing.items())),
    }


class Publish(forms.Form):
    """The next version of what people are told: a text in each language, and whether it changes what they agree to."""

    kind = forms.ChoiceField(
        label="What changes",
        choices=[
            (WORDING, "Wording only: what people agreed to stays the same, and their yes holds."),
            (
                MATERIAL,
                "Material: it changes what people agree to. Every yes given before ends, and they are asked again.",
            ),
        ],
        widget=forms.RadioSelect,
    )
    new_locale = forms.RegexField(
        LOCALE,
        label="Another language",
        max_length=16,
        required=False,
        help_text="Such as de or en-GB; or leave empty.",
    )
    new_text = forms.CharField(label="Its text", required=False, widget=forms.Textarea({"rows": 4}))

    def __init__(self, *args: Any, told: Iterable[Notice], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.told = {f"text_{notice.locale}": notice for notice in told}
        for name, notice in self.told.items():
            widget = forms.Textarea({"rows": 5, "lang": notice.locale})
            self.fields[name] = forms.CharField(label=f"Text in {notice.locale}", initial=notice.text, widget=widget)
        if not self.told:
            self.fields["new_locale"].label, self.fields["new_text"].label = "Language", "Text"
            self.fields["new_locale"].required = self.fields["new_text"].required = True
        self.order_fields([*self.told, "new_locale", "new_text", "kind"])

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        locale = given.get("new_locale")
        if bool(locale) != bool(given.get("new_text")) and "new_locale" not in self.errors:
            self.add_error(
                "new_text" if locale else "new_locale", "A language needs its text, and a text its language."
            )
        if locale in {notice.locale for notice in self.told.values()}:
            self.add_error("new_locale", "There is a text in this language above.")
        return given

    def texts(self) -> dict[str, str]:
        """The text for each language."""
        found = {notice.locale: self.cleaned_data[name] for name, notice in self.told.items()}
        if self.cleaned_data.get("new_locale"):
            found[self.cleaned_data["new_locale"]] = self.cleaned_data["new_text"]
        return found
