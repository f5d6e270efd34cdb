"""The form of rules on trial, and how rules and what changed in them are said."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms

from console.actors import names_of
from console.forms import Reason
from identity.matching import log_odds
from identity.models import DryRun, MatchModel, RuleVersion
from identity.rules import LEAST_LINK, LEAST_REVIEW, MOST_LINK, Thresholds

DELIVERED = "as delivered"
MOST_MODELS = 20


class Try(forms.Form):
    """Rules to be tried; percentages, since people think in them."""

    model = forms.ChoiceField(label="Match model", required=False)
    link = forms.FloatField(
        label="Join by itself from, in percent",
        min_value=LEAST_LINK * 100,
        max_value=MOST_LINK * 100,
        widget=forms.NumberInput({"step": "any"}),
        help_text="How sure it has to be that two are one person. Higher joins less.",
    )
    review = forms.FloatField(
        label="Let a person look from, in percent",
        min_value=LEAST_REVIEW * 100,
        max_value=MOST_LINK * 100,
        widget=forms.NumberInput({"step": "any"}),
        help_text="Pairs between this and the above go to the review queue.",
    )
    same_email = forms.BooleanField(label="The same e-mail address joins, where nothing contradicts", required=False)
    same_device = forms.BooleanField(label="The only account of a device takes its unnamed visits", required=False)
    learns = forms.BooleanField(label="The weekly learning may put a newer model in force", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        models = MatchModel.objects.order_by("-learned_at")[:MOST_MODELS]
        named = [(str(one.pk), f"{one.version}, from {one.learned_on:,}") for one in models]
        self.fields["model"].choices = [("", DELIVERED.capitalize()), *named]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not self.errors and said["review"] >= said["link"]:
            self.add_error("review", "Less than what joins by itself.")
        return said

    def chosen(self) -> tuple[MatchModel | None, Thresholds]:
        """The model and the thresholds that were asked for."""
        said = self.cleaned_data
        model = MatchModel.objects.get(pk=said["model"]) if said["model"] else None
        return model, Thresholds(
            round(said["link"] / 100, 6), round(said["review"] / 100, 6),
            said["same_email"], said["same_device"], said["learns"],
        )  # fmt: skip


class PutInForce(Reason):
    """Why rules are put in force, and whether all are asked anew who they are."""

    ask_anew = forms.BooleanField(label="Ask everybody anew, so that the merges follow now", required=False)
    field_order = ("reason", "ask_anew")


def initial_of(row: RuleVersion | DryRun | None) -> dict[str, Any]:
    """What the form begins with: what is in force."""
    active = MatchModel.objects.filter(active=True).first()
    thresholds = row or Thresholds()
    return {
        "model": str(active.pk) if active else "",
        "link": percent(thresholds.link),
        "review": percent(thresholds.review),
        "same_email": thresholds.same_email,
        "same_device": thresholds.same_device,
        "learns": thresholds.learns,
    }


def percent(probability: float) -> float:
    """A probability in percent, without rounding dust."""
    return round(probability * 100, 4)


def facts_of(rules: RuleVersion | DryRun | Thresholds, model: MatchModel | None) -> list[tuple[str, str]]:
    """The rules as facts."""
    return [
        ("Match model", model.version if model else DELIVERED),
        ("Answers", _answers(rules.link, model)),
        ("Join from", f"{percent(rules.link):g}%"),
        ("Review from", f"{percent(rules.review):g}%"),
        ("Same e-mail", "joins" if rules.same_email else "is compared"),
        ("Same device", "joins" if rules.same_device else "is left alone"),
        ("Weekly learning", "may replace the model" if rules.learns else "leaves the model"),
    ]


def _answers(link: float, model: MatchModel | None) -> str:
    """How many answers from the review queue the model has taken in, and what they changed."""
    told = model.parameters.get("answers") if model else None
    if not told or not told["decisions"]:
        return "none taken in"
    before = 1 / (1 + 2 ** (told["shift"] - log_odds(link)))
    said = f"{told['decisions']:,} taken in, {told['yes']:,} of them yes: {told['shift']:+.2f} bits"
    return f"{said}, so {percent(link):g}% is what {100 * before:.2f}% would be without"


@dataclass(frozen=True)
class Version:
    """One version in the list: who, when, why, and what it changed."""

    id: UUID
    number: int
    who: str
    at: datetime
    reason: str
    changes: list[tuple[str, str, str]]
    is_last: bool


def versions_of(rows: Iterable[RuleVersion]) -> list[Version]:
    """The versions, the latest first; the first differs from what Onym comes with."""
    ordered = sorted(rows, key=lambda row: row.number)
    names = names_of(row.saved_by for row in ordered)
    before, found = dict(facts_of(Thresholds(), None)), []
    for row in ordered:
        facts = dict(facts_of(row, row.model))
        changes = [(name, before[name], facts[name]) for name in facts if facts[name] != before[name]]
        who = names.get(row.saved_by, row.saved_by)
        found.append(Version(row.pk, row.number, who, row.saved_at, row.reason, changes, row is ordered[-1]))
        before = facts
    return found[::-1]
