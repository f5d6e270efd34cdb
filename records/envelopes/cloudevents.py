"""CloudEvents 1.0: an event's data is a row, read by its source's mapping; its attributes are columns named `ce.…`.

Without a word of the mapping an event is known by its source and id (the specification's rule), happened at its `time`
and is called by its `type`. Source: CloudEvents specification 1.0.2 and its HTTP and JSON bindings.
"""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from msgspec.structs import replace

from records import quality
from records.contracts import contract_of
from records.envelope import Envelope, Reject, Unreadable, Way, as_json
from records.envelopes import rows
from records.envelopes.rows import RowMapping
from records.models import Source

READER = "event"
REQUIRED = ("id", "source", "type")
SPEC_VERSION = "1.0"
PREFIX = "ce."
NOT_COLUMNS = ("data", "data_base64", "specversion", "datacontenttype", "dataschema")


def read(event: object, source: Source, *, position: int, now: datetime) -> Envelope | Reject:
    """The envelope of one event in the JSON format, or the reject that says which attribute or column is wrong."""
    body, fault = as_json(event)
    try:
        if len(body) > source.max_record_bytes:
            raise Unreadable("too_large", "", f"The event has {len(body)} bytes; at most {source.max_record_bytes}.")
        if fault:
            raise fault
        contract, told = contract_of(source), _checked(event)
        if contract:
            contract.check_row(_data(told))
        row = row_of(told)
        mapping = _mapping(source, tuple(name for name in row if not _is_attribute(name)))
        used = {*mapping.message_id, *mapping.fields, *mapping.properties, mapping.occurred_at, mapping.event_column}
        row = {name: value for name, value in row.items() if not _is_attribute(name) or name in used}
        envelope = rows.envelope_of(row, body, source, mapping, contract=contract, position=position, now=now)
        return quality.judged(envelope, source, now=now)
    except Unreadable as error:
        return error.as_reject(position, body, keep=error.code != "too_large", way=Way(READER))


def _checked(event: object) -> Mapping[str, Any]:
    if not isinstance(event, dict):
        raise Unreadable("not_an_object", "", "An event must be a JSON object.")
    if event.get("specversion") != SPEC_VERSION:
        raise Unreadable("unknown_version", "specversion", f"'specversion' must be {SPEC_VERSION}.")
    for name in REQUIRED:
        if not isinstance(event.get(name), str) or not event[name]:
            raise Unreadable("missing_field", name, f"'{name}' must be a text, and not empty.")
    return event


def row_of(event: Mapping[str, Any]) -> dict[str, Any]:
    """The data's columns, and the event's attributes under their prefix. Raises `Unreadable`."""
    attributes = {f"{PREFIX}{name}": value for name, value in event.items() if name not in NOT_COLUMNS}
    return {**rows.flatten(_data(event)), **attributes}


def _data(event: Mapping[str, Any]) -> Mapping[str, Any]:
    data = _decoded(event["data_base64"]) if event.get("data_base64") is not None else event.get("data", {})
    if not isinstance(data, dict):
        raise Unreadable("not_an_object", "data", "'data' must be a JSON object with named fields.")
    return data


def _decoded(text: object) -> object:
    try:
        return orjson.loads(base64.b64decode(text, validate=True)) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        raise Unreadable("not_an_object", "data_base64", "'data_base64' must hold JSON in base64.") from None


def _is_attribute(name: str) -> bool:
    return name.startswith(PREFIX)


def _mapping(source: Source, columns: tuple[str, ...]) -> RowMapping:
    """How the source reads its columns; what it does not declare of the message itself, the attributes say."""
    mapping, declared = rows.mapping_for(source, columns), source.mapping
    return replace(
        mapping,
        message_id=tuple(declared.get("message_id", ())) or (f"{PREFIX}source", f"{PREFIX}id"),
        occurred_at=declared.get("occurred_at") or f"{PREFIX}time",
        event_column=mapping.event_column or ("" if mapping.event else f"{PREFIX}type"),
    )
