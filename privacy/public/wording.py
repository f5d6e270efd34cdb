"""What the public pages call things, in the visitor's language."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.models import (
    ACCESS,
    ERASURE,
    HUMAN_REVIEW,
    OBJECTION,
    OPT_OUT,
    PORTABILITY,
    PREFERENCES,
    RECTIFICATION,
    RESTRICTION,
)

# What can be asked for, in the order of the form: its name, and a sentence in plain words.
CHOICES: dict[str, tuple[str | Promise, str | Promise]] = {
    PREFERENCES: (_("Change my choices"), _("See what you agreed to, and change it yourself.")),
    ACCESS: (_("A copy of my data"), _("Everything that we hold about you, and what we do with it.")),
    PORTABILITY: (_("My data to take elsewhere"), _("The same as files that other services can read.")),
    RECTIFICATION: (_("Correct my data"), _("Something is wrong, or missing.")),
    ERASURE: (_("Delete my data"), _("All of it, except what the law makes us keep.")),
    RESTRICTION: (_("Stop using my data for now"), _("We keep it and do not use it until this is settled.")),
    OBJECTION: (_("Object"), _("No more marketing, and no more profiles for it.")),
    HUMAN_REVIEW: (_("A human decision"), _("Somebody looks again at what a program decided about you.")),
    OPT_OUT: (_("Do not sell or share my data"), _("Your right under US state laws.")),
}
STATES: dict[str, str | Promise] = {
    "open": _("We have received it and are looking into it."),
    "approved": _("We are working on it."),
    "in_progress": _("We are working on it."),
    "completed": _("It is done."),
    "rejected": _("We could not do it."),
    "called_back": _("You called it back."),
}
CHANNELS: dict[str, str | Promise] = {
    "email": _("by e-mail"),
    "sms": _("by text message"),
    "push": _("by notifications of our app"),
    "post": _("by post"),
    "phone": _("by phone"),
}


def kind_name(kind: str) -> str:
    """What the form calls this kind of request."""
    return str(CHOICES[kind][0]) if kind in CHOICES else kind.replace("_", " ")


def channel_name(channel: str) -> str:
    return str(CHANNELS.get(channel, channel))


# What every installation's purposes are called at first, so that they can be translated; others stand as they are.
PURPOSES = (
    (_("Service"), _("Fulfilling orders, warranty and customer care.")),
    (_("Identity linking"), _("Recognizing that several source profiles are one person.")),
    (_("Analytics"), _("Understanding how customers use shop, site and app.")),
    (_("Marketing"), _("Telling customers about offers that suit them.")),
    (_("Personalization"), _("Adapting what a customer sees to what they did.")),
    (_("Subject requests"), _("Answering what people ask about their data.")),
    (_("Security"), _("Protecting data and proving how it was used.")),
)
