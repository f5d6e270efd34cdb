"""Was this allowed? The question that a page asks, and its answer as people read it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone

from consent.explanation import Explanation
from consent.models import Act, Notice, Purpose
from console.showing import label_of, short

MOMENT = {"type": "datetime-local", "step": "1"}


class Question(forms.Form):
    """A purpose and channel, an instant, and by what had been recorded until when."""

    purpose = forms.ChoiceField()
    channel = forms.ChoiceField(required=False)
    at = forms.DateTimeField(label="At", required=False, widget=forms.DateTimeInput(MOMENT), help_text="Empty: now.")
    known_at = forms.DateTimeField(
        label="As known at",
        required=False,
        widget=forms.DateTimeInput(MOMENT),
        help_text="Empty: with all that was recorded since.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        purposes = Purpose.objects.order_by("slug")
        channels = sorted({channel for row in purposes for channel in row.channels})
        self.fields["purpose"].choices = [(row.slug, row.name) for row in purposes]  # type: ignore[attr-defined]
        self.fields["channel"].choices = [("", "All channels"), *((one, one) for one in channels)]  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any]:
        """What `consent.explanation.explain` is asked."""
        given = self.cleaned_data
        return {**given, "at": given["at"] or timezone.now()}


@dataclass(frozen=True)
class Entry:
    """An entry of the ledger that counted, the source profile whose it is, and what that had been told."""

    act: Act
    whose: str
    late: bool
    notice: Notice | None


def entries_of(found: Explanation) -> list[Entry]:
    """The entries that counted, oldest first."""
    told = {notice.hash: notice for notice in found.notices}
    return [_entry(act, told.get(act.notice)) for act in found.acts]


def _entry(act: Act, notice: Notice | None) -> Entry:
    late = (act.recorded_at - act.occurred_at).total_seconds() > 60
    return Entry(act, short(act.source_profile_id), late, notice)


def restrictions_of(found: Explanation) -> list[tuple[str, str]]:
    """The restrictions that stood, in words."""
    return [(label_of(kind), short(source_profile)) for source_profile, kind in found.restrictions]
