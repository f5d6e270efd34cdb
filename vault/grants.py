"""Grants: the only thing that opens sealed fields, and handed out by a decision alone."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from vault.ids import new_id
from vault.reasons import without_names

# As long as a withdrawal may take to be felt: a grant that was handed out just before ends by then.
LIFETIME = timedelta(seconds=60)


class Incomplete(ValueError):
    """A grant was asked for without saying who reads, for which purpose, or why."""


@dataclass(frozen=True)
class Actor:
    """Who reads: a person or API key by opaque id, or a machine stage by name."""

    kind: str
    id: str

    @classmethod
    def machine(cls, stage: str) -> "Actor":
        return cls("machine", stage)


@dataclass(frozen=True)
class Grant:
    """Leave to open what belongs to these source profiles, for one purpose, by one actor, for a short while."""

    id: UUID
    actor: Actor
    purpose: str
    reason: str
    source_profiles: frozenset[UUID]
    issued_at: datetime
    expires_at: datetime

    def __post_init__(self) -> None:
        named = {"actor": self.actor.id, "purpose": self.purpose, "reason": self.reason}
        for part, text in named.items():
            if not text.strip():
                raise Incomplete(f"nothing is opened without {part}: say who reads, for which purpose and why")

    def lasts(self, *, now: datetime) -> bool:
        """Whether at least half of its time is still to come: enough to open what it was asked for."""
        return now < self.expires_at - LIFETIME / 2

    def covers(self, source_profiles: Collection[UUID], *, now: datetime) -> bool:
        """Whether this grant holds at that instant for all of these."""
        return now < self.expires_at and self.source_profiles.issuperset(source_profiles)


def issue(source_profiles: Collection[UUID], *, actor: Actor, purpose: str, reason: str, now: datetime) -> Grant:
    """A grant for these source profiles. Only `consent.decide` calls this; an architecture test holds it so.

    Raises `Incomplete` when actor, purpose or reason is blank.
    """
    return Grant(
        id=new_id(),
        actor=actor,
        purpose=purpose,
        reason=without_names(reason),
        source_profiles=frozenset(source_profiles),
        issued_at=now,
        expires_at=now + LIFETIME,
    )
