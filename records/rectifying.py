"""Rectifying: right values take the place of wrong ones in identifiers, attributes, records and what is generalized."""

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from records import aging, corrections
from records.contracts import texts_in
from records.dictionary import FIELDS, IDENTIFIERS, recognize
from records.envelopes.rows import DISCOVERED
from records.models import Attribute, Identifier, Record, SourceProfile
from records.reading import Known, KnownIdentifier, open_attributes, open_identifiers, open_records
from records.standardize import Absurd, Setting, identity_form, postcode_area, standardize
from vault import keys
from vault.grants import Grant
from vault.ids import new_id
from vault.index_columns import indexes_to_write
from vault.rotation_lock import hold_off
from vault.sealing import Opening, Place, Sealer, open_sealed, open_what_opens

AT_ONCE = 1_000
UNDECLARED = "undeclared"
REFUTED_UNDECLARED = corrections.REFUTED + UNDECLARED
# A record whose content was changed says so: rectified:FIELD.
RECTIFIED = "rectified:"
# A full name was split into these; its raw form goes with either.
FROM_FULL_NAME = frozenset({"given_name", "family_name"})
# What the device or the source gave the record; a person has no other value to put in its place.
NOT_OF_THE_PERSON = frozenset({"device_id", "ip_address", "page_url", "full_name"})
# What is left of a field whose value is gone.
GENERALIZED: dict[str, dict[str, Any]] = {
    "birth_date": {"birth_year": None},
    "postcode": {"postcode_area": ""},
    "country": {"country": ""},
}
RECTIFIABLE = tuple(name for name in FIELDS if name not in NOT_OF_THE_PERSON)


@dataclass(frozen=True)
class Rectified:
    """How many values of source profiles were replaced, added or taken out, and how many records were changed."""

    values: int
    records: int


@dataclass(frozen=True)
class Held:
    """The values that one source profile has in one field, with what stands beside them."""

    values: Sequence[Known | KnownIdentifier]

    def wrong(self, right: str) -> set[str]:
        return {known.value for known in self.values if known.value != right}


def put_right(
    source_profiles: Collection[UUID],
    right: Mapping[str, str],
    *,
    home: UUID,
    grant: Grant,
    request: UUID,
    now: datetime,
) -> Rectified:
    """Let these standardized values be the only ones of their fields, wherever these source profiles have another.

    A field in which none has anything is completed in `home`. What was wrong is refuted: no source brings it back.
    Call it in a transaction during which nobody takes in records. Safe to repeat.
    """
    ids = sorted(source_profiles)
    sealer = Sealer(keys.fetch_to_seal(ids))
    found = _held(ids, grant)
    held = {key for key in found if key[1] in right}
    missing = {(home, field) for field in right if not any(of == field for _, of in held)}
    values = 0
    for id, field in sorted(held | missing):
        values += _replace(id, field, right[field], found.get((id, field), Held(())), sealer, request, now)
    wrong = {
        _letters(value) for (_, field), held in found.items() if field in right for value in held.wrong(right[field])
    }
    records = _put_right_in_records(ids, right, wrong, grant, sealer)
    _generalize(held | missing, right, found)
    return Rectified(values=values, records=records)


def drop_refuted(
    wrong: Mapping[UUID, corrections.Wrong], *, among: Collection[UUID], grant: Grant, request: UUID, now: datetime
) -> set[UUID]:
    """Take out of these source profiles of one person what was put right in others (`wrong`, by source profile).

    Returns those that had something of it; to them, too, no source brings it back. What their records hold undeclared
    is looked into as well: on its way in nobody does.
    """
    hold_off()
    data_keys = keys.fetch_present({*among, *wrong})
    sealer = Sealer(data_keys)
    wrong = {id: theirs for id, theirs in wrong.items() if id in data_keys}
    touched = set()
    for (id, field), held in _held(sorted(data_keys.keys() & among), grant, opening=open_what_opens).items():
        bad = {known.value for known in held.values if _refuted_elsewhere(id, field, known.value, wrong, sealer)}
        if bad:
            corrections.refute(id, field, bad, sealer=sealer, request=request, now=now)
            gone = [known.id for known in held.values if known.value in bad]
            Identifier.objects.filter(id__in=gone).delete()
            Attribute.objects.filter(id__in=gone).delete()
            if len(gone) == len(held.values) and field in GENERALIZED:
                SourceProfile.objects.filter(id=id).update(**GENERALIZED[field])
            touched.add(id)
    _drop_undeclared(sorted(data_keys.keys() & among), wrong, grant, sealer, now)
    return touched


def _drop_undeclared(
    ids: Sequence[UUID], wrong: Mapping[UUID, corrections.Wrong], grant: Grant, sealer: Sealer, now: datetime
) -> None:
    """Take out of records, and flag, what they hold undeclared and what was put right, in whichever source profile."""
    records = Record.objects.filter(source_profile__in=ids, sealed__isnull=False, flags__contains=[DISCOVERED])
    sealed = list(records.select_related("source").order_by("received_at", "id"))
    for start in range(0, len(sealed), AT_ONCE):
        portion = sealed[start : start + AT_ONCE]
        opened = open_records(portion, grant, opening=open_what_opens)
        rows: dict[tuple[str, ...], list[tuple[datetime, UUID, bytes | None]]] = {}
        for record in portion:
            content = opened.get(record.id, {})
            held = content.get(UNDECLARED, {})
            setting = Setting(region=record.source.region, date_order=record.source.mapping.get("date_order"), now=now)
            left = {name: value for name, value in held.items() if not _bears_refuted(value, wrong, sealer, setting)}
            if len(left) < len(held):
                place = Place("records_record", "sealed", record.id)
                body = orjson.dumps({**content, UNDECLARED: left})
                resealed = (record.received_at, record.id, sealer.seal(record.source_profile_id, place, body))
                rows.setdefault(() if REFUTED_UNDECLARED in record.flags else (REFUTED_UNDECLARED,), []).append(
                    resealed
                )
        for flags, group in rows.items():
            aging.replace_sealed(group, flags=flags)


def _bears_refuted(value: object, wrong: Mapping[UUID, corrections.Wrong], sealer: Sealer, setting: Setting) -> bool:
    """Whether this undeclared value, or one within it, is a value that was put right, however it is written."""
    return any(
        corrections.is_refuted(id, field, {text, _tidy(text, field, setting)}, theirs, sealer)
        for text in texts_in([value])
        for id, theirs in wrong.items()
        for field in theirs
    )


def _tidy(text: str, field: str, setting: Setting) -> str:
    """The text as the door would have it in this field; as it is where that cannot be read."""
    try:
        return standardize(FIELDS[field].standardizer, text, setting).value or text
    except Absurd:
        return text


def _refuted_elsewhere(
    id: UUID, field: str, value: str, wrong: Mapping[UUID, corrections.Wrong], sealer: Sealer
) -> bool:
    return any(
        corrections.is_refuted(other, field, (value,), theirs, sealer) for other, theirs in wrong.items() if other != id
    )


def _held(ids: Sequence[UUID], grant: Grant, *, opening: Opening = open_sealed) -> dict[tuple[UUID, str], Held]:
    found: dict[tuple[UUID, str], list[Known | KnownIdentifier]] = {}
    for id, attributes in open_attributes(ids, grant, opening=opening).items():
        for attribute in attributes:
            found.setdefault((id, attribute.field), []).append(attribute)
    for id, identifiers in open_identifiers(ids, grant, opening=opening).items():
        for identifier in identifiers:
            found.setdefault((id, identifier.namespace), []).append(identifier)
    return {key: Held(values) for key, values in found.items()}


def _replace(id: UUID, field: str, right: str, held: Held, sealer: Sealer, request: UUID, now: datetime) -> int:
    wrong = held.wrong(right)
    corrections.refute(id, field, wrong, right=right, sealer=sealer, request=request, now=now)
    if field in IDENTIFIERS:
        _replace_identifier(id, field, right, held, sealer, now)
    else:
        _replace_attribute(id, field, right, held, sealer, request, now)
    return max(len(wrong), int(not held.values))


def _replace_identifier(id: UUID, field: str, right: str, held: Held, sealer: Sealer, now: datetime) -> None:
    theirs = [known for known in held.values if isinstance(known, KnownIdentifier)]
    Identifier.objects.filter(source_profile=id, namespace=field).delete()
    row, form = new_id(), identity_form(field, right)
    Identifier.objects.create(
        id=row,
        source_profile_id=id,
        namespace=field,
        index=indexes_to_write([(field, form)])[field, form],
        sealed=sealer.seal(id, Place("records_identifier", "sealed", row), right.encode()),
        verified=not theirs or any(known.verified for known in theirs),
        first_seen_at=min((known.first_seen_at for known in theirs if known.value == right), default=now),
        last_seen_at=now,
    )


def _replace_attribute(
    id: UUID, field: str, right: str, held: Held, sealer: Sealer, request: UUID, now: datetime
) -> None:
    theirs = [known for known in held.values if isinstance(known, Known)]
    Attribute.objects.filter(source_profile=id, field=field).delete()
    row = new_id()
    Attribute.objects.create(
        id=row,
        source_profile_id=id,
        field=field,
        digest=sealer.digest(id, field, right),
        sealed=sealer.seal(id, Place("records_attribute", "sealed", row), right.encode()),
        record_id=theirs[0].record_id if theirs else request,
        first_seen_at=min((known.first_seen_at for known in theirs if known.value == right), default=now),
        last_seen_at=now,
    )


def _put_right_in_records(
    ids: Sequence[UUID], right: Mapping[str, str], wrong: Set[str], grant: Grant, sealer: Sealer
) -> int:
    sealed = list(Record.objects.filter(source_profile__in=ids, sealed__isnull=False).order_by("received_at", "id"))
    changed = 0
    for start in range(0, len(sealed), AT_ONCE):
        portion = sealed[start : start + AT_ONCE]
        opened = open_records(portion, grant)
        rows: dict[tuple[str, ...], list[tuple[datetime, UUID, bytes | None]]] = {}
        for record in portion:
            fields = _put_right_in(opened[record.id], right, wrong)
            if fields:
                place = Place("records_record", "sealed", record.id)
                content = sealer.seal(record.source_profile_id, place, orjson.dumps(opened[record.id]))
                flags = tuple(RECTIFIED + name for name in fields if RECTIFIED + name not in record.flags)
                rows.setdefault(flags, []).append((record.received_at, record.id, content))
        for flags, group in rows.items():
            aging.replace_sealed(group, flags=flags)
            changed += len(group)
    return changed


def _put_right_in(content: dict[str, dict[str, Any]], right: Mapping[str, str], refuted: Set[str]) -> list[str]:
    """Change the content of a record; returns the fields in which it was wrong, and `undeclared` where that was."""
    fields, raw = content["fields"], content["raw"]
    bad = refuted | {_letters(raw[name]) for name in right if name in raw}
    bad -= {_letters(value) for value in right.values()}
    wrong = [name for name in right if name in fields and fields[name] != right[name]]
    # What came unread, or in a spelling of its own, is wrong as well once the value is.
    wrong += [name for name in right if name in raw and name not in wrong and (name not in fields)]
    for name in wrong:
        if name in fields:
            fields[name] = right[name]
        raw.pop(name, None)
    if FROM_FULL_NAME & set(wrong):
        raw.pop("full_name", None)
    if gone := {name for name, value in content.get(UNDECLARED, {}).items() if _is_wrong(name, value, right, bad)}:
        content[UNDECLARED] = {name: value for name, value in content[UNDECLARED].items() if name not in gone}
        wrong.append(UNDECLARED)
    return sorted(wrong)


def _is_wrong(name: str, value: object, right: Mapping[str, str], bad: Set[str]) -> bool:
    """Whether an undeclared value is a wrong one, or stands under the name of a field and is not the right one."""
    texts = {_letters(text) for text in texts_in([value])}
    field = recognize(name.rpartition(".")[2])
    return bool(texts & bad) or (field is not None and field in right and texts != {_letters(right[field])})


def _letters(text: str) -> str:
    """The text as its spellings have it in common."""
    return " ".join(text.casefold().split())


def _generalize(
    changed: Collection[tuple[UUID, str]], right: Mapping[str, str], found: Mapping[tuple[UUID, str], Held]
) -> None:
    """Let birth year, postcode area and country follow where their field was put right."""
    for known in SourceProfile.objects.filter(id__in={id for id, _ in changed}).order_by("id"):
        if (known.pk, "birth_date") in changed:
            known.birth_year = int(right["birth_date"][:4])
        if (known.pk, "country") in changed:
            known.country = right["country"]
        postcode = right.get("postcode") if (known.pk, "postcode") in changed else _latest(known.pk, "postcode", found)
        if postcode:
            known.postcode_area = postcode_area(postcode, known.country)
        known.save(update_fields=["birth_year", "postcode_area", "country"])


def _latest(id: UUID, field: str, found: Mapping[tuple[UUID, str], Held]) -> str | None:
    held = found.get((id, field))
    return held.values[0].value if held else None
