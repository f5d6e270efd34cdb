"""The store: records appended, and what they say of a source profile kept as identifiers and attributes, all sealed."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection
from psycopg.types.json import Jsonb

from records.corrections import REFUTED, Wrong, is_refuted, refuted
from records.dictionary import FIELDS, PLAIN
from records.envelope import Envelope
from records.models import Source
from records.standardize import identity_form, postcode_area
from vault.ids import new_id
from vault.index_columns import indexes_to_write
from vault.sealing import Place, Sealer

RECORD_COLUMNS = (
    "id",
    "received_at",
    "source_id",
    "source_profile_id",
    "message_hash",
    "kind",
    "event",
    "occurred_at",
    "properties",
    "sealed",
    "flags",
    "mapping_version",
)
RECORD_TYPES = (
    *("uuid", "timestamptz", "uuid", "uuid", "bytea", "text", "text", "timestamptz"),
    *("jsonb", "bytea", "varchar[]", "int4"),
)
# A device's own address and the page are facts of the record, not of the person.
NOT_ATTRIBUTES = frozenset({"ip_address", "page_url"})


@dataclass(frozen=True, slots=True)
class Accepted:
    """An envelope that may be kept, and the source profile that it belongs to."""

    envelope: Envelope
    source_profile: UUID


@dataclass(slots=True)
class _Seen:
    """A value of a source profile, with the first and last time that this batch saw it."""

    value: str
    record_id: UUID
    first: datetime
    last: datetime


def append(
    accepted: Sequence[Accepted],
    source: Source,
    sealer: Sealer,
    *,
    now: datetime,
    indexes: Mapping[tuple[str, str], bytes] | None = None,
) -> None:
    """Append these records, and note their identifiers and attributes, inside the caller's transaction.

    `indexes` are the blind indexes of their identifiers, for a caller that has asked for them already.
    """
    ids = [new_id() for _ in accepted]
    believed = _without_refuted(accepted, sealer)
    _append_records([_flagged(*pair) for pair in zip(accepted, believed, strict=True)], ids, source, sealer, now)
    if indexes is None:
        indexes = indexes_to_write(identifiers_of(item.envelope for item in believed))
    identifiers: dict[tuple[UUID, str, bytes], _Seen] = {}
    attributes: dict[tuple[UUID, str, bytes], _Seen] = {}
    for item, id in zip(believed, ids, strict=True):
        at = item.envelope.occurred_at
        for name, value in item.envelope.fields.items():
            if name in NOT_ATTRIBUTES:
                continue
            if FIELDS[name].identifier:
                key = (item.source_profile, name, indexes[name, identity_form(name, value)])
                _note(identifiers, key, value, id, at)
            else:
                key = (item.source_profile, name, sealer.digest(item.source_profile, name, value))
                _note(attributes, key, value, id, at)
    _note_identifiers(identifiers, source, sealer)
    _note_attributes(attributes, sealer)
    _note_generalized(believed)


def _without_refuted(accepted: Sequence[Accepted], sealer: Sealer) -> Sequence[Accepted]:
    """What is taken for true: all but the values that a person has had put right."""
    wrong = refuted({item.source_profile for item in accepted})
    if not wrong:
        return accepted
    return [
        _believed(item, wrong[item.source_profile], sealer) if item.source_profile in wrong else item
        for item in accepted
    ]


def _believed(item: Accepted, wrong: Wrong, sealer: Sealer) -> Accepted:
    fields = item.envelope.fields
    believed = {
        name: value for name, value in fields.items() if not is_refuted(item.source_profile, name, value, wrong, sealer)
    }
    return replace(item, envelope=replace(item.envelope, fields=believed))


def _flagged(item: Accepted, believed: Accepted) -> Accepted:
    """The record keeps what came, and says what of it was known to be wrong."""
    wrong = item.envelope.fields.keys() - believed.envelope.fields.keys()
    if not wrong:
        return item
    flags = (*item.envelope.flags, *(REFUTED + name for name in sorted(wrong)))
    return replace(item, envelope=replace(item.envelope, flags=flags))


def identifiers_of(envelopes: Iterable[Envelope]) -> set[tuple[str, str]]:
    """Every identifier in these envelopes, with its value in the form that is indexed."""
    return {
        (name, identity_form(name, value))
        for envelope in envelopes
        for name, value in envelope.fields.items()
        if FIELDS[name].identifier
    }


def _note(
    seen: dict[tuple[UUID, str, bytes], _Seen], key: tuple[UUID, str, bytes], value: str, id: UUID, at: datetime
) -> None:
    known = seen.get(key)
    if known is None:
        seen[key] = _Seen(value, id, at, at)
        return
    known.first = min(known.first, at)
    if at >= known.last:
        known.last, known.record_id = at, id


def _append_records(
    accepted: Sequence[Accepted], ids: Sequence[UUID], source: Source, sealer: Sealer, now: datetime
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT records_make_partition(%s::date)", [now.date()])
        with cursor.copy(f"COPY records_record ({', '.join(RECORD_COLUMNS)}) FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(RECORD_TYPES)
            for item, id in zip(accepted, ids, strict=True):
                copy.write_row(_record_row(item, id, source, sealer, now))


def _record_row(item: Accepted, id: UUID, source: Source, sealer: Sealer, now: datetime) -> tuple[object, ...]:
    envelope = item.envelope
    return (
        id,
        now,
        source.id,
        item.source_profile,
        envelope.message_hash,
        envelope.kind,
        envelope.event,
        envelope.occurred_at,
        Jsonb(envelope.properties, dumps=orjson.dumps),
        seal_record(item, id, sealer),
        list(envelope.flags),
        source.mapping_version,
    )


def seal_record(item: Accepted, id: UUID, sealer: Sealer) -> bytes | None:
    """The record's identifying fields and raw values as one sealed JSON object; None when it has none."""
    fields = {name: value for name, value in item.envelope.fields.items() if FIELDS[name].sensitivity != PLAIN}
    if not fields and not item.envelope.raw:
        return None
    content = orjson.dumps({"fields": fields, "raw": item.envelope.raw})
    return sealer.seal(item.source_profile, Place("records_record", "sealed", id), content)


# Identifiers that are known already, locked in the order in which others are inserted; returns which of these they are,
# by number.
SEE_AGAIN = """
WITH locked AS MATERIALIZED (
    SELECT known.id, seen.number, seen.verified, seen.first_at, seen.last_at
    FROM unnest(%b::uuid[], %b::text[], %b::bytea[], %b::bool[], %b::timestamptz[], %b::timestamptz[])
        WITH ORDINALITY AS seen (source_profile_id, namespace, index, verified, first_at, last_at, number)
    JOIN records_identifier AS known USING (source_profile_id, namespace, index)
    ORDER BY seen.number FOR NO KEY UPDATE OF known
)
UPDATE records_identifier AS known SET
    first_seen_at = LEAST(known.first_seen_at, locked.first_at),
    last_seen_at = GREATEST(known.last_seen_at, locked.last_at),
    verified = known.verified OR locked.verified
FROM locked WHERE known.id = locked.id
RETURNING locked.number
"""
NOTE_IDENTIFIERS = """
INSERT INTO records_identifier (id, source_profile_id, namespace, index, sealed, verified, first_seen_at, last_seen_at)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::bytea[], %b::bytea[], %b::bool[],
                     %b::timestamptz[], %b::timestamptz[])
ON CONFLICT (source_profile_id, namespace, index) DO UPDATE SET
    first_seen_at = LEAST(records_identifier.first_seen_at, excluded.first_seen_at),
    last_seen_at = GREATEST(records_identifier.last_seen_at, excluded.last_seen_at),
    verified = records_identifier.verified OR excluded.verified
"""


def _note_identifiers(seen: dict[tuple[UUID, str, bytes], _Seen], source: Source, sealer: Sealer) -> None:
    verified = not source.client_side
    ordered = sorted(seen.items())
    known = _seen_again([(*key, verified, item.first, item.last) for key, item in ordered])
    rows = []
    for number, ((source_profile, namespace, index), item) in enumerate(ordered, 1):
        if number in known:
            continue
        id = new_id()
        sealed = sealer.seal(source_profile, Place("records_identifier", "sealed", id), item.value.encode())
        rows.append((id, source_profile, namespace, index, sealed, verified, item.first, item.last))
    _insert(NOTE_IDENTIFIERS, rows)


def _seen_again(rows: Sequence[tuple[object, ...]]) -> set[int]:
    """Note when these identifiers were seen, as far as they are known. Returns the numbers of those, from 1."""
    if not rows:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(SEE_AGAIN, [list(column) for column in zip(*rows, strict=True)])
        return {number for (number,) in cursor.fetchall()}


NOTE_ATTRIBUTES = """
INSERT INTO records_attribute (id, source_profile_id, field, digest, sealed, record_id, first_seen_at, last_seen_at)
SELECT * FROM unnest(%b::uuid[], %b::uuid[], %b::text[], %b::bytea[], %b::bytea[], %b::uuid[],
                     %b::timestamptz[], %b::timestamptz[])
ON CONFLICT (source_profile_id, field, digest) DO UPDATE SET
    record_id = CASE WHEN excluded.last_seen_at >= records_attribute.last_seen_at
                     THEN excluded.record_id ELSE records_attribute.record_id END,
    first_seen_at = LEAST(records_attribute.first_seen_at, excluded.first_seen_at),
    last_seen_at = GREATEST(records_attribute.last_seen_at, excluded.last_seen_at)
"""


def _note_attributes(seen: dict[tuple[UUID, str, bytes], _Seen], sealer: Sealer) -> None:
    rows = []
    for (source_profile, field, digest), item in sorted(seen.items()):
        id = new_id()
        sealed = sealer.seal(source_profile, Place("records_attribute", "sealed", id), item.value.encode())
        rows.append((id, source_profile, field, digest, sealed, item.record_id, item.first, item.last))
    _insert(NOTE_ATTRIBUTES, rows)


# The latest word counts; what comes late fills what was missing.
NOTE_GENERALIZED = """
UPDATE records_sourceprofile AS known SET
    birth_year = CASE WHEN new.last_seen_at >= known.last_seen_at THEN COALESCE(new.birth_year, known.birth_year)
                      ELSE COALESCE(known.birth_year, new.birth_year) END,
    postcode_area = CASE WHEN new.postcode_area = '' OR known.postcode_area <> ''
                              AND new.last_seen_at < known.last_seen_at
                         THEN known.postcode_area ELSE new.postcode_area END,
    country = CASE WHEN new.country = '' OR known.country <> '' AND new.last_seen_at < known.last_seen_at
                   THEN known.country ELSE new.country END,
    first_seen_at = LEAST(known.first_seen_at, new.first_seen_at),
    last_seen_at = GREATEST(known.last_seen_at, new.last_seen_at)
FROM unnest(%b::uuid[], %b::smallint[], %b::text[], %b::text[], %b::timestamptz[], %b::timestamptz[])
    AS new (id, birth_year, postcode_area, country, first_seen_at, last_seen_at)
WHERE known.id = new.id
"""


def _note_generalized(accepted: Iterable[Accepted]) -> None:
    latest: dict[UUID, dict[str, str]] = {}
    span: dict[UUID, tuple[datetime, datetime]] = {}
    for item in sorted(accepted, key=lambda item: item.envelope.occurred_at):
        at = item.envelope.occurred_at
        latest.setdefault(item.source_profile, {}).update(item.envelope.fields)
        first, _ = span.get(item.source_profile, (at, at))
        span[item.source_profile] = (first, at)
    rows = []
    for id in sorted(latest):
        fields = latest[id]
        birth_year = int(fields["birth_date"][:4]) if "birth_date" in fields else None
        area = postcode_area(fields["postcode"], fields.get("country")) if "postcode" in fields else ""
        rows.append((id, birth_year, area, fields.get("country", ""), *span[id]))
    _insert(NOTE_GENERALIZED, rows)


def _insert(statement: str, rows: Sequence[tuple[object, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(statement, [list(column) for column in zip(*rows, strict=True)])


TWINS = """
SELECT twin.id, known.id
FROM unnest(%b::uuid[], %b::bytea[]) AS new (id, digest)
JOIN records_attribute AS known ON known.id = new.id
JOIN records_attribute AS twin
    ON twin.source_profile_id = known.source_profile_id AND twin.field = known.field
    AND twin.digest = new.digest AND twin.id <> known.id
"""
FOLD = """
UPDATE records_attribute AS known SET
    first_seen_at = LEAST(known.first_seen_at, twin.first_seen_at),
    last_seen_at = GREATEST(known.last_seen_at, twin.last_seen_at),
    record_id = CASE WHEN twin.last_seen_at >= known.last_seen_at THEN twin.record_id ELSE known.record_id END
FROM unnest(%b::uuid[], %b::uuid[]) AS pair (twin, known)
JOIN records_attribute AS twin ON twin.id = pair.twin
WHERE known.id = pair.known
"""


def twins(digests: Mapping[UUID, bytes]) -> dict[UUID, UUID]:
    """Attributes that already have a digest that one of these is about to get, each with that one: the same value,
    noted a second time while a rotation of its key stood still."""
    with connection.cursor() as cursor:
        cursor.execute(TWINS, [list(digests), list(digests.values())])
        return dict(cursor.fetchall())


def fold(pairs: Mapping[UUID, UUID]) -> None:
    """Let the second attribute of each pair know what the first does, and delete the first."""
    with connection.cursor() as cursor:
        cursor.execute(FOLD, [list(pairs), list(pairs.values())])
        cursor.execute("DELETE FROM records_attribute WHERE id = ANY(%b)", [list(pairs)])
