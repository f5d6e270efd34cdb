"""The store: records appended, and what they say of a source profile kept as identifiers and attributes, all sealed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection
from msgspec import Struct
from msgspec.structs import replace
from psycopg.types.json import Jsonb

from records import generalized, sightings
from records.corrections import REFUTED, Wrong, is_refuted, refuted
from records.dictionary import FIELDS, PLAIN
from records.earlier_forms import earlier_forms
from records.envelope import Envelope
from records.models import Source
from records.sightings import Told
from vault.cursors import copy_rows
from vault.ids import new_id
from vault.index_columns import indexes_to_write
from vault.sealing import Place, Sealer

RECORD_COLUMNS = {
    "id": "uuid",
    "received_at": "timestamptz",
    "source_id": "uuid",
    "source_profile_id": "uuid",
    "message_hash": "bytea",
    "kind": "text",
    "event": "text",
    "occurred_at": "timestamptz",
    "properties": "jsonb",
    "sealed": "bytea",
    "flags": "varchar[]",
    "cleaned": "varchar[]",
    "mapping_version": "int4",
}


class Accepted(Struct, frozen=True):
    """An envelope that may be kept, and the source profile that it belongs to.

    `known_since`: from then on the source's stable key tells nothing new of it (`records.source_profiles.Found`).
    """

    envelope: Envelope
    source_profile: UUID
    known_since: datetime | None = None


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
        indexes = indexes_to_write(sightings.identifiers_of(item.envelope for item in believed))
    told = [_told(item, id, source.stable_key) for item, id in zip(believed, ids, strict=True)]
    sightings.note(told, source, sealer, indexes)
    generalized.note(told)


def _told(item: Accepted, id: UUID, stable_key: str) -> Told:
    """What the record says that is not known of its source profile, as far as one can tell by the stable key."""
    fields, at = item.envelope.fields, item.envelope.occurred_at
    is_known = item.known_since is not None and item.known_since <= at
    if is_known:
        fields = {name: value for name, value in fields.items() if name != stable_key}
    return Told(item.source_profile, id, at, fields, is_known)


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
    fields, raw = item.envelope.fields, item.envelope.raw
    believed = {
        name: value
        for name, value in fields.items()
        if not is_refuted(item.source_profile, name, (value, *earlier_forms(name, raw)), wrong, sealer)
    }
    return replace(item, envelope=replace(item.envelope, fields=believed))


def _flagged(item: Accepted, believed: Accepted) -> Accepted:
    """The record keeps what came, and says what of it was known to be wrong."""
    wrong = item.envelope.fields.keys() - believed.envelope.fields.keys()
    if not wrong:
        return item
    flags = (*item.envelope.flags, *(REFUTED + name for name in sorted(wrong)))
    return replace(item, envelope=replace(item.envelope, flags=flags))


def _append_records(
    accepted: Sequence[Accepted], ids: Sequence[UUID], source: Source, sealer: Sealer, now: datetime
) -> None:
    with connection.cursor() as cursor:
        for day in {now.date(), *(item.envelope.received_at.date() for item in accepted if item.envelope.received_at)}:
            cursor.execute("SELECT records_make_partition(%s::date)", [day])
    rows = (_record_row(item, id, source, sealer, now) for item, id in zip(accepted, ids, strict=True))
    copy_rows("records_record", RECORD_COLUMNS, rows)


def _record_row(item: Accepted, id: UUID, source: Source, sealer: Sealer, now: datetime) -> tuple[object, ...]:
    envelope = item.envelope
    return (
        id,
        envelope.received_at or now,
        source.id,
        item.source_profile,
        envelope.message_hash,
        envelope.kind,
        envelope.event,
        envelope.occurred_at,
        Jsonb(envelope.properties, dumps=orjson.dumps),
        seal_record(item, id, sealer),
        list(envelope.flags),
        # Nothing at all costs a bit of the row; an empty list would cost it sixteen bytes.
        list(envelope.cleaned) or None,
        source.mapping_version,
    )


def seal_record(item: Accepted, id: UUID, sealer: Sealer) -> bytes | None:
    """The record's fields, raw and undeclared values as one sealed JSON object; None when none tells who it is."""
    fields, raw, undeclared = item.envelope.fields, item.envelope.raw, item.envelope.undeclared
    if not raw and not undeclared and all(FIELDS[name].sensitivity == PLAIN for name in fields):
        return None
    more = {"undeclared": undeclared} if undeclared else {}
    content = orjson.dumps({"fields": fields, "raw": raw, **more}, default=str)
    return sealer.seal(item.source_profile, Place("records_record", "sealed", id), content)


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
