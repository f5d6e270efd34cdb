"""Newsletter: whether a person may be sent it, by what they themselves have said."""

from datetime import datetime

from consent.decide import decide_each
from segments.features.feature import Feature, Group, Owned, Values
from segments.rules.definition import BOOLEAN
from vault.grants import Actor

PURPOSE, CHANNEL = "marketing", "email"

FEATURES = (Feature("newsletter", "Newsletter", "Has said yes to marketing by e-mail, and it stands today.", BOOLEAN),)


def compute(owned: Owned, *, now: datetime) -> Values:
    """Whether marketing by e-mail is allowed to each profile."""
    decisions = decide_each(
        owned,
        purpose=PURPOSE,
        channel=CHANNEL,
        at=now,
        actor=Actor.machine("segments"),
        reason="newsletter feature",
    )
    return {profile: {"newsletter": profile in decisions.allowed} for profile in owned}


GROUP = Group(FEATURES, compute)
