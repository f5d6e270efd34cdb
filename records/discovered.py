"""Discovered fields: what a source sends undeclared, listed by name and type until somebody declares or ignores it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from records.models import DiscoveredField, Source
from records.shown_names import shown
from vault.ids import new_id

MOST = 500
LONGEST = 200


@dataclass
class _Sight:
    types: set[str] = field(default_factory=set)
    count: int = 0


UPDATE = """
UPDATE records_discoveredfield AS known SET
    count = known.count + seen.count, last_seen_at = GREATEST(known.last_seen_at, %(now)s),
    types = ARRAY(
        SELECT DISTINCT type FROM unnest(known.types || string_to_array(seen.types, ' ')) AS type ORDER BY type
    )
FROM unnest(%(names)s::text[], %(types)s::text[], %(counts)s::bigint[]) AS seen (name, types, count)
WHERE known.source_id = %(source)s AND known.name = seen.name
RETURNING known.name
"""
# One transaction at a time adds names of a source, so that there are never more than so many.
LOCK = "SELECT pg_advisory_xact_lock(hashtext(%s))"
LOCK_KNOWN = "SELECT 1 FROM records_discoveredfield WHERE source_id = %s AND name = ANY(%s) ORDER BY name FOR UPDATE"
INSERT = """
INSERT INTO records_discoveredfield (id, source_id, name, types, count, first_seen_at, last_seen_at, ignored)
SELECT seen.id, %(source)s, seen.name, string_to_array(seen.types, ' '), seen.count, %(now)s, %(now)s, false
FROM unnest(%(ids)s::uuid[], %(names)s::text[], %(types)s::text[], %(counts)s::bigint[])
    AS seen (id, name, types, count)
LIMIT GREATEST(0, %(most)s - (SELECT count(*) FROM records_discoveredfield WHERE source_id = %(source)s))
ON CONFLICT (source_id, name) DO UPDATE SET
    count = records_discoveredfield.count + EXCLUDED.count, last_seen_at = EXCLUDED.last_seen_at
"""


def note(source: Source, undeclared: Iterable[Mapping[str, Any]], *, now: datetime) -> None:
    """Count the undeclared fields of these records, inside the caller's transaction. No value is kept here."""
    seen: dict[str, _Sight] = defaultdict(_Sight)
    for fields in undeclared:
        for name, value in fields.items():
            sight = seen[shown(name, longest=LONGEST)]
            sight.types.add(type_of(value))
            sight.count += 1
    if not seen:
        return
    with connection.cursor() as cursor:
        cursor.execute(LOCK_KNOWN, [source.pk, sorted(seen)])
        cursor.execute(UPDATE, _columns(source, seen, now))
        known = {name for (name,) in cursor.fetchall()}
        new = {name: seen[name] for name in sorted(seen.keys() - known)}
        if new:
            cursor.execute(LOCK, [f"discovered {source.pk}"])
            cursor.execute(INSERT, {**_columns(source, new, now), "ids": [new_id() for _ in new], "most": MOST})


def type_of(value: Any) -> str:
    """The type of a value, as JSON Schema calls it."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "number"
    if isinstance(value, list | tuple):
        return "array"
    return "object" if isinstance(value, dict) else "string"


def waiting(source: Source) -> "QuerySet[DiscoveredField]":
    """Those that nobody has declared or ignored, what came most often first."""
    return source.discovered_fields.filter(ignored=False).order_by("-count", "name")


def can_be_declared(name: str) -> bool:
    """Whether the name stands here as its source writes it; of what may be somebody's a part was taken out."""
    return "…" not in name and "•" not in name and len(name) < LONGEST


def ignore(id: UUID, *, ignored: bool = True) -> None:
    """Hide it from the list, or show it again; what comes of it is kept sealed while the source discovers."""
    DiscoveredField.objects.filter(pk=id).update(ignored=ignored)


def erase(ids: Iterable[UUID]) -> int:
    """Delete these, whose names bear somebody who is erased. Returns how many there were."""
    return DiscoveredField.objects.filter(pk__in=list(ids)).delete()[0]


def forget(source: Source, names: Iterable[str]) -> None:
    """Take these off the list: they are declared now."""
    source.discovered_fields.filter(name__in=list(names)).delete()


def _columns(source: Source, seen: Mapping[str, _Sight], now: datetime) -> dict[str, Any]:
    return {
        "source": source.pk,
        "now": now,
        "names": list(seen),
        "types": [" ".join(sorted(sight.types)) for sight in seen.values()],
        "counts": [sight.count for sight in seen.values()],
    }
