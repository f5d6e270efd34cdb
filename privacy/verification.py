"""Who asks: how it was made sure that it is the person, by whom, when, and how sure that is.

Levels follow the words of Regulation (EU) 910/2014 (eIDAS), article 8: low, substantial, high.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from privacy.models import (
    BY_CONTROLLER,
    DATA_POINTS,
    DOCUMENTS,
    EMAIL_LINK,
    HIGH,
    LOW,
    SIGNED_IN,
    SUBSTANTIAL,
    VOUCHED,
)

# How sure each way is.
LEVEL_OF = {
    VOUCHED: LOW,
    EMAIL_LINK: SUBSTANTIAL,
    SIGNED_IN: SUBSTANTIAL,
    BY_CONTROLLER: SUBSTANTIAL,
    DATA_POINTS: SUBSTANTIAL,
    DOCUMENTS: HIGH,
}
METHOD_NAMES = {
    VOUCHED: "Whoever opened it vouches for the person",
    EMAIL_LINK: "A link sent to the person's e-mail address was followed",
    SIGNED_IN: "The person was signed in to their account",
    BY_CONTROLLER: "The controller that sent it has verified the person",
    DATA_POINTS: "Data points that the person gave match what is known",
    DOCUMENTS: "Documents were seen",
}
# What a member of staff can attest; the others come with the request.
BY_STAFF = (DOCUMENTS, DATA_POINTS)


class UnknownMethod(ValueError):
    """Nobody is verified like this."""


@dataclass(frozen=True)
class Verification:
    """It was made sure in this way that it is the person who asks, by this actor."""

    method: str
    by: str

    def __post_init__(self) -> None:
        if self.method not in LEVEL_OF:
            raise UnknownMethod(f"'{self.method}' is not one of {', '.join(LEVEL_OF)}")

    @property
    def level(self) -> str:
        return LEVEL_OF[self.method]


def vouched(actor: str) -> Verification:
    """The actor has the person before them."""
    return Verification(VOUCHED, actor)


def verified_fields(verification: Verification, *, now: datetime) -> dict[str, Any]:
    """The columns of a verification."""
    return {
        "verified_at": now,
        "verified_by": verification.by,
        "verification": verification.method,
        "assurance": verification.level,
    }
