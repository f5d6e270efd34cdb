"""Look-ups by identifier: counted for each person and each program, so that nobody tries out a list."""

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from access import limits
from vault.grants import Actor

MINUTE = timedelta(minutes=1)


def count(actor: Actor) -> None:
    """Count a look-up of this actor. Raises `access.limits.TooMany` beyond the limit a minute."""
    limits.take_turn(
        f"{actor.kind} {actor.id}",
        "look-up",
        most=settings.LOOK_UPS_A_MINUTE,
        per=MINUTE,
        now=timezone.now(),
        what="too many look-ups by identifier within a minute",
    )
