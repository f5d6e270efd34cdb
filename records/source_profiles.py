"""Source profiles: found by their source's stable key, or made."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from msgspec import Struct

from records.models import CUSTOMER, Source, SourceProfile
from vault.arrays import ByteArray, Texts, Uuids
from vault.cursors import planned_cursor
from vault.ids import in_order, new_id
from vault.questions import Question, Rows


class Newcomer(Struct, frozen=True):
    """A source profile to be made."""

    id: UUID
    kind: str
    stable_index: bytes | None
    seen_at: datetime


class Found(Struct, frozen=True):
    """A source profile, and since when it is known to bear its stable key, where that is noted as firmly as can be.

    A record from then on tells nothing new by the key alone.
    """

    id: UUID
    known_since: datetime | None = None


FIND = """
SELECT bearer.stable_index, bearer.id,
    CASE WHEN key.verified OR key.id IS NOT NULL AND %(client_side)b
         THEN GREATEST(bearer.first_seen_at, key.first_seen_at) END
FROM unnest(%(indexes)b::bytea[]) AS asked (stable_index)
JOIN records_sourceprofile AS bearer ON bearer.source_id = %(source)b
    AND bearer.stable_index = asked.stable_index AND bearer.stable_index IS NOT NULL
LEFT JOIN records_identifier AS key ON key.source_profile_id = bearer.id
    AND key.namespace = %(stable_key)b AND key.index = bearer.stable_index
"""


def find(source: Source, stable_indexes: Collection[bytes]) -> dict[bytes, Found]:
    """The source profiles that this source's stable keys (blind-indexed) already have."""
    if not stable_indexes:
        return {}
    asked: dict[str, Any] = {"source": source.id, "stable_key": source.stable_key, "client_side": source.client_side}
    with planned_cursor() as cursor:
        cursor.execute(FIND, {**asked, "indexes": ByteArray(stable_indexes)})
        return {index: Found(*told) for index, *told in cursor.fetchall()}


def find_or_make(
    source: Source, seen: Mapping[bytes, datetime], *, now: datetime
) -> tuple[dict[bytes, Found], set[UUID]]:
    """The source profile of each stable key, made where there was none; and the ids of those made.

    Two workers that meet the same new key get the same source profile: one of them makes it.
    """
    found = find(source, seen.keys())
    missing = sorted(index for index in seen if index not in found)
    newcomers = {new_id(): index for index in missing}
    made = make(source, [Newcomer(id, CUSTOMER, index, seen[index]) for id, index in newcomers.items()], now=now)
    found |= {newcomers[id]: Found(id) for id in made}
    made_by_others = [index for index in missing if index not in found]
    return found | find(source, made_by_others), made


MAKE = """
INSERT INTO records_sourceprofile
    (id, source_id, kind, stable_index, birth_year, postcode_area, country, first_seen_at, last_seen_at, created_at)
SELECT id, %(source)b, kind, stable_index, NULL, '', '', seen_at, seen_at, %(now)b
FROM unnest(%(ids)b::uuid[], %(kinds)b::text[], %(indexes)b::bytea[], %(seen)b::timestamptz[])
    AS newcomer (id, kind, stable_index, seen_at)
ON CONFLICT (source_id, stable_index) WHERE stable_index IS NOT NULL DO NOTHING
RETURNING id
"""


def make(source: Source, newcomers: Iterable[Newcomer], *, now: datetime) -> set[UUID]:
    """Make these source profiles; returns those that were not made by somebody else at the same time."""
    rows = list(newcomers)
    if not rows:
        return set()
    with planned_cursor() as cursor:
        cursor.execute(
            MAKE,
            {
                "source": source.id,
                "now": now,
                "ids": Uuids(row.id for row in rows),
                "kinds": Texts(row.kind for row in rows),
                "indexes": [row.stable_index for row in rows],
                "seen": [row.seen_at for row in rows],
            },
        )
        return {row[0] for row in cursor.fetchall()}


SEEN_AGAIN = """
UPDATE records_sourceprofile AS known SET last_seen_at = seen.seen_at
FROM unnest(%b::uuid[], %b::timestamptz[]) AS seen (id, seen_at)
WHERE known.id = seen.id AND known.last_seen_at < seen.seen_at
"""
# The key by which a source profile is found in its source.
KEYS_SEEN_AGAIN = """
UPDATE records_identifier AS known SET last_seen_at = seen.seen_at
FROM unnest(%b::uuid[], %b::timestamptz[]) AS seen (id, seen_at)
JOIN records_sourceprofile AS bearer USING (id)
JOIN records_source AS source ON source.id = bearer.source_id
WHERE known.source_profile_id = bearer.id AND known.namespace = source.stable_key AND known.index = bearer.stable_index
  AND known.last_seen_at < seen.seen_at
"""


def seen_again(last: Mapping[UUID, datetime]) -> None:
    """Note when each of these was last seen, where that is later than was known.

    It locks the rows, which accept may wait for: do it last.
    """
    _write_seen(SEEN_AGAIN, last)


def keys_seen_again(last: Mapping[UUID, datetime]) -> None:
    """The same of the stable keys of these."""
    _write_seen(KEYS_SEEN_AGAIN, last)


def _write_seen(statement: str, last: Mapping[UUID, datetime]) -> None:
    if last:
        ids = in_order(last)
        with planned_cursor() as cursor:
            cursor.execute(statement, [Uuids(ids), [last[id] for id in ids]])


def forget(ids: Collection[UUID]) -> None:
    """Delete source profiles that were made in this transaction and for which nothing may be kept."""
    if ids:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM records_sourceprofile WHERE id = ANY(%b)", [list(ids)])


BELIEVED = """
SELECT source_profile.id, NULL::uuid, concat_ws(' ',
    CASE WHEN NOT source.client_side THEN 'trusted' END, CASE WHEN source_profile.kind = 'episode' THEN 'episode' END)
FROM records_sourceprofile AS source_profile
JOIN records_source AS source ON source.id = source_profile.source_id
WHERE source_profile.id = ANY(%(ids)b::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a source profile's source is trusted (not client-side), and whether it is a device's episode."""

    trusted: bool
    episode: bool


def standing(ids: Collection[UUID]) -> Question[dict[UUID, Standing]]:
    """Those of these source profiles that exist, and how far they are believed."""
    return Question(BELIEVED, {"ids": Uuids(ids)}, _standings)


def _standings(rows: Rows) -> dict[UUID, Standing]:
    return {id: Standing("trusted" in told, "episode" in told) for id, _, told in rows}


def forget_generalized(ids: Collection[UUID]) -> None:
    """Empty birth year, postcode area and country of these source profiles."""
    SourceProfile.objects.filter(id__in=ids).update(birth_year=None, postcode_area="", country="", generalized_at=None)
