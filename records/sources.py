"""Sources: added with sensible defaults, found by write key."""

from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from phonenumbers import SUPPORTED_REGIONS

from access.secrets import digest, new_secret
from records import json_schema, versions
from records.dictionary import IDENTIFIERS
from records.mapping import faults
from records.models import IOT, MODES, OFFLINE, ONLINE, ROWS, SEGMENT, STRICT, Source
from vault.cursors import planned_cursor

KINDS = (ONLINE, OFFLINE, IOT)
FORMATS = {ONLINE: SEGMENT, OFFLINE: ROWS, IOT: ROWS}
HIGHEST_RANK = 100
STABLE_KEYS = {ONLINE: "account_id", OFFLINE: "customer_number", IOT: ""}


class UnknownKind(ValueError):
    """A source must be online, offline or iot."""


def add(
    name: str,
    *,
    kind: str,
    format: str | None = None,
    stable_key: str | None = None,
    client_side: bool = False,
    purposes: Sequence[str] = ("service",),
    trust_rank: int = 50,
    retention_days: int = 1095,
    records_per_minute: int | None = None,
    region: str = "GB",
    mapping: Mapping[str, Any] | None = None,
    contract_mode: str = STRICT,
    contract_schema: str = "",
    by: str = "",
) -> tuple[Source, str]:
    """A new source and its write key, which is shown this once. `by` is the opaque id of whoever adds it.

    Raises `UnknownKind`, and `django.core.exceptions.ValidationError` naming each field that cannot stand.
    """
    if kind not in KINDS:
        raise UnknownKind(f"unknown kind {kind!r}; choose from {', '.join(KINDS)}")
    secret = new_secret("wk")
    source = Source(
        name=name,
        kind=kind,
        format=format or FORMATS[kind],
        stable_key=STABLE_KEYS[kind] if stable_key is None else stable_key,
        client_side=client_side,
        purposes=list(purposes),
        trust_rank=trust_rank,
        retention_days=retention_days,
        records_per_minute=records_per_minute,
        region=region,
        mapping=mapping or {},
        contract_mode=contract_mode,
        contract_schema=contract_schema,
        # 0 is a source without a contract of its own.
        contract_version=int((contract_mode, contract_schema) != (STRICT, "")),
        write_key_digest=secret.digest,
        write_key_hint=secret.hint,
    )
    _check(source)
    with transaction.atomic():
        source.save()
        versions.note_mapping(source, by=by)
        if source.contract_version:
            versions.note_contract(source, by=by)
    return source, secret.text


CHANGEABLE = frozenset(
    {
        "enabled",
        "mapping",
        "purposes",
        "trust_rank",
        "retention_days",
        "region",
        "client_side",
        "stable_key",
        "records_per_minute",
        "contract_mode",
        "contract_schema",
    }
)
CONTRACT = ("contract_mode", "contract_schema")


def change(source: Source, *, by: str = "", **changes: Any) -> Source:
    """The source with these fields changed; a changed mapping gets a new version, and so does a changed contract.

    `by` is the opaque id of whoever changes it. Raises `django.core.exceptions.ValidationError` naming the field, and
    then has changed nothing.
    """
    unknown = sorted(set(changes) - CHANGEABLE)
    if unknown:
        raise ValidationError({unknown[0]: f"cannot be changed; allowed: {', '.join(sorted(CHANGEABLE))}"})
    with transaction.atomic():
        fresh = Source.objects.select_for_update(no_key=True).get(pk=source.pk)
        mapped = "mapping" in changes and changes["mapping"] != fresh.mapping
        agreed = any(name in changes and changes[name] != getattr(fresh, name) for name in CONTRACT)
        fresh.mapping_version += mapped
        fresh.contract_version += agreed
        for name, value in changes.items():
            setattr(fresh, name, value)
        _check(fresh)
        fresh.save(update_fields=[*changes, "mapping_version", "contract_version"])
        if mapped:
            versions.note_mapping(fresh, by=by)
        if agreed:
            versions.note_contract(fresh, by=by)
    return fresh


def _check(source: Source) -> None:
    wrong: dict[str, list[str]] = {}
    if mapping_faults := faults(source.mapping):
        wrong["mapping"] = mapping_faults
    elif source.format == SEGMENT and {"account_id", "device_id"} & set(source.mapping.get("fields", {}).values()):
        wrong["mapping"] = ["account_id and device_id of a Segment message are its userId and anonymousId."]
    if source.contract_mode not in MODES:
        wrong["contract_mode"] = [f"Choose one of {', '.join(MODES)}."]
    if schema_faults := json_schema.faults(source.contract_schema):
        wrong["contract_schema"] = schema_faults
    if source.stable_key and source.stable_key not in IDENTIFIERS:
        wrong["stable_key"] = [f"Choose one of {', '.join(sorted(IDENTIFIERS))}, or leave it empty."]
    if source.region not in SUPPORTED_REGIONS:
        wrong["region"] = ["Give the two letters of a country, such as GB."]
    if not 0 <= source.trust_rank <= HIGHEST_RANK:
        wrong["trust_rank"] = [f"Give a number from 0 to {HIGHEST_RANK}."]
    try:
        source.full_clean(exclude=wrong)
    except ValidationError as error:
        wrong |= error.message_dict
    if wrong:
        raise ValidationError(wrong)


def renew_write_key(source: Source) -> str:
    """A new write key for this source; the old one ends at once."""
    secret = new_secret("wk")
    source.write_key_digest, source.write_key_hint = secret.digest, secret.hint
    source.save(update_fields=["write_key_digest", "write_key_hint"])
    return secret.text


# Which version of the row is in force: each change of it makes another. Hardly longer than asking whether it is there.
VERSION = "SELECT xmin::text || ctid::text FROM records_source WHERE write_key_digest = %b"
_read: dict[bytes, tuple[str, Source]] = {}


def by_write_key(text: str) -> Source | None:
    """The source that this write key belongs to, enabled or not, as it is now; None for an unknown key."""
    key = digest(text)
    with planned_cursor() as cursor:
        cursor.execute(VERSION, [key])
        row = cursor.fetchone()
    if row is None:
        return None
    version, source = _read.get(key, ("", None))
    if source is None or version != row[0]:
        source = Source.objects.filter(write_key_digest=key).first()
        if source is None:
            return None
        _read[key] = (row[0], source)
    return copy(source)
