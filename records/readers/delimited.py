"""Delimited text: CSV with comma, semicolon, tab or bar, or columns set apart by spaces.

A broken row costs only itself: a quote left open is given up after a few lines, and reading goes on behind its line.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import BinaryIO

from records.envelope import Reject, Unreadable

DELIMITERS = (",", ";", "\t", "|")
LONGEST_LINE = 1_000_000
LINES_A_ROW = 30


class NoHeader(ValueError):
    """The file is empty, or its first line names no columns."""


def read(file: BinaryIO) -> Iterator[tuple[int, dict[str, object]] | Reject]:
    """Each row by column name, with the line it starts on; a reject for a row that is broken. Memory stays flat."""
    lines = _Lines(file)
    header, delimiter = _header(lines)
    while (start := lines.next()) is not None:
        number, line = start
        if not line.strip():
            continue
        row = _row(lines, line, header, delimiter)
        if isinstance(row, Unreadable):
            yield row.as_reject(number, line, keep=row.code != "too_large")
        else:
            yield number, row


class _Lines:
    """The lines of a file with their numbers, some of which may be put back."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._again: deque[tuple[int, bytes]] = deque()
        self._number = 0

    def next(self) -> tuple[int, bytes] | None:
        if self._again:
            return self._again.popleft()
        line = self._file.readline(LONGEST_LINE)
        if not line:
            return None
        self._number += 1
        return self._number, line

    def put_back(self, lines: list[tuple[int, bytes]]) -> None:
        self._again.extendleft(reversed(lines))


def _header(lines: _Lines) -> tuple[list[str], str | None]:
    first = lines.next()
    if first is None:
        raise NoHeader("the file is empty; its first line must name the columns")
    try:
        text = first[1].decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise NoHeader("the first line is not UTF-8; it must name the columns") from None
    delimiter = max(DELIMITERS, key=text.count)
    if not text.count(delimiter):
        return text.split(), None
    return [name.strip() for name in next(csv.reader([text], delimiter=delimiter))], delimiter


def _row(lines: _Lines, line: bytes, header: list[str], delimiter: str | None) -> dict[str, object] | Unreadable:
    if delimiter is None:
        return _named(line.split(), header)
    first = _cells(line, header, delimiter)
    if line.count(b'"') % 2 == 0:
        return first
    taken: list[tuple[int, bytes]] = []
    whole = line
    while whole.count(b'"') % 2 and len(taken) < LINES_A_ROW and (following := lines.next()) is not None:
        taken.append(following)
        whole += following[1]
    row = _cells(whole, header, delimiter)
    if whole.count(b'"') % 2 == 0 and not isinstance(row, Unreadable):
        return row
    lines.put_back(taken)
    return Unreadable("broken_row", "", "A quote is opened and not closed; close it or double it.")


def _cells(text: bytes, header: list[str], delimiter: str) -> dict[str, object] | Unreadable:
    try:
        cells = next(csv.reader([text.decode()], delimiter=delimiter, strict=text.count(b'"') % 2 == 0))
    except UnicodeDecodeError as error:
        return Unreadable("invalid_utf8", "", f"The row is not UTF-8: its byte {error.start + 1} cannot be read.")
    except csv.Error as error:
        return Unreadable("broken_row", "", f"The row cannot be read as CSV: {error}.")
    return _named(cells, header)


def _named(cells: list[str] | list[bytes], header: list[str]) -> dict[str, object] | Unreadable:
    if len(cells) != len(header):
        return Unreadable("broken_row", "", f"The row has {len(cells)} cells; the header names {len(header)}.")
    try:
        texts = [cell.decode() if isinstance(cell, bytes) else cell for cell in cells]
    except UnicodeDecodeError:
        return Unreadable("invalid_utf8", "", "The row is not UTF-8.")
    return dict(zip(header, (text.strip() or None for text in texts), strict=True))
