"""Forms of a request's page."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from access.models import User
from access.roles import DECIDE_REQUESTS
from privacy.clocks import CLOCKS, GDPR
from privacy.models import (
    ACCESS,
    COMPLEXITY,
    DATA_POINTS,
    DOCUMENTS,
    ERASURE,
    HUMAN_REVIEW,
    NUMBER,
    OBJECTION,
    OPT_OUT,
    PORTABILITY,
    RECTIFICATION,
    RESTRICTION,
    VOUCHED,
)
from privacy.papers import LONGEST
from privacy.verification import BY_STAFF, METHOD_NAMES

# What each kind is, for whoever opens it.
KINDS_IN_WORDS = {
    ACCESS: ("Access", "A copy of everything that is held, with purposes, recipients, sources and who looked at it."),
    PORTABILITY: ("Portability", "Their data as files that other services can read."),
    RECTIFICATION: ("Rectification", "Something is wrong or missing: put it right everywhere, recipients included."),
    ERASURE: ("Erasure", "Everything deleted and provably gone. A second person approves it."),
    RESTRICTION: ("Restriction", "Keep the data, and use them for nothing until this is settled."),
    OBJECTION: ("Objection", "No more marketing, and no more profiles for it."),
    HUMAN_REVIEW: ("Human review", "Somebody looks again at what a segment decided about them."),
    OPT_OUT: ("Opt-out", "Data neither sold nor shared, under the laws of US states."),
}


class NewRequest(forms.Form):
    """What a person asks for, since when, by which law it is due, and how it is known who asks."""

    kind = forms.ChoiceField(
        label="What is asked for",
        choices=[(kind, KINDS_IN_WORDS[kind][0]) for kind in KINDS_IN_WORDS],
        widget=forms.RadioSelect,
    )
    received_on = forms.DateField(
        label="Received on",
        required=False,
        widget=forms.DateInput({"type": "date"}),
        help_text="The day it reached anybody here; the clock runs from it. Empty: today.",
    )
    regulation = forms.ChoiceField(
        label="By which law",
        choices=[(slug, f"{clock.name}: answer within {clock.answer}") for slug, clock in CLOCKS.items()],
        initial=GDPR,
    )
    verification = forms.ChoiceField(
        label="How you know who asks",
        required=False,
        choices=[
            ("", "Not checked yet: later, on the request's page"),
            (DATA_POINTS, METHOD_NAMES[DATA_POINTS]),
            (DOCUMENTS, METHOD_NAMES[DOCUMENTS]),
            (VOUCHED, "I know the person and vouch for them"),
        ],
        help_text="Keep no copy of a document: seeing it is enough.",
    )

    def clean_received_on(self) -> date | None:
        day: date | None = self.cleaned_data["received_on"]
        if day and day > timezone.localdate():
            raise forms.ValidationError("That day lies ahead; a request is received today or earlier.")
        return day


class Verify(forms.Form):
    """How somebody made sure that it is the person."""

    method = forms.ChoiceField(label="How you know", choices=[(one, METHOD_NAMES[one]) for one in BY_STAFF])


class Assign(forms.Form):
    """Who sees to it."""

    to = forms.ChoiceField(label="Who sees to it", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        deciders = [
            user for user in User.objects.filter(is_active=True).order_by("username") if user.may(DECIDE_REQUESTS)
        ]
        choices = [("", "Nobody"), *((str(user.pk), user.username) for user in deciders)]
        self.fields["to"].choices = choices  # type: ignore[attr-defined]


class Write(forms.Form):
    """Free text, kept sealed."""

    text = forms.CharField(label="Text", max_length=LONGEST, widget=forms.Textarea({"rows": 11}))


class Comment(forms.Form):
    """What the team should know."""

    text = forms.CharField(
        label="Comment",
        max_length=LONGEST,
        widget=forms.Textarea({"rows": 3, "placeholder": "For the team. Sealed, and gone with the request."}),
    )


class Extend(Write):
    """Why the answer takes longer, and what the person is written."""

    ground = forms.ChoiceField(
        label="Ground", choices=[(COMPLEXITY, "The request is complex"), (NUMBER, "There are many requests")]
    )
    field_order = ("ground", "text")
