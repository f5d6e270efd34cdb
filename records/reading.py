"""Reading what is sealed: identifiers, attributes and records, with a grant.

`opening` says what becomes of values whose key is gone: an error (`open_sealed`), or left out (`open_what_opens`).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from records.models import Attribute, Identifier, Record
from vault.grants import Grant
from vault.sealing import Opening, Place, Sealed, open_sealed


@dataclass(frozen=True, slots=True)
class Known:
    """A value that a source profile has had in a field, and when it was seen."""

    id: UUID
    field: str
    value: str
    first_seen_at: datetime
    last_seen_at: datetime
    record_id: UUID


@dataclass(frozen=True, slots=True)
class KnownIdentifier:
    """An identifier seen on a source profile."""

    id: UUID
    namespace: str
    value: str
    verified: bool
    first_seen_at: datetime
    last_seen_at: datetime


def open_attributes(
    source_profiles: Collection[UUID], grant: Grant, *, opening: Opening = open_sealed
) -> dict[UUID, list[Known]]:
    """What these source profiles have had in each field, the latest first."""
    rows = list(Attribute.objects.filter(source_profile__in=list(source_profiles)).order_by("-last_seen_at", "-id"))
    sealed = [
        Sealed(row.source_profile_id, Place("records_attribute", "sealed", row.id), row.sealed, row.field)
        for row in rows
    ]
    found: dict[UUID, list[Known]] = defaultdict(list)
    for row, value in zip(rows, opening(sealed, grant, action="read attributes"), strict=True):
        if value is None:
            continue
        found[row.source_profile_id].append(
            Known(row.id, row.field, value.decode(), row.first_seen_at, row.last_seen_at, row.record_id)
        )
    return found


def open_identifiers(
    source_profiles: Collection[UUID], grant: Grant, *, opening: Opening = open_sealed
) -> dict[UUID, list[KnownIdentifier]]:
    """The identifiers of these source profiles, the latest first."""
    rows = list(Identifier.objects.filter(source_profile__in=list(source_profiles)).order_by("-last_seen_at", "-id"))
    sealed = [
        Sealed(row.source_profile_id, Place("records_identifier", "sealed", row.id), row.sealed, row.namespace)
        for row in rows
    ]
    found: dict[UUID, list[KnownIdentifier]] = defaultdict(list)
    for row, value in zip(rows, opening(sealed, grant, action="read identifiers"), strict=True):
        if value is None:
            continue
        found[row.source_profile_id].append(
            KnownIdentifier(row.id, row.namespace, value.decode(), row.verified, row.first_seen_at, row.last_seen_at)
        )
    return found


def open_records(
    records: Iterable[Record], grant: Grant, *, opening: Opening = open_sealed
) -> dict[UUID, dict[str, Any]]:
    """The sealed content of these records by record id: `fields` in normal form, and `raw` values as they came."""
    rows = [record for record in records if record.sealed is not None]
    sealed = [
        Sealed(row.source_profile_id, Place("records_record", "sealed", row.id), row.sealed or b"") for row in rows
    ]
    opened = opening(sealed, grant, action="read records")
    return {row.id: orjson.loads(content) for row, content in zip(rows, opened, strict=True) if content is not None}
