"""Membership: who enters, stays in and leaves each segment, given features and consent, written in a few queries."""

import json
from collections import defaultdict
from collections.abc import Collection, Container, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from django.db import connection

from outbox.changes import SEGMENT_ENTERED, SEGMENT_LEFT, News
from segments import review
from segments.catalog import read_definition
from segments.consented import Consented, ask_for
from segments.features.feature import Values
from segments.features.registry import usable
from segments.models import Segment
from segments.rules.evaluate import Estimates, Result, evaluate, is_member
from segments.rules.explain import explain, why_not
from segments.rules.parse import InvalidDefinition
from vault.ids import new_id

log = structlog.get_logger()
LONGEST_REASON = 60

Key = tuple[UUID, UUID]

ENTER = """
INSERT INTO segments_membership (id, segment_id, profile_id, entered_at, score, why, left_because, released_by)
SELECT id, segment_id, profile_id, %(now)s, score, why::jsonb, '', ''
FROM unnest(%(ids)b::uuid[], %(segments)b::uuid[], %(profiles)b::uuid[], %(scores)b::float8[], %(whys)b::text[])
    AS entering (id, segment_id, profile_id, score, why)
"""

# Set score and explanation of these memberships.
RESCORE = """
UPDATE segments_membership AS membership SET score = fresh.score, why = fresh.why
FROM jsonb_to_recordset(%s::jsonb) AS fresh (id uuid, score float8, why jsonb)
WHERE membership.id = fresh.id
"""

# End these memberships, each for its reason.
LEAVE = """
UPDATE segments_membership AS membership SET left_at = %s, left_because = ended.because
FROM unnest(%b::uuid[], %b::text[]) AS ended (id, because)
WHERE membership.id = ended.id
"""


# The memberships of these profiles.
STANDING = """
SELECT segment_id, profile_id, id, score, why FROM segments_membership
WHERE profile_id = ANY(%b::uuid[]) AND left_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A membership as it was found: its id, score and explanation."""

    id: UUID
    score: float | None
    why: dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """What rules see of each profile, and what they take to be so where something is missing."""

    values: Values
    estimates: Estimates

    def without(self, profiles: Container[UUID]) -> "Seen":
        """The same of all but these."""
        return replace(self, values={id: known for id, known in self.values.items() if id not in profiles})


@dataclass
class Verdicts:
    """Who belongs into which segment, with the result that says so, and who of those in it does not: why, and whether
    by its rule.
    """

    members: dict[Key, Result] = field(default_factory=dict)
    others: dict[Key, str] = field(default_factory=dict)
    by_rule: set[Key] = field(default_factory=set)


def renew(people: Consented, values: Values, estimates: Estimates, *, now: datetime) -> list[News]:
    """Bring the memberships of these people up to date, and return who entered and left. The profiles are locked.

    A value that is not known of somebody is taken to be its estimate, where there is one.
    """
    segments = {segment.id: segment for segment in Segment.objects.order_by("slug")}
    profiles = [*people.owned, *people.refused]
    standing = _standing(profiles)
    seen = Seen({profile: usable(known) for profile, known in values.items()}, estimates)
    verdicts = _judge(segments.values(), people, seen, standing, now=now)
    entering = {key: result for key, result in verdicts.members.items() if key not in standing}
    entering, leaving = _without_held(entering, verdicts.others, verdicts, segments, profiles, now=now)
    _enter(entering, now=now)
    _rescore([(standing[key], result) for key, result in verdicts.members.items() if key in standing])
    _leave([(standing[key], because) for key, because in leaving.items()], now=now)
    return [
        *(_entered(segments[segment], profile, result) for (segment, profile), result in entering.items()),
        *(_left(segments[segment], profile, because) for (segment, profile), because in leaving.items()),
    ]


def _without_held(
    entering: dict[Key, Result],
    leaving: dict[Key, str],
    verdicts: Verdicts,
    segments: Mapping[UUID, Segment],
    profiles: Collection[UUID],
    *,
    now: datetime,
) -> tuple[dict[Key, Result], dict[Key, str]]:
    """What may happen at once. What has a significant effect is held until a person releases it (GDPR article 22)."""
    held_in = {key: result for key, result in entering.items() if segments[key[0]].significant_effect}
    held_out = {
        key: because
        for key, because in leaving.items()
        if segments[key[0]].significant_effect and key in verdicts.by_rule
    }
    if any(segment.significant_effect for segment in segments.values()):
        review.hold(held_in, held_out, profiles, now=now)
    return (
        {key: result for key, result in entering.items() if key not in held_in},
        {key: because for key, because in leaving.items() if key not in held_out},
    )


def _standing(profiles: Collection[UUID]) -> dict[Key, Standing]:
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [list(profiles)])
        return {
            (segment, profile): Standing(id, score, json.loads(why))
            for segment, profile, id, score, why in cursor.fetchall()
        }


def _judge(
    segments: Collection[Segment], people: Consented, seen: Seen, standing: Collection[Key], *, now: datetime
) -> Verdicts:
    """Who belongs into which segment; of those who do not, those who are in it, for nothing changes for others."""
    verdicts = Verdicts()
    asked: dict[tuple[str, str], Consented] = {}
    inside: dict[UUID, set[UUID]] = defaultdict(set)
    for id, profile in standing:
        inside[id].add(profile)
    for segment in segments:
        there = inside[segment.id]
        refused = people.refused
        if segment.active:
            use = (segment.purpose_id, segment.channel)
            if use not in asked:
                asked[use] = ask_for(people.owned, purpose=use[0], channel=use[1], now=now)
            refused = {**refused, **asked[use].refused}
            _judge_one(segment, seen.without(refused), there, verdicts)
        gone = {profile: f"consent: {reason}" for profile, reason in refused.items() if profile in there}
        if not segment.active:
            gone |= {profile: "segment: inactive" for profile in people.owned if profile in there}
        verdicts.others |= {(segment.id, profile): reason for profile, reason in gone.items()}
    return verdicts


def _judge_one(segment: Segment, seen: Seen, inside: Collection[UUID], verdicts: Verdicts) -> None:
    """Evaluate one segment. A definition that can no longer be read holds for nobody."""
    try:
        definition = read_definition(segment.definition)
    except InvalidDefinition:
        log.warning("segment_definition_invalid", segment=segment.slug)
        verdicts.others |= {
            (segment.id, profile): "definition: invalid" for profile in seen.values if profile in inside
        }
        return
    for profile, known in seen.values.items():
        if is_member(definition, known, seen.estimates):
            verdicts.members[segment.id, profile] = evaluate(definition, known, seen.estimates)
        elif profile in inside:
            verdicts.others[segment.id, profile] = why_not(evaluate(definition, known, seen.estimates))
            verdicts.by_rule.add((segment.id, profile))


def _enter(entering: Mapping[Key, Result], *, now: datetime) -> None:
    if not entering:
        return
    columns: dict[str, Any] = {
        "ids": [new_id() for _ in entering],
        "segments": [segment for segment, _ in entering],
        "profiles": [profile for _, profile in entering],
        "scores": [result.score for result in entering.values()],
        "whys": [json.dumps(explain(result)) for result in entering.values()],
    }
    with connection.cursor() as cursor:
        cursor.execute(ENTER, {**columns, "now": now})


def _rescore(staying: Collection[tuple[Standing, Result]]) -> None:
    fresh: list[dict[str, Any]] = []
    for row, result in staying:
        why = explain(result)
        if (row.score, row.why) != (result.score, why):
            fresh.append({"id": str(row.id), "score": result.score, "why": why})
    if fresh:
        with connection.cursor() as cursor:
            cursor.execute(RESCORE, [json.dumps(fresh)])


def _leave(leaving: Collection[tuple[Standing, str]], *, now: datetime) -> None:
    if leaving:
        ids, reasons = [row.id for row, _ in leaving], [because[:LONGEST_REASON] for _, because in leaving]
        with connection.cursor() as cursor:
            cursor.execute(LEAVE, [now, ids, reasons])


def _entered(segment: Segment, profile: UUID, result: Result) -> News:
    return News(profile_id=profile, kind=SEGMENT_ENTERED, detail={"segment": segment.slug, "score": result.score})


def _left(segment: Segment, profile: UUID, because: str) -> News:
    return News(
        profile_id=profile, kind=SEGMENT_LEFT, detail={"segment": segment.slug, "because": because[:LONGEST_REASON]}
    )
