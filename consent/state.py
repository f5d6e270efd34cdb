"""What stands: for screens and the API, what a person has said of each purpose and what follows."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent import restrictions
from consent.evidence import Evidence, latest_acts
from consent.models import WITHDRAWN, Purpose
from consent.purposes import declared_for, rule_in_force
from consent.rules import ALLOWED, SAID_NO, Said


@dataclass(frozen=True)
class Standing:
    """A purpose and channel, what was last said of it, when and how, and the decision that follows for the person.

    `decisive` is the act that the decision rests on, which need not be the last: one standing no denies for all.
    """

    purpose: str
    purpose_name: str
    legal_basis: str
    channel: str
    state: str
    occurred_at: datetime | None
    decision: str
    decisive: Said | None = None

    @property
    def allowed(self) -> bool:
        return self.decision == ALLOWED


def standing(source_profiles: Collection[UUID], *, at: datetime) -> list[Standing]:
    """What stands for this person at that instant, purpose by purpose and channel by channel."""
    restricted = restrictions.restricted(source_profiles, at=at)
    return [
        item
        for purpose in Purpose.objects.filter(active=True).order_by("slug")
        for item in _of_purpose(purpose, source_profiles, restricted, at)
    ]


def _of_purpose(
    purpose: Purpose, source_profiles: Collection[UUID], restricted: dict[UUID, set[str]], at: datetime
) -> list[Standing]:
    version = rule_in_force(purpose.slug, at=at)
    declared = declared_for(source_profiles, version.rule if version else None, at=at)
    found = []
    for channel in purpose.channels or [""]:
        said = latest_acts(source_profiles, purpose=purpose.slug, channel=channel, at=at, known_at=None)
        latest = max(said.values(), key=lambda act: act.occurred_at, default=None)
        decision = Evidence(at, version, said, declared, restricted).conclude(source_profiles)
        found.append(
            Standing(
                purpose=purpose.slug,
                purpose_name=purpose.name,
                legal_basis=purpose.legal_basis,
                channel=channel,
                state=latest.state if latest else "",
                occurred_at=latest.occurred_at if latest else None,
                decision=decision,
                decisive=_decisive(said.values(), decision),
            )
        )
    return found


def _decisive(said: Iterable[Said], decision: str) -> Said | None:
    """The last no, where a no decides; else the last word."""
    counting = [act for act in said if decision != SAID_NO or act.state == WITHDRAWN]
    return max(counting, key=lambda act: act.occurred_at, default=None)
