"""May this be used for that? One function answers, for every read path, now and for any past instant."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar
from uuid import UUID

from django.db import connection
from django.utils import timezone

from consent import restrictions
from consent.models import CONTRACT, Purpose
from consent.rules import ALLOWED, Rule, Said, conclude
from vault import grants
from vault.grants import Actor, Grant

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True)
class Refusal:
    """The answer no, for this purpose, and why."""

    purpose: str
    reason: str


@dataclass(frozen=True)
class Decisions(Generic[Key]):
    """Answers for many people at once; the grant covers the source profiles of all that are allowed."""

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
    everyone = sorted({id for ids in groups.values() for id in ids})
    rule = rule_of(purpose)
    said = latest_acts(everyone, purpose=purpose, channel=channel, at=at, known_at=known_at)
    declared = declared_for(everyone, rule)
    restricted = restrictions.restricted(everyone, at=at, known_at=known_at)
    allowed, refused = set(), {}
    for key, ids in groups.items():
        conclusion = conclude(
            rule, ids, said, declared=declared, restrictions=restrictions.kinds(restricted, ids), at=at
        )
        if conclusion == ALLOWED:
            allowed.add(key)
        else:
            refused[key] = conclusion
    grant = grants.issue(
        {id for key in allowed for id in groups[key]}, actor=actor, purpose=purpose, reason=reason, now=timezone.now()
    )
    return Decisions(allowed=frozenset(allowed), refused=refused, grant=grant)


def rule_of(purpose: str) -> Rule | None:
    """The rule of this purpose; None when there is no such purpose."""
    found = Purpose.objects.filter(slug=purpose).first()
    return as_rule(found) if found else None


def as_rule(purpose: Purpose) -> Rule:
    """The purpose as the decision sees it."""
    days = purpose.expires_after_days
    return Rule(
        slug=purpose.slug,
        legal_basis=purpose.legal_basis,
        expires_after=None if days is None else timedelta(days=days),
        active=purpose.active,
    )


# What each source profile says, by its last word on each channel. A word on all channels replaces earlier ones on one.
# Asked about one channel: the last word on it or on all. Asked about none: a 'no' on any channel, else the last 'yes'.
# Of words at the same instant the restrictive one counts.
LATEST = """
WITH word AS (
    SELECT DISTINCT ON (source_profile_id, channel) source_profile_id, channel, state, occurred_at, verified
    FROM consent_act
    WHERE source_profile_id = ANY(%(ids)s) AND purpose_id = %(purpose)s
      AND (channel = '' OR channel = %(channel)s OR %(channel)s = '')
      AND occurred_at <= %(at)s AND (%(known_at)s::timestamptz IS NULL OR recorded_at <= %(known_at)s)
    ORDER BY source_profile_id, channel, occurred_at DESC, state DESC, verified
)
SELECT DISTINCT ON (source_profile_id) source_profile_id, state, occurred_at, verified
FROM (
    SELECT word.*, max(occurred_at) FILTER (WHERE channel = '') OVER (PARTITION BY source_profile_id) AS on_all_at
    FROM word
) AS spoken
WHERE on_all_at IS NULL OR occurred_at >= on_all_at
ORDER BY source_profile_id, (%(channel)s = '' AND state = 'withdrawn') DESC, occurred_at DESC, state DESC, verified
"""


def latest_acts(
    source_profiles: Collection[UUID], *, purpose: str, channel: str, at: datetime, known_at: datetime | None
) -> dict[UUID, Said]:
    """What each of these source profiles last said of the purpose and channel by that instant."""
    with connection.cursor() as cursor:
        cursor.execute(
            LATEST,
            {"ids": list(source_profiles), "purpose": purpose, "channel": channel, "at": at, "known_at": known_at},
        )
        return {row[0]: Said(*row) for row in cursor.fetchall()}


def declared_for(source_profiles: Collection[UUID], rule: Rule | None) -> set[UUID]:
    """Those of these source profiles whose source may be used for a purpose that rests on contract."""
    if rule is None or rule.legal_basis != CONTRACT:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(DECLARED, [list(source_profiles), rule.slug])
        return {row[0] for row in cursor.fetchall()}


DECLARED = """
SELECT source_profile.id FROM records_sourceprofile AS source_profile
JOIN records_source AS source ON source.id = source_profile.source_id
WHERE source_profile.id = ANY(%s) AND %s = ANY(source.purposes)
"""
