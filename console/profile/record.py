"""One record of a person: when and from where it came, what it said, and what each cleaning step made of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from access.masking import mask, mask_addresses
from console.asking import Person
from console.profile.flags import called, field_of, in_words
from console.profile.timeline import title_of
from console.showing import shown
from pipeline.models import Work
from records.dictionary import FIELDS, SENSITIVITIES
from records.models import Record
from records.priced import PROPERTY
from records.reading import open_records
from records.rules import RULES
from vault import audit
from vault.sealing import open_what_opens


@dataclass(frozen=True)
class Step:
    """A cleaning step that changed something: the rule with its version, and what the rule says now."""

    label: str
    says: str


@dataclass(frozen=True)
class Line:
    """One field of a record: what came, what was made of it, and by which step."""

    label: str
    sensitivity: str
    raw: str
    value: str
    step: Step | None
    notes: list[str]


@dataclass(frozen=True)
class RecordPage:
    """One record, as far as it may be shown."""

    id: UUID
    title: str
    kind: str
    source: str
    source_kind: str
    source_profile: UUID
    mapping_version: int
    occurred_at: datetime
    received_at: datetime
    waits_since: datetime | None
    is_open: bool
    lines: list[Line] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def record_page(person: Person, id: UUID, *, revealed: bool) -> RecordPage | None:
    """The record with this id among those of the person that may be looked at; what is sealed only with the grant to
    serve them. The look stands in the audit log before anything is shown. None where there is no such record."""
    found = Record.objects.filter(source_profile__in=person.readable, id=id).select_related("source").first()
    if found is None:
        return None
    is_served = found.source_profile_id in person.served
    grant = person.grant if is_served else person.activity
    if grant is None:
        return None
    audit.write(grant, [found.source_profile_id], action="open record", fields=["events"])
    content = open_records([found], grant, opening=open_what_opens).get(found.id, {}) if is_served else {}
    waits = Work.objects.filter(source_profile_id=found.source_profile_id).order_by("id").first()
    return RecordPage(
        id=found.id,
        title=title_of(found, revealed=revealed),
        kind=found.kind,
        source=found.source.name,
        source_kind=found.source.kind,
        source_profile=found.source_profile_id,
        mapping_version=found.mapping_version,
        occurred_at=found.occurred_at,
        received_at=found.received_at,
        waits_since=waits.enqueued_at if waits else None,
        is_open=is_served and bool(content or found.sealed is None),
        lines=_lines(found, content, revealed=revealed) if is_served else [],
        properties=_properties(found.properties, revealed=revealed),
        notes=[in_words(flag) for flag in found.flags if not field_of(flag)],
    )


def _lines(record: Record, content: Mapping[str, Mapping[str, str]], *, revealed: bool) -> list[Line]:
    """In the order of the data dictionary, properties last."""
    values, raw = content.get("fields", {}), content.get("raw", {})
    steps = dict(step.rpartition(":")[::2] for step in record.cleaned or ())
    notes: dict[str, list[str]] = {}
    for flag in record.flags:
        if name := field_of(flag):
            notes.setdefault(name, []).append(in_words(flag))
    places = {name: place for place, name in enumerate(FIELDS)}
    names = sorted({*values, *raw, *steps, *notes}, key=lambda name: (places.get(name, len(places)), name))
    return [
        Line(
            label=called(name),
            sensitivity=SENSITIVITIES[FIELDS[name].sensitivity] if name in FIELDS else "property",
            raw=_raw(name, raw[name], revealed=revealed) if name in raw else "",
            value=_value(name, values, record.properties, revealed=revealed),
            step=_step(steps[name]) if name in steps else None,
            notes=notes.get(name, []),
        )
        for name in names
    ]


def _raw(name: str, raw: str, *, revealed: bool) -> str:
    """What came may be anything, whatever the field is for: it is masked in every field."""
    return raw if revealed else mask(name, raw.strip())


def _value(name: str, values: Mapping[str, str], properties: Mapping[str, Any], *, revealed: bool) -> str:
    if name in values:
        return shown(name, values[name], revealed=revealed)
    of_property = properties.get(name.removeprefix(PROPERTY)) if name.startswith(PROPERTY) else None
    return str(of_property) if of_property is not None else ""


def _step(label: str) -> Step:
    rule = RULES.get(label.partition("/")[0])
    return Step(label, rule.says if rule and rule.label == label else "An earlier version of this rule.")


def _properties(properties: Mapping[str, Any], *, revealed: bool) -> list[tuple[str, str]]:
    return [
        (name, str(value) if revealed else mask_addresses(str(value))) for name, value in sorted(properties.items())
    ]
