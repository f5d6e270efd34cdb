"""Matching views: what matching compares of a source profile, sealed as one under its own key.

Whoever is met by somebody new is opened, and ten are met for each: one sealed value of one row takes a quarter of the
time of eight in two tables. A view is a copy for one purpose. It is made and dropped under the lock of the ledger or by
the statement that changes a value (a trigger), so it never outlives what it was made of.
"""

from collections.abc import Mapping
from uuid import UUID

import orjson

from identity.matching import Person
from vault import keys
from vault.arrays import ByteArray, Uuids
from vault.cursors import planned_cursor
from vault.ids import in_order
from vault.sealing import Place, Sealer

TABLE = "identity_matchingview"
FIELDS = ["given_name", "family_name", "birth_date", "email", "phone", "street", "postcode", "city", "country"]

# But for those that somebody is just dropping: they are queued, and made anew then.
KEEP = """
WITH known AS MATERIALIZED (
    SELECT source_profile_id FROM identity_matchingview WHERE source_profile_id = ANY(%(ids)b::uuid[])
), free AS MATERIALIZED (
    SELECT source_profile_id FROM identity_matchingview WHERE source_profile_id = ANY(%(ids)b::uuid[])
    FOR UPDATE SKIP LOCKED
)
INSERT INTO identity_matchingview (source_profile_id, sealed)
SELECT id, sealed FROM unnest(%(ids)b::uuid[], %(sealed)b::bytea[]) AS seen (id, sealed)
WHERE id NOT IN (SELECT source_profile_id FROM known EXCEPT SELECT source_profile_id FROM free)
ON CONFLICT (source_profile_id) DO UPDATE SET sealed = excluded.sealed
"""


def keep(persons: Mapping[UUID, Person]) -> None:
    """Keep what these source profiles last said, as it was just opened in this transaction, which holds off rotations:
    it has made tokens."""
    if not persons:
        return
    sealer = Sealer(keys.fetch(persons))
    ids = Uuids(in_order(persons))
    with planned_cursor() as cursor:
        cursor.execute(KEEP, {"ids": ids, "sealed": ByteArray(seal(id, persons[id], sealer) for id in ids)})


def seal(source_profile: UUID, person: Person, sealer: Sealer) -> bytes:
    """The view of this source profile."""
    said = {field: value for field in FIELDS if (value := getattr(person, field)) is not None}
    return sealer.seal(source_profile, Place(TABLE, "sealed", source_profile), orjson.dumps(said))


def read(opened: bytes) -> dict[str, str]:
    """What a view says, field by field."""
    said: dict[str, str] = orjson.loads(opened)
    return said
