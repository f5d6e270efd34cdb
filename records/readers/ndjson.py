"""JSON lines: one object a line."""

from collections.abc import Iterator
from typing import BinaryIO

import orjson

from records.envelope import Reject, Unreadable
from records.readers.lines import LONGEST_LINE, Lines
from records.readers.position import START, Position, Row, Rows

BOM = b"\xef\xbb\xbf"


def read(file: BinaryIO, start: Position = START, *, most: int = LONGEST_LINE) -> Rows:
    """Each line's object with its line number; a reject for a line that is none, or has more than `most` bytes.

    Memory stays flat.
    """
    lines = Lines(file)
    lines.most = most
    if start != START:
        lines.go_on(start)
    return Rows(_read(lines), position=lambda: lines.position, size=lambda: lines.offset)


def _read(lines: Lines) -> Iterator[Row | Reject]:
    while (line := lines.next()) is not None:
        if isinstance(line, Reject):
            yield line
        elif text := _text(*line):
            yield _parsed(line[0], text)


def _text(number: int, line: bytes) -> bytes:
    return (line.removeprefix(BOM) if number == 1 else line).strip()


def _parsed(number: int, line: bytes) -> Row | Reject:
    try:
        return number, _object(line)
    except Unreadable as error:
        return error.as_reject(number, line)


def _object(line: bytes) -> dict[str, object]:
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(
            "invalid_utf8", "", f"The line is not UTF-8: its byte {error.start + 1} cannot be read."
        ) from None
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable("malformed_json", "", f"The line is not JSON: it breaks at column {error.colno}.") from None
    if not isinstance(value, dict):
        raise Unreadable("not_an_object", "", "The line must be a JSON object.")
    return value
