"""Mending a message from the quarantine: a field left out, or the whole of it written anew."""

from collections.abc import Collection
from typing import Any

import orjson

# Where a message may hold the field that its reject names: at its top, or in one of the objects that it consists of.
WITHIN = ((), ("properties",), ("traits",), ("context", "traits"), ("data",))


class NotAnObject(ValueError):
    """A record must be a JSON object."""


def without(body: bytes, fields: Collection[str]) -> bytes:
    """The message without these fields, named as its reject names them; as it is where it is no JSON object."""
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(message, dict):
        return body
    for name in fields:
        _take_out(message, name)
    return orjson.dumps(message)


def written_anew(text: str) -> bytes:
    """The record as somebody wrote it. Raises `NotAnObject`, saying where it breaks."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotAnObject(f"It is not JSON: it breaks in line {error.lineno}, column {error.colno}.") from None
    if not isinstance(message, dict):
        raise NotAnObject("A record is a JSON object with named fields, {…}.")
    return orjson.dumps(message)


def indented(body: bytes) -> str:
    """The message a line for each field, to be read and mended; as text where it is no JSON."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_INDENT_2).decode()
    except orjson.JSONDecodeError:
        return body.decode(errors="replace")


def _take_out(message: dict[str, Any], name: str) -> None:
    for path in WITHIN:
        inner: Any = message
        for step in path:
            inner = inner.get(step) if isinstance(inner, dict) else None
        if isinstance(inner, dict) and _taken_out(inner, name):
            return


def _taken_out(inner: dict[str, Any], name: str) -> bool:
    """Take out the field that this name, dotted or not, stands for. Whether there was one."""
    if name in inner:
        del inner[name]
        return True
    first, _, rest = name.partition(".")
    return bool(rest) and isinstance(inner.get(first), dict) and _taken_out(inner[first], rest)
