"""Versions of mappings and contracts: who saved which when, and in what each differs from the one before."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from records import json_schema
from records.models import ContractVersion, MappingVersion, Source

LONGEST_VALUE = 120
MOST_CHANGES = 100
ADDED, REMOVED, CHANGED = "added", "removed", "changed"


@dataclass(frozen=True)
class Change:
    """One place that differs from the version before: what it is called, what it was and what it is now."""

    kind: str
    place: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True)
class Version:
    """One version, the changes that it brought, and who saved it; nobody knows who saved those without `saved_by`."""

    number: int
    saved_by: str
    saved_at: datetime
    content: Any
    changes: list[Change]
    mode: str = ""


def note_mapping(source: Source, *, by: str) -> None:
    """Keep the source's mapping as its version, inside the caller's transaction."""
    MappingVersion.objects.create(
        source=source,
        version=source.mapping_version,
        mapping=source.mapping,
        saved_by=by,
        saved_at=timezone.now(),
    )


def note_contract(source: Source, *, by: str) -> None:
    """Keep the source's contract as its version, inside the caller's transaction."""
    ContractVersion.objects.create(
        source=source,
        version=source.contract_version,
        mode=source.contract_mode,
        schema=source.contract_schema,
        saved_by=by,
        saved_at=timezone.now(),
    )


def of_mapping(source: Source) -> list[Version]:
    """Every mapping that the source has had, the latest first."""
    before: Any = {}
    found = []
    for row in source.mapping_versions.order_by("version"):
        changes = changes_between(before, row.mapping)
        found.append(Version(row.version, row.saved_by, row.saved_at, row.mapping, changes))
        before = row.mapping
    return found[::-1]


def of_contract(source: Source) -> list[Version]:
    """Every contract that the source has had, the latest first. Before the first it was strict, without a schema."""
    before: dict[str, Any] = {"mode": "strict"}
    found = []
    for row in source.contract_versions.order_by("version"):
        schema = json_schema.parsed(row.schema) if row.schema else {}
        now = {"mode": row.mode, **({"schema": schema} if schema else {})}
        changes = changes_between(before, now)
        found.append(Version(row.version, row.saved_by, row.saved_at, schema, changes, row.mode))
        before = now
    return found[::-1]


def mapping_of(source: Source, version: int) -> dict[str, Any]:
    """The mapping of this version. Raises `MappingVersion.DoesNotExist`."""
    mapping: dict[str, Any] = source.mapping_versions.get(version=version).mapping
    return mapping


def contract_of(source: Source, version: int) -> ContractVersion:
    """The contract of this version. Raises `ContractVersion.DoesNotExist`."""
    return source.contract_versions.get(version=version)


def changes_between(before: Any, after: Any) -> list[Change]:
    """What was added, removed and changed, place by place."""
    old, new = dict(_places(before)), dict(_places(after))
    changes = [Change(REMOVED, place, before=old[place]) for place in old if place not in new]
    changes += [Change(ADDED, place, after=new[place]) for place in new if place not in old]
    changes += [
        Change(CHANGED, place, before=old[place], after=new[place])
        for place in old
        if place in new and old[place] != new[place]
    ]
    return changes[:MOST_CHANGES]


def _places(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _places(inner, f"{path} › {name}" if path else str(name))
    elif path:
        yield path, json.dumps(value, ensure_ascii=False)[:LONGEST_VALUE] if not isinstance(value, str) else value
