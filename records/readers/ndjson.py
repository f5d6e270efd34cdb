"""JSON lines: one object a line."""

from collections.abc import Iterator
from typing import BinaryIO

import orjson

from records.envelope import Reject, Unreadable

LONGEST_LINE = 1_000_000


def read(file: BinaryIO) -> Iterator[tuple[int, dict[str, object]] | Reject]:
    """Each line's object with its line number; a reject for a line that is none. Memory stays flat."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) >= LONGEST_LINE and not line.endswith(b"\n"):
            yield _too_long(number, line, file)
        elif line.strip():
            yield _parsed(number, line.strip())


def _parsed(number: int, line: bytes) -> tuple[int, dict[str, object]] | Reject:
    try:
        return number, _object(line)
    except Unreadable as error:
        return error.as_reject(number, line)


def _object(line: bytes) -> dict[str, object]:
    try:
        line.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(
            "invalid_utf8", "", f"The line is not UTF-8: its byte {error.start + 1} cannot be read."
        ) from None
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Unreadable("malformed_json", "", f"The line is not JSON: it breaks at column {error.colno}.") from None
    if not isinstance(value, dict):
        raise Unreadable("not_an_object", "", "The line must be a JSON object.")
    return value


def _too_long(number: int, line: bytes, file: BinaryIO) -> Reject:
    while (rest := file.readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass
    error = Unreadable("too_large", "", f"The line has more than {LONGEST_LINE} bytes.")
    return error.as_reject(number, line, keep=False)
