"""Sightings: what records say of a source profile, kept once each with the first and the last time that it was seen.

Identifiers and attributes, sealed. Most of what comes in is known already: it is looked up first, and only what is new
is sealed.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from msgspec import Struct

from records.dictionary import FIELDS
from records.envelope import Envelope
from records.models import Source
from records.standardize import identity_form
from vault.arrays import ByteArray, Texts, Uuids
from vault.cursors import planned_cursor
from vault.ids import new_id
from vault.sealing import Place, Sealer

# A device's own address and the page are facts of the record, not of the person.
NOT_ATTRIBUTES = frozenset({"ip_address", "page_url"})
IS_IDENTIFIER = {name: field.identifier for name, field in FIELDS.items()}


class Told(Struct, frozen=True):
    """What one record said of its source profile, and when that was; whether it was known to exist by then."""

    source_profile: UUID
    record_id: UUID
    at: datetime
    fields: Mapping[str, str]
    is_known: bool = False


class _Seen(Struct):
    """A value of a source profile, with the first and last time that this batch saw it."""

    value: str
    record_id: UUID
    first: datetime
    last: datetime


# By source profile, field, and the blind index or digest of the value.
_Key = tuple[UUID, str, bytes]


def note(told: Sequence[Told], source: Source, sealer: Sealer, indexes: Mapping[tuple[str, str], bytes]) -> None:
    """Keep what these records say. `indexes` are the blind indexes of their identifiers."""
    identifiers: dict[_Key, _Seen] = {}
    attributes: dict[_Key, _Seen] = {}
    for one in told:
        for name, value in one.fields.items():
            if IS_IDENTIFIER[name]:
                index = indexes[name, identity_form(name, value)]
                _see(identifiers, (one.source_profile, name, index), value, one)
            elif name not in NOT_ATTRIBUTES:
                digest = sealer.digest(one.source_profile, name, value)
                _see(attributes, (one.source_profile, name, digest), value, one)
    _note_identifiers(_in_order(identifiers), source, sealer)
    _note_attributes(_in_order(attributes), sealer)


def identifiers_of(envelopes: Iterable[Envelope]) -> set[tuple[str, str]]:
    """Every identifier in these envelopes, with its value in the form that is indexed."""
    return {
        (name, identity_form(name, value))
        for envelope in envelopes
        for name, value in envelope.fields.items()
        if IS_IDENTIFIER[name]
    }


def _see(seen: dict[_Key, _Seen], key: _Key, value: str, one: Told) -> None:
    known, at = seen.get(key), one.at
    if known is None:
        seen[key] = _Seen(value, one.record_id, at, at)
        return
    known.first = min(known.first, at)
    if at >= known.last:
        known.last, known.record_id = at, one.record_id


def _in_order(seen: Mapping[_Key, _Seen]) -> list[tuple[_Key, _Seen]]:
    """In the order in which everybody locks and inserts: nobody waits for whoever waits for them."""
    return sorted(seen.items(), key=lambda item: (item[0][0].int, *item[0][1:]))


# Those that are known, by number; what is news of them is written, locked in the order in which others are inserted.
# One that somebody has deleted by the time it is locked is not known any more. The stable key comes with every record:
# that it was seen later is written when its source profile is processed (`records.source_profiles.seen_again`).
IDENTIFIERS_AGAIN = """
WITH met AS MATERIALIZED (
    SELECT seen.number, known.id, seen.first_at, seen.last_at,
        seen.first_at < known.first_seen_at OR %(verified)b AND NOT known.verified
            OR seen.last_at > known.last_seen_at AND known.namespace <> %(stable_key)b AS is_news
    FROM unnest(%(ids)b::uuid[], %(names)b::text[], %(hashes)b::bytea[],
                %(first)b::timestamptz[], %(last)b::timestamptz[])
        WITH ORDINALITY AS seen (source_profile_id, namespace, index, first_at, last_at, number)
    JOIN records_identifier AS known USING (source_profile_id, namespace, index)
), locked AS MATERIALIZED (
    SELECT met.* FROM met JOIN records_identifier AS known USING (id)
    WHERE is_news ORDER BY number FOR NO KEY UPDATE OF known
), written AS (
    UPDATE records_identifier AS known SET
        first_seen_at = LEAST(known.first_seen_at, locked.first_at),
        last_seen_at = GREATEST(known.last_seen_at, locked.last_at),
        verified = known.verified OR %(verified)b
    FROM locked WHERE known.id = locked.id
)
SELECT number FROM met WHERE NOT is_news UNION ALL SELECT number FROM locked
"""
NEW_IDENTIFIERS = """
INSERT INTO records_identifier (source_profile_id, namespace, index, first_seen_at, last_seen_at, id, sealed, verified)
SELECT seen.*, %(verified)b
FROM unnest(%(ids)b::uuid[], %(names)b::text[], %(hashes)b::bytea[], %(first)b::timestamptz[], %(last)b::timestamptz[],
            %(new_ids)b::uuid[], %(sealed)b::bytea[]) AS seen
ON CONFLICT (source_profile_id, namespace, index) DO UPDATE SET
    first_seen_at = LEAST(records_identifier.first_seen_at, excluded.first_seen_at),
    last_seen_at = GREATEST(records_identifier.last_seen_at, excluded.last_seen_at),
    verified = records_identifier.verified OR excluded.verified
"""


def _note_identifiers(seen: Sequence[tuple[_Key, _Seen]], source: Source, sealer: Sealer) -> None:
    how = {"verified": not source.client_side, "stable_key": source.stable_key}
    unknown = _without_known(IDENTIFIERS_AGAIN, seen, how)
    _write(NEW_IDENTIFIERS, unknown, how | _sealed("records_identifier", unknown, sealer))


ATTRIBUTES_AGAIN = """
WITH met AS MATERIALIZED (
    SELECT seen.number, known.id, seen.record_id, seen.first_at, seen.last_at,
        seen.first_at < known.first_seen_at OR seen.last_at >= known.last_seen_at AS is_news
    FROM unnest(%(ids)b::uuid[], %(names)b::text[], %(hashes)b::bytea[],
                %(first)b::timestamptz[], %(last)b::timestamptz[], %(records)b::uuid[])
        WITH ORDINALITY AS seen (source_profile_id, field, digest, first_at, last_at, record_id, number)
    JOIN records_attribute AS known USING (source_profile_id, field, digest)
), locked AS MATERIALIZED (
    SELECT met.* FROM met JOIN records_attribute AS known USING (id)
    WHERE is_news ORDER BY number FOR NO KEY UPDATE OF known
), written AS (
    UPDATE records_attribute AS known SET
        record_id = CASE WHEN locked.last_at >= known.last_seen_at THEN locked.record_id ELSE known.record_id END,
        first_seen_at = LEAST(known.first_seen_at, locked.first_at),
        last_seen_at = GREATEST(known.last_seen_at, locked.last_at)
    FROM locked WHERE known.id = locked.id
)
SELECT number FROM met WHERE NOT is_news UNION ALL SELECT number FROM locked
"""
NEW_ATTRIBUTES = """
INSERT INTO records_attribute (source_profile_id, field, digest, first_seen_at, last_seen_at, record_id, id, sealed)
SELECT *
FROM unnest(%(ids)b::uuid[], %(names)b::text[], %(hashes)b::bytea[], %(first)b::timestamptz[], %(last)b::timestamptz[],
            %(records)b::uuid[], %(new_ids)b::uuid[], %(sealed)b::bytea[])
ON CONFLICT (source_profile_id, field, digest) DO UPDATE SET
    record_id = CASE WHEN excluded.last_seen_at >= records_attribute.last_seen_at
                     THEN excluded.record_id ELSE records_attribute.record_id END,
    first_seen_at = LEAST(records_attribute.first_seen_at, excluded.first_seen_at),
    last_seen_at = GREATEST(records_attribute.last_seen_at, excluded.last_seen_at)
"""


def _note_attributes(seen: Sequence[tuple[_Key, _Seen]], sealer: Sealer) -> None:
    unknown = _without_known(ATTRIBUTES_AGAIN, seen, {"records": Uuids(item.record_id for _, item in seen)})
    records = {"records": Uuids(item.record_id for _, item in unknown)}
    _write(NEW_ATTRIBUTES, unknown, records | _sealed("records_attribute", unknown, sealer))


def _without_known(
    statement: str, seen: Sequence[tuple[_Key, _Seen]], more: Mapping[str, Any]
) -> Sequence[tuple[_Key, _Seen]]:
    """Note of those that are known when they were seen. Returns the others."""
    if not seen:
        return seen
    with planned_cursor() as cursor:
        cursor.execute(statement, {**_columns(seen), **more})
        known = {number for (number,) in cursor.fetchall()}
    return [item for number, item in enumerate(seen, 1) if number not in known]


def _sealed(table: str, seen: Sequence[tuple[_Key, _Seen]], sealer: Sealer) -> dict[str, Any]:
    """Ids for these in this table, and their values sealed there."""
    new_ids = [new_id() for _ in seen]
    sealed = [
        sealer.seal(source_profile, Place(table, "sealed", id), item.value.encode())
        for id, ((source_profile, _, _), item) in zip(new_ids, seen, strict=True)
    ]
    return {"new_ids": Uuids(new_ids), "sealed": ByteArray(sealed)}


def _write(statement: str, seen: Sequence[tuple[_Key, _Seen]], more: Mapping[str, Any]) -> None:
    if seen:
        with planned_cursor() as cursor:
            cursor.execute(statement, {**_columns(seen), **more})


def _columns(seen: Sequence[tuple[_Key, _Seen]]) -> dict[str, Any]:
    ids, names, hashes = zip(*(key for key, _ in seen), strict=True)
    return {
        "ids": Uuids(ids),
        "names": Texts(names),
        "hashes": ByteArray(hashes),
        "first": [item.first for _, item in seen],
        "last": [item.last for _, item in seen],
    }
