"""May this be used for that? One function answers, for every read path, now and for any past instant."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from django.utils import timezone

from consent.evidence import gather
from consent.rules import ALLOWED
from vault import grants
from vault.grants import Actor, Grant
from vault.ids import in_order

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Refusal:
    """The answer no, for this purpose, and why."""

    purpose: str
    reason: str


@dataclass(frozen=True)
class Decisions(Generic[Key]):
    """Answers for many people at once; the grant covers the source profiles of all that are allowed.

    For a purpose that rests on contract it covers only those whose source declares the purpose.
    """

    allowed: frozenset[Key]
    refused: dict[Key, str]
    grant: Grant


def decide(
    source_profiles: Collection[UUID],
    *,
    purpose: str,
    channel: str = "",
    at: datetime,
    known_at: datetime | None = None,
    actor: Actor,
    reason: str,
) -> Grant | Refusal:
    """May the data of this one person's source profiles be used for the purpose, on the channel, at that instant?

    `known_at` answers as of what had been recorded by then (default: all that is recorded). Unknown purposes, silence,
    expiry, any standing 'no' and any restriction deny. Without a channel the question is for use on any: a 'no' on
    one denies.
    """
    decisions = decide_each(
        {"person": source_profiles},
        purpose=purpose,
        channel=channel,
        at=at,
        known_at=known_at,
        actor=actor,
        reason=reason,
    )
    if decisions.refused:
        return Refusal(purpose=purpose, reason=decisions.refused["person"])
    return decisions.grant


def decide_each(
    groups: Mapping[Key, Collection[UUID]],
    *,
    purpose: str,
    channel: str = "",
    at: datetime,
    known_at: datetime | None = None,
    actor: Actor,
    reason: str,
) -> Decisions[Key]:
    """The same question for many people: each group holds the source profiles of one. Four queries, however many."""
    everyone = in_order({id for ids in groups.values() for id in ids})
    evidence = gather(everyone, purpose=purpose, channel=channel, at=at, known_at=known_at)
    conclusions = {key: evidence.conclude(ids) for key, ids in groups.items()}
    allowed = frozenset(key for key, conclusion in conclusions.items() if conclusion == ALLOWED)
    covered = {id for key in allowed for id in evidence.covered(groups[key])}
    grant = grants.issue(covered, actor=actor, purpose=purpose, reason=reason, now=timezone.now())
    refused = {key: conclusion for key, conclusion in conclusions.items() if key not in allowed}
    return Decisions(allowed=allowed, refused=refused, grant=grant)
