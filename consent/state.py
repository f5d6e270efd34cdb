"""What stands: for screens and the API, what a person has said of each purpose and what follows."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent import restrictions
from consent.decide import as_rule, declared_for, latest_acts
from consent.models import Purpose
from consent.rules import ALLOWED, conclude


@dataclass(frozen=True)
class Standing:
    """A purpose and channel, what was last said of it, when and how, and the decision that follows for the person."""

    purpose: str
    purpose_name: str
    legal_basis: str
    channel: str
    state: str
    occurred_at: datetime | None
    decision: str

    @property
    def allowed(self) -> bool:
        return self.decision == ALLOWED


def standing(source_profiles: Collection[UUID], *, at: datetime) -> list[Standing]:
    """What stands for this person at that instant, purpose by purpose and channel by channel."""
    restricted = restrictions.restricted(source_profiles, at=at)
    kinds = restrictions.kinds(restricted, source_profiles)
    return [
        _standing(source_profiles, purpose, channel, kinds, at)
        for purpose in Purpose.objects.filter(active=True).order_by("slug")
        for channel in (purpose.channels or [""])
    ]


def _standing(
    source_profiles: Collection[UUID], purpose: Purpose, channel: str, kinds: set[str], at: datetime
) -> Standing:
    said = latest_acts(source_profiles, purpose=purpose.slug, channel=channel, at=at, known_at=None)
    rule = as_rule(purpose)
    latest = max(said.values(), key=lambda act: act.occurred_at, default=None)
    return Standing(
        purpose=purpose.slug,
        purpose_name=purpose.name,
        legal_basis=purpose.legal_basis,
        channel=channel,
        state=latest.state if latest else "",
        occurred_at=latest.occurred_at if latest else None,
        decision=conclude(
            rule,
            source_profiles,
            said,
            declared=declared_for(source_profiles, rule),
            restrictions=kinds,
            at=at,
        ),
    )
