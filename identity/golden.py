"""The golden record: for every field, which source profile's value wins, and why.

Survivorship: what came in through a public write key after everything else, however it ranks, since anybody may have
sent it; then as the data dictionary says of the field. `most_trusted`: the most trusted source first, then the value
seen last; `most_recent`: the value seen last, then the most trusted source. Only pointers are kept; the value stays
sealed under the key of the source profile that it came from, and goes when that goes.

What a person set by hand (`identity.overriding`) wins over all of it, the latest word first; yet never over what the
person themselves had put right.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from identity import blocked
from identity.blocked import unless_blocked
from identity.models import GoldenOverride, GoldenValue
from records.dictionary import FIELDS, MOST_RECENT
from records.models import Attribute, Identifier
from vault.grants import Grant
from vault.sealing import Opening, Place, Sealed, open_sealed

# Where a value comes from that somebody typed.
BY_HAND = "by hand"

# What was set by hand and not taken back; of identifiers what is not blocked.
STANDING = f"""(
    SELECT * FROM (SELECT *, field AS namespace FROM identity_goldenoverride WHERE ended_at IS NULL) AS word
    WHERE index IS NULL OR {unless_blocked("word")}
)"""

# The winner of each field among all that the profile's source profiles have had; what sets it apart from the next
# is the reason.
REFRESH = f"""
WITH offered AS (
    SELECT assignment.profile_id, known.field, known.attribute_id, known.identifier_id, known.source_profile_id,
           known.override_id, known.override_id IS NOT NULL AS by_hand,
           known.verified, source.trust_rank, known.last_seen_at, known.id,
           CASE WHEN known.override_id IS NOT NULL OR known.field = ANY(%(most_recent)b::text[])
                THEN 0 ELSE source.trust_rank END AS weight
    FROM identity_assignment AS assignment
    JOIN records_sourceprofile AS source_profile ON source_profile.id = assignment.source_profile_id
    JOIN records_source AS source ON source.id = source_profile.source_id
    JOIN LATERAL (
        SELECT id, field, id AS attribute_id, NULL::uuid AS identifier_id, source_profile_id, last_seen_at,
               NOT source.client_side AS verified, NULL::uuid AS override_id
        FROM records_attribute WHERE source_profile_id = assignment.source_profile_id
        UNION ALL
        SELECT id, namespace, NULL, id, source_profile_id, last_seen_at, verified, NULL
        FROM records_identifier AS mine
        WHERE source_profile_id = assignment.source_profile_id AND namespace <> 'device_id' AND {unless_blocked("mine")}
        UNION ALL
        SELECT id, field, NULL, NULL, source_profile_id, set_at, true, id
        FROM {STANDING} AS said
        WHERE source_profile_id = assignment.source_profile_id AND NOT EXISTS (
            SELECT FROM identity_assignment AS member
            JOIN records_correction AS correction ON correction.source_profile_id = member.source_profile_id
            WHERE member.profile_id = assignment.profile_id AND member.ended_at IS NULL
              AND correction.field = said.field
        )
    ) AS known ON true
    WHERE assignment.ended_at IS NULL AND assignment.profile_id = ANY(%(profiles)b::uuid[])
), ranked AS (
    SELECT *, row_number() OVER best AS place,
           lead(verified) OVER best AS next_verified, lead(weight) OVER best AS next_weight,
           lead(trust_rank) OVER best AS next_trust, lead(last_seen_at) OVER best AS next_seen_at
    FROM offered WINDOW best AS (
        PARTITION BY profile_id, field
        ORDER BY by_hand DESC, verified DESC, weight DESC, last_seen_at DESC, trust_rank DESC, id
    )
), chosen AS (
    SELECT *, CASE WHEN by_hand THEN 'set by hand'
                   WHEN next_trust IS NULL THEN 'only value'
                   WHEN verified AND NOT next_verified THEN 'not from a public key'
                   WHEN next_weight < weight OR next_seen_at = last_seen_at AND next_trust < trust_rank
                   THEN 'most trusted source'
                   ELSE 'seen last' END AS reason
    FROM ranked WHERE place = 1
)
INSERT INTO identity_goldenvalue
    (id, profile_id, field, attribute_id, identifier_id, override_id, source_profile_id, reason, decided_at)
SELECT gen_random_uuid(), profile_id, field, attribute_id, identifier_id, override_id, source_profile_id,
       reason, %(now)s
FROM chosen WHERE NOT EXISTS (
    SELECT FROM identity_goldenvalue AS known
    WHERE known.profile_id = chosen.profile_id AND known.field = chosen.field
      AND (known.attribute_id, known.identifier_id, known.override_id, known.reason)
          IS NOT DISTINCT FROM (chosen.attribute_id, chosen.identifier_id, chosen.override_id, chosen.reason)
)
ON CONFLICT (profile_id, field) DO UPDATE SET
    attribute_id = excluded.attribute_id, identifier_id = excluded.identifier_id, override_id = excluded.override_id,
    source_profile_id = excluded.source_profile_id, reason = excluded.reason, decided_at = excluded.decided_at
"""

# Values whose source profile has left the profile, those that were blocked since, and those of which somebody took back
# that they count.
DROP = f"""
DELETE FROM identity_goldenvalue AS golden WHERE golden.profile_id = ANY(%(profiles)b::uuid[]) AND (NOT EXISTS (
    SELECT FROM identity_assignment AS assignment
    WHERE assignment.profile_id = golden.profile_id AND assignment.source_profile_id = golden.source_profile_id
      AND assignment.ended_at IS NULL
) OR EXISTS (
    SELECT FROM records_identifier AS mine WHERE mine.id = golden.identifier_id AND NOT {unless_blocked("mine")}
) OR golden.override_id IS NOT NULL AND golden.override_id NOT IN (SELECT id FROM {STANDING} AS said))
"""


@dataclass(frozen=True, slots=True)
class SetByHand:
    """Who set a golden value (an opaque id), when, and why; `chosen`: a source has it too."""

    actor: str
    at: datetime
    reason: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class GoldenRead:
    """A golden value, where it came from, when it was seen there, and why it won.

    One set by hand that no source has comes from "by hand".
    """

    value: str
    source: str
    seen_at: datetime
    reason: str
    by_hand: SetByHand | None = None


def refresh(profiles: Collection[UUID], *, now: datetime) -> None:
    """Choose the golden values of these profiles anew."""
    with connection.cursor() as cursor:
        asked = {"profiles": sorted(profiles), **blocked.standing().parameters}
        cursor.execute(DROP, asked)
        cursor.execute(REFRESH, {**asked, "now": now, "most_recent": _surviving(MOST_RECENT)})


def _surviving(rule: str) -> list[str]:
    """The fields of the data dictionary whose golden value is chosen by this rule."""
    return [field.name for field in FIELDS.values() if field.survivorship == rule]


def read(
    profiles: Collection[UUID],
    grant: Grant,
    *,
    fields: Collection[str] | None = None,
    opening: Opening = open_sealed,
) -> dict[UUID, dict[str, GoldenRead]]:
    """The golden records of these profiles, field by field; only what the grant covers, and only these fields.

    `opening` says what becomes of values whose key is gone: an error (`open_sealed`), or left out (`open_what_opens`).
    """
    held = GoldenValue.objects.filter(profile__in=list(profiles), source_profile__in=grant.source_profiles)
    if fields is not None:
        held = held.filter(field__in=list(fields))
    rows = list(held.select_related("attribute", "identifier", "override", "source_profile__source").order_by("field"))
    values = opening([_sealed(row) for row in rows], grant, action="read golden record")
    found: dict[UUID, dict[str, GoldenRead]] = defaultdict(dict)
    for row, value in zip(rows, values, strict=True):
        if value is None:
            continue
        found[row.profile_id][row.field] = _read(row, value.decode())
    return dict(found)


def _read(row: GoldenValue, value: str) -> GoldenRead:
    source, origin = row.source_profile.source.name, _origin(row)
    if not isinstance(origin, GoldenOverride):
        return GoldenRead(value, source, origin.last_seen_at, row.reason)
    word = SetByHand(origin.actor, origin.set_at, origin.reason, origin.chosen)
    return GoldenRead(value, source if origin.chosen else BY_HAND, origin.set_at, row.reason, word)


def _origin(row: GoldenValue) -> Attribute | Identifier | GoldenOverride:
    origin = row.attribute or row.identifier or row.override
    if origin is None:
        raise LookupError("a golden value has an origin; a constraint of the database says so")
    return origin


def _sealed(row: GoldenValue) -> Sealed:
    origin = _origin(row)
    place = Place(origin._meta.db_table, "sealed", origin.id)
    return Sealed(row.source_profile_id, place, origin.sealed or b"", row.field)


def repoint(pairs: Mapping[UUID, UUID]) -> None:
    """Let golden values that came from the first attribute of each pair come from the second: it is the same value."""
    with connection.cursor() as cursor:
        cursor.execute(REPOINT, [list(pairs), list(pairs.values())])


REPOINT = """
UPDATE identity_goldenvalue AS golden SET attribute_id = pair.known
FROM unnest(%b::uuid[], %b::uuid[]) AS pair (twin, known) WHERE golden.attribute_id = pair.twin
"""
