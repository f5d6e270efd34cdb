"""What people agreed to, and when some took it back."""

import datetime
from dataclasses import dataclass
from random import Random

from demo.generator.randomness import happens, weighted
from demo.generator.window import Window


@dataclass(frozen=True, slots=True)
class Preferences:
    """A person's stated wishes: yes, no, or None when never asked or never answered."""

    analytics: bool | None
    marketing_email: bool | None
    marketing_sms: bool | None
    withdrawn_at: datetime.datetime | None

    @property
    def personalization(self) -> bool | None:
        """Asked together with analytics: who wants no e-mail and is measured all the same wants no suggestions."""
        return self.analytics and self.marketing_email

    def at(self, at: datetime.datetime) -> "Preferences":
        """The wishes as they stood at an instant: after the withdrawal every yes is a no."""
        if self.withdrawn_at is None or at < self.withdrawn_at:
            return self
        return Preferences(
            analytics=_taken_back(self.analytics),
            marketing_email=_taken_back(self.marketing_email),
            marketing_sms=_taken_back(self.marketing_sms),
            withdrawn_at=None,
        )


def new_preferences(active: Window, *, rng: Random) -> Preferences:
    """The wishes of one person, sometimes taken back in the second half of the time as a customer."""
    analytics = weighted(((True, 0.70), (False, 0.17), (None, 0.13)), rng=rng)
    email = weighted(((True, 0.45), (False, 0.39), (None, 0.16)), rng=rng)
    sms = weighted(((True, 0.22), (False, 0.52), (None, 0.26)), rng=rng)
    agreed = bool(analytics or email or sms)
    withdrawn_at = active.part(0.4, 1.0).moment(rng) if agreed and happens(0.095, rng=rng) else None
    return Preferences(analytics, email, sms, withdrawn_at)


def _taken_back(wish: bool | None) -> bool | None:
    return False if wish else wish
