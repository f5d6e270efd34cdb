"""Delimited text: CSV with comma, semicolon, tab or bar, or columns set apart by spaces.

A broken row costs only itself: a quote left open is given up after a few lines, and reading goes on behind its line.
"""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from records.envelope import Reject, Unreadable, Way
from records.readers.lines import LONGEST_LINE, Line, Lines
from records.readers.position import START, NotReadable, Position, Row, Rows

DELIMITERS = (",", ";", "\t", "|")
QUOTED = re.compile(r'"[^"]*"')
# Excel's own first line, which says what sets the columns apart.
SEPARATOR = re.compile(r"^sep=(.)$", re.IGNORECASE)
# No column is called like this: these are somebody's data.
DATA = re.compile(r"^[\w.+%-]+@[\w-]+\.[\w.-]+$|^\+?[\d ()/.-]{6,}$")
LINES_A_ROW = 30
MOST_COLUMNS = 2_000
# So much of a header is kept with each broken row, so that somebody can mend it.
LONGEST_HEADER = 4_000
INVALID_UTF8 = "invalid_utf8"


class NoHeader(NotReadable):
    """The file is empty, or its first line names no columns."""


def read(file: BinaryIO, start: Position = START, *, most: int = LONGEST_LINE) -> Rows:
    """Each row by column name, with the line it starts on; a reject for a row that is broken, and for a line of more
    than `most` bytes. Memory stays flat.

    Raises `NoHeader` when the first row is asked for.
    """
    lines = Lines(file)
    return Rows(_read(lines, start, most), position=lambda: lines.position, size=lambda: lines.offset)


def columns(file: BinaryIO) -> list[str]:
    """The names of the columns. Raises `NoHeader`."""
    return _header(Lines(file))[0]


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns, what sets them apart (None for spaces), and on how many lines that is said."""

    names: list[str]
    delimiter: str | None
    lines: int


def header(file: BinaryIO) -> Header:
    """What the first line says. Raises `NoHeader`."""
    lines = Lines(file)
    return Header(*_header(lines), lines.position.line)


def _read(lines: Lines, start: Position, most: int) -> Iterator[Row | Reject]:
    header, delimiter = _header(lines)
    lines.most = most
    if start != START:
        lines.go_on(start)
    yield from _rows(lines, header, delimiter)


def _rows(lines: Lines, header: list[str], delimiter: str | None) -> Iterator[Row | Reject]:
    way = _way(header, delimiter)
    while (start := lines.next()) is not None:
        if isinstance(start, Reject):
            yield start
            continue
        number, line = start
        if not line.strip():
            continue
        row = _row(lines, line, header, delimiter)
        if isinstance(row, Unreadable):
            yield row.as_reject(number, line, way=way)
        else:
            yield number, row


def _way(header: list[str], delimiter: str | None) -> Way:
    """What mending a broken row needs: its columns."""
    return Way(columns=header, separator=delimiter or "") if sum(map(len, header)) <= LONGEST_HEADER else Way()


def _header(lines: Lines) -> tuple[list[str], str | None]:
    text = _first(lines)
    if said := SEPARATOR.match(text):
        text, delimiter = _first(lines), said[1]
    else:
        delimiter = _delimiter(text)
    try:
        names = text.split() if delimiter is None else next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error:
        raise NoHeader("the first line cannot be read as CSV; it must name the columns") from None
    return _checked([name.strip() for name in names]), delimiter


def _first(lines: Lines) -> str:
    first = lines.next()
    if first is None:
        raise NoHeader("the file is empty; its first line must name the columns")
    if isinstance(first, Reject):
        raise NoHeader("the first line is too long; it must name the columns")
    try:
        return first[1].decode("utf-8-sig").strip("\r\n")
    except UnicodeDecodeError:
        raise NoHeader("the first line is not UTF-8; it must name the columns") from None


def _delimiter(header: str) -> str | None:
    """What sets the columns apart: None for spaces. A single column is a CSV of one."""
    header = QUOTED.sub("", header)
    delimiter = max(DELIMITERS, key=header.count)
    return delimiter if header.count(delimiter) or len(header.split()) < 2 else None


def _checked(names: list[str]) -> list[str]:
    if not any(names):
        raise NoHeader("the first line is empty; it must name the columns")
    if len(names) > MOST_COLUMNS:
        raise NoHeader(f"the first line names {len(names):,} columns; at most {MOST_COLUMNS:,} are read")
    places: dict[str, int] = {}
    for place, name in enumerate(names, 1):
        if DATA.match(name):
            raise NoHeader(
                f"the first line must name the columns, and its column {place} looks like data; add a header"
            )
        if name and places.setdefault(name, place) != place:
            raise NoHeader(f"columns {places[name]} and {place} have the same name; give each its own")
    return names


def _row(lines: Lines, line: bytes, header: list[str], delimiter: str | None) -> dict[str, object] | Unreadable:
    if delimiter is None or line.count(b'"') % 2 == 0:
        return _cells(line, header, delimiter)
    whole, taken = _to_closing_quote(lines, line)
    if whole is not None:
        row = _cells(whole, header, delimiter)
        if not isinstance(row, Unreadable) or row.code == INVALID_UTF8:
            return row
    lines.put_back(taken)
    return Unreadable("broken_row", "", "A quote is opened and not closed; close it or double it.")


def _to_closing_quote(lines: Lines, line: bytes) -> tuple[bytes | None, list[Line | Reject]]:
    """The row from this line to the one that closes its quote, if any does soon; and the lines taken for it."""
    taken: list[Line | Reject] = []
    whole = line
    while len(taken) < LINES_A_ROW and (following := lines.next()) is not None:
        taken.append(following)
        if isinstance(following, Reject):
            break
        whole += following[1]
        if whole.count(b'"') % 2 == 0:
            return whole, taken
    return None, taken


def _cells(row: bytes, header: list[str], delimiter: str | None) -> dict[str, object] | Unreadable:
    """The cells by column name. Of a row of the right shape that is not UTF-8 it says so, and where."""
    text, fault = _decoded(row)
    try:
        cells = text.split() if delimiter is None else next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        return Unreadable("broken_row", "", f"The row cannot be read as CSV: {error}.")
    if len(cells) != len(header):
        return Unreadable("broken_row", "", f"The row has {len(cells)} cells; the header names {len(header)}.")
    return fault or {name: cell.strip() or None for name, cell in zip(header, cells, strict=True) if name}


def _decoded(row: bytes) -> tuple[str, Unreadable | None]:
    try:
        return row.decode(), None
    except UnicodeDecodeError as error:
        fault = Unreadable(INVALID_UTF8, "", f"The row is not UTF-8: its byte {error.start + 1} cannot be read.")
        return row.decode(errors="replace"), fault
