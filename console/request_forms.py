"""Forms of a request's page."""

from typing import Any

from django import forms

from access.models import User
from access.roles import DECIDE_REQUESTS
from privacy.models import COMPLEXITY, NUMBER
from privacy.papers import LONGEST
from privacy.verification import BY_STAFF, METHOD_NAMES


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
