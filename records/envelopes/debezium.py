"""Debezium: a change of a database's row, with what the row was before and is after.

With Kafka Connect's JSON converter a message comes bare or wrapped with its schema, which tells what a number stands
for: days, microseconds, a decimal in base64. Source: Debezium's documentation of change events and of its JSON
converter; Kafka Connect's logical types.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from records.envelope import Unreadable

CREATED, UPDATED, DELETED, READ, TRUNCATED, SAID = "c", "u", "d", "r", "t", "m"
# PostgreSQL's numeric has the most digits behind the point.
LARGEST_SCALE = 16_383
EPOCH_DAY, EPOCH = date(1970, 1, 1), datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what was done, the row as it was and as it is, when the database did it, and where in its log."""

    operation: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    happened_ms: int | None
    position: dict[str, Any] | None


def unwrapped(message: object) -> object:
    """What a message says without its schema; columns of logical types in words that every reader knows."""
    if isinstance(message, dict) and message.keys() == {"schema", "payload"}:
        return _plain(message["payload"], message["schema"])
    return message


def change_of(message: object) -> Change | None:
    """The change that an unwrapped message tells; None when it is no message of Debezium. Raises `Unreadable`."""
    if not isinstance(message, dict) or not isinstance(message.get("op"), str):
        return None
    if "before" not in message and "after" not in message and message["op"] not in (TRUNCATED, SAID):
        return None
    position = message.get("source")
    position = position if isinstance(position, dict) else None
    happened = (position or {}).get("ts_ms") or message.get("ts_ms")
    return Change(
        message["op"],
        _row(message.get("before"), "before"),
        _row(message.get("after"), "after"),
        happened if isinstance(happened, int) and not isinstance(happened, bool) else None,
        position,
    )


def _row(value: object, name: str) -> dict[str, Any] | None:
    if isinstance(value, str):  # MongoDB's documents are JSON in a text
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise Unreadable("malformed_json", name, f"'{name}' holds a text that is no JSON.") from None
    if value is not None and not isinstance(value, dict):
        raise Unreadable("wrong_type", name, f"'{name}' must be an object.")
    return value


def _plain(value: object, schema: object) -> object:
    """The value with its logical types in words; what the schema does not tell stays as it is."""
    if not isinstance(schema, dict) or value is None:
        return value
    if schema.get("type") == "struct" and isinstance(value, dict):
        if schema.get("name") == "io.debezium.data.VariableScaleDecimal":
            return _or_same(_variable_decimal, value, schema)
        fields = schema.get("fields")
        known = {
            one["field"]: one
            for one in (fields if isinstance(fields, list) else ())
            if isinstance(one, dict) and isinstance(one.get("field"), str)
        }
        return {name: _plain(inner, known.get(name)) for name, inner in value.items()}
    name = schema.get("name")
    reader = LOGICAL.get(name) if isinstance(name, str) else None
    return _or_same(reader, value, schema) if reader else value


def _or_same(reader: Callable[[Any, Mapping[str, Any]], str], value: object, schema: Mapping[str, Any]) -> object:
    """What the reader makes of it; the value itself where it is not what its schema says."""
    try:
        return reader(value, schema)
    except (TypeError, ValueError, KeyError, OverflowError, InvalidOperation, binascii.Error):
        return value


def _days(value: Any, schema: Mapping[str, Any]) -> str:
    return (EPOCH_DAY + timedelta(days=value)).isoformat()


def _since_epoch(**unit: float) -> Callable[[Any, Mapping[str, Any]], str]:
    (name, size), *_ = unit.items()

    def read(value: Any, schema: Mapping[str, Any]) -> str:
        return (EPOCH + timedelta(**{name: value * size})).isoformat()

    return read


def _decimal(value: Any, schema: Mapping[str, Any]) -> str:
    return _scaled(value, int(schema["parameters"]["scale"]))


def _variable_decimal(value: Any, schema: Mapping[str, Any]) -> str:
    return _scaled(value["value"], int(value["scale"]))


def _scaled(text: str, scale: int) -> str:
    """The decimal in plain digits, every one of them. Raises `ValueError` for a scale that no column has."""
    if abs(scale) > LARGEST_SCALE:
        raise ValueError("the scale is beyond what any database has")
    unscaled = int.from_bytes(base64.b64decode(text, validate=True), "big", signed=True)
    sign, digits, _ = Decimal(unscaled).as_tuple()
    return format(Decimal((sign, digits, -scale)), "f")


LOGICAL: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "io.debezium.time.Date": _days,
    "org.apache.kafka.connect.data.Date": _days,
    "io.debezium.time.Timestamp": _since_epoch(milliseconds=1),
    "org.apache.kafka.connect.data.Timestamp": _since_epoch(milliseconds=1),
    "io.debezium.time.MicroTimestamp": _since_epoch(microseconds=1),
    "io.debezium.time.NanoTimestamp": _since_epoch(microseconds=0.001),
    "org.apache.kafka.connect.data.Decimal": _decimal,
}
