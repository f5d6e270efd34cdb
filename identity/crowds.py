"""Crowds: a profile of many source profiles is represented in a scene by a few, so that work does not grow with it.

A till that knows nobody by a stable key makes a source profile of each receipt. The next receipt meets the person, not
every receipt: whoever bears what it shares, the latest of each source, and whoever a verdict keeps apart.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from vault.arrays import Uuids
from vault.cursors import binary_cursor
from vault.questions import Question, Rows

MOST_MEMBERS = 24

# Of each profile that somebody of these is in: its members, and one more than stand for themselves where it is a crowd.
MEMBERS = """
WITH met AS MATERIALIZED (
    SELECT DISTINCT profile_id FROM identity_assignment
    WHERE source_profile_id = ANY(%(ids)b::uuid[]) AND ended_at IS NULL
)
SELECT met.profile_id, member.source_profile_id, NULL FROM met
JOIN LATERAL (
    SELECT source_profile_id FROM identity_assignment
    WHERE profile_id = met.profile_id AND ended_at IS NULL LIMIT %(most)b + 1
) AS member ON true
"""

# The few who stand for each crowd, by what speaks for taking them: needed as they are; bearers of what is shared, the
# exclusive before all others and the first of its bearers, since the pair is with that one; the latest of each source;
# whoever else was met; customers, since their source tells them apart; and the latest.
REPRESENTATIVES = """
WITH member AS (
    SELECT entry.profile_id, entry.source_profile_id AS id, known.source_id, known.kind, known.last_seen_at
    FROM identity_assignment AS entry JOIN records_sourceprofile AS known ON known.id = entry.source_profile_id
    WHERE entry.ended_at IS NULL AND entry.profile_id = ANY(%(crowds)b)
), sharing AS (
    SELECT DISTINCT ON (member.profile_id, borne.namespace, borne.index)
           member.profile_id, member.id, borne.namespace = ANY(%(exclusive)s) AS exclusive
    FROM member JOIN records_identifier AS borne ON borne.source_profile_id = member.id
    WHERE member.id = ANY(%(met)b)
    ORDER BY member.profile_id, borne.namespace, borne.index,
             CASE WHEN borne.namespace = ANY(%(exclusive)s) THEN member.id END, borne.last_seen_at DESC, member.id DESC
), latest AS (
    SELECT DISTINCT ON (profile_id, source_id) profile_id, id FROM member
    ORDER BY profile_id, source_id, last_seen_at DESC, id DESC
), reason AS (
    SELECT profile_id, id, 0 AS rank FROM member WHERE id = ANY(%(needed)b::uuid[])
    UNION ALL SELECT profile_id, id, CASE WHEN exclusive THEN 1 ELSE 2 END FROM sharing
    UNION ALL SELECT profile_id, id, 3 FROM latest
    UNION ALL SELECT profile_id, id, 4 FROM member WHERE id = ANY(%(met)b)
    UNION ALL SELECT profile_id, id, CASE kind WHEN 'customer' THEN 5 ELSE 6 END FROM member
), placed AS (
    SELECT profile_id, id, row_number() OVER (PARTITION BY profile_id ORDER BY min(rank), id DESC) AS place
    FROM reason GROUP BY profile_id, id
)
SELECT profile_id, id FROM placed WHERE place <= %(most)s
"""

# Standing verdicts between a crowd and anybody else in the scene: one for each two profiles.
VERDICTS = """
SELECT DISTINCT ON (verdict, here, there) left_id, one, right_id, two FROM (
    SELECT verdict.*, one.profile_id AS one, two.profile_id AS two,
           coalesce(one.profile_id, left_id) AS here, coalesce(two.profile_id, right_id) AS there
    FROM identity_verdict AS verdict
    LEFT JOIN identity_assignment AS one ON one.source_profile_id = left_id AND one.ended_at IS NULL
    LEFT JOIN identity_assignment AS two ON two.source_profile_id = right_id AND two.ended_at IS NULL
    WHERE undone_at IS NULL
) AS standing
WHERE (one = ANY(%(crowds)b) OR two = ANY(%(crowds)b))
  AND (one = ANY(%(profiles)b) OR left_id = ANY(%(met)b)) AND (two = ANY(%(profiles)b) OR right_id = ANY(%(met)b))
ORDER BY verdict, here, there, id
"""


@dataclass(frozen=True)
class Company:
    """The source profiles that stand for these profiles, each with its profile, and which profiles have more."""

    belongs: dict[UUID, UUID]
    crowds: set[UUID]


Members = dict[UUID, list[UUID]]


def members_around(met: Collection[UUID]) -> Question[Members]:
    """The source profiles of each profile that somebody of these is in; of a crowd more than `MOST_MEMBERS`."""
    return Question(MEMBERS, {"ids": Uuids(met), "most": MOST_MEMBERS}, _by_profile)


def _by_profile(rows: Rows) -> Members:
    members = defaultdict(list)
    for profile, id, _ in rows:
        members[profile].append(id)
    return dict(members)


def company(
    members: Members, *, met: Collection[UUID], needed: Collection[UUID], exclusive: Collection[str]
) -> Company:
    """Who stands for these profiles: all of their source profiles where they are few, else a bounded number.

    `met` are source profiles that somebody new shares something with, and `members` who is `members_around` them; of
    those met, `needed` are met as who they are.
    """
    crowds = {profile for profile, ids in members.items() if len(ids) > MOST_MEMBERS}
    belongs = {id: profile for profile, ids in members.items() if profile not in crowds for id in ids}
    if crowds:
        asked = {"crowds": list(crowds), "met": list(met), "profiles": list(members)}
        chosen = _rows(REPRESENTATIVES, **asked, needed=list(needed), exclusive=list(exclusive), most=MOST_MEMBERS)
        belongs |= {id: profile for profile, id in chosen}
        for left, one, right, two in _rows(VERDICTS, **asked):
            belongs |= {id: profile for id, profile in ((left, one), (right, two)) if profile}
    return Company(belongs, crowds)


def _rows(statement: str, **parameters: Any) -> list[tuple[UUID, ...]]:
    with binary_cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[tuple[UUID, ...]] = cursor.fetchall()
        return rows
