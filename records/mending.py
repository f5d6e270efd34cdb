"""Mending a message from the quarantine: a field left out, or the whole of it written anew."""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from records.envelope import Way
from records.models import Source

# Where a message may hold the field that its reject names: at its top, or in one of the objects that it consists of.
WITHIN = ((), ("properties",), ("traits",), ("context", "traits"), ("data",))
# Where a message says what its person allows: without it an older word would count that may be another.
CONSENT = ("context.consent", "context.globalPrivacyControl", "consent", "consentManagement", "globalPrivacyControl")
# How a record says that it was mended.
BY_HAND, LEFT_OUT = "mended_by_hand", "left_out:"
LONGEST_NAME = 50


class NotAnObject(ValueError):
    """A record must be a JSON object."""


class SaysConsent(ValueError):
    """What a message says of consent cannot be left out of it."""


@dataclass(frozen=True)
class Mend:
    """What is to be done to a message before it is read again: nothing, fields left out, or written anew."""

    leave_out: tuple[str, ...] = ()
    anew: bytes | None = None

    @property
    def changes(self) -> bool:
        return bool(self.leave_out) or self.anew is not None

    @property
    def flags(self) -> tuple[str, ...]:
        """What the record is to say of it."""
        by_hand = (BY_HAND,) if self.anew is not None else ()
        return (*by_hand, *(LEFT_OUT + name[:LONGEST_NAME] for name in self.leave_out))

    def of(self, body: bytes) -> bytes:
        """The message, mended; as it is where fields are to be left out of what is no JSON object."""
        return _without(body if self.anew is None else self.anew, self.leave_out)

    def must_leave_consent(self, source: Source) -> None:
        """Raises `SaysConsent` where it would take away what somebody allowed or refused."""
        for name in self.leave_out:
            if name == "context" or name in source.mapping.get("consents", {}) or name.startswith(CONSENT):
                raise SaysConsent(f"'{name}' says what the person allows: it cannot be left out, only written anew")


AS_IT_IS = Mend()


def written_anew(text: str) -> bytes:
    """The record as somebody wrote it. Raises `NotAnObject`, saying where it breaks."""
    try:
        message = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise NotAnObject(f"It is not JSON: it breaks in line {error.lineno}, column {error.colno}.") from None
    if not isinstance(message, dict):
        raise NotAnObject("A record is a JSON object with named fields, {…}.")
    try:
        return orjson.dumps(message)
    except TypeError:
        raise NotAnObject("It is nested deeper than any record.") from None


def columns_of(source: Source) -> list[str]:
    """What this source's mapping calls the columns, or fields, of a record; nothing where they speak for themselves."""
    mapping = source.mapping
    named = [*mapping.get("message_id", ()), mapping.get("occurred_at", "")]
    for part in ("fields", "properties", "consents"):
        named += mapping.get(part, {})
    return [name for name in dict.fromkeys(named) if name]


def indented(body: bytes, way: Way) -> str:
    """The message a line for each field, to be read and mended: a broken line of a table by its columns, also where it
    is JSON by chance, as a number is; as text where it has neither."""
    text = body.decode(errors="replace")
    try:
        message = by_column(text, way.columns, way.separator) if way.columns else orjson.loads(body)
    except orjson.JSONDecodeError:
        return text
    return orjson.dumps(message, option=orjson.OPT_INDENT_2).decode()


def by_column(line: str, columns: Sequence[str], separator: str) -> Mapping[str, str | None]:
    """The cells of a broken line as far as they can be told apart; those of no known column are numbered."""
    cells = _cells(line.strip("\r\n"), separator, len(columns))
    names = [*columns, *[""] * (len(cells) - len(columns))]
    cells += [""] * (len(names) - len(cells))
    told = enumerate(zip(names, cells, strict=True), 1)
    return {name or f"cell {place}": cell.strip() or None for place, (name, cell) in told}


def _cells(line: str, separator: str, wanted: int) -> list[str]:
    """Read with its quotes, or without them where that gives as many cells as are wanted."""
    if not separator:
        return line.split()
    plain = [cell.strip(' "') for cell in line.split(separator)]
    try:
        quoted = next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return plain
    return plain if len(plain) == wanted != len(quoted) else quoted


def _without(body: bytes, fields: Sequence[str]) -> bytes:
    if not fields:
        return body
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body
    if not isinstance(message, dict):
        return body
    for name in fields:
        _take_out(message, name)
    return orjson.dumps(message)


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
