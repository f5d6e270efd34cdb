"""Partings: what becomes of the people of a profile that somebody leaves."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from consent import acts
from outbox.changes import PROFILE_MERGED, PROFILE_SPLIT, News


@dataclass(frozen=True)
class Parting:
    """What becomes of the people of a profile that somebody leaves: the parts, by where they go, and which of them goes
    on with it, or as which it does."""

    profile: UUID
    parts: Mapping[UUID, list[UUID]]
    objecting: set[UUID]

    @property
    def heir(self) -> UUID:
        """Where whoever asks for the profile is sent: to itself, or to where the largest part went."""
        if self.profile in self.parts:
            return self.profile
        return min(self.parts, key=lambda target: (-len(self.parts[target]), self.parts[target][0]))

    @property
    def moved(self) -> list[UUID]:
        """Who leaves it."""
        return [id for target, ids in self.parts.items() if target != self.profile for id in ids]

    def news(self) -> list[News]:
        """What others are told."""
        ended = [News(self.heir, PROFILE_MERGED, {"from": str(self.profile)})] if self.heir != self.profile else []
        left = [target for target in sorted(self.parts) if target != self.heir]
        return [*ended, *(News(self.profile, PROFILE_SPLIT, {"into": str(target)}) for target in left)]

    def annul(self, *, actor: str, now: datetime) -> None:
        """Let what was said by one part no longer count for another: they were taken for one person."""
        said = {target: agreeing for target, ids in self.parts.items() if (agreeing := set(ids) - self.objecting)}
        for target, ids in said.items():
            others = set[UUID]().union(*(theirs for other, theirs in said.items() if other != target))
            if others:
                addressed = [] if target == self.heir else [self.profile]
                acts.annul(ids, others=others, addressed=addressed, actor=actor, now=now)
