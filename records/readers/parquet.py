"""Parquet: rows of plain values, page by page, so that memory stays flat whatever the size of a row group."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

from records.envelope import Reject, Unreadable, as_json
from records.readers.position import START, NotReadable, Position, Row, Rows

try:
    import pyarrow
    from pyarrow import parquet
except ImportError:  # an extra: see docs/files.md
    parquet = None

INSTALL = "pip install --no-deps --require-hashes -r requirements/production.txt"
ROWS_AT_A_TIME = 1_000
PAGE_BUFFER = 256 * 1024


# What a cell raises for which Python has no value.
UNREADABLE = (ValueError, ArithmeticError, LookupError, TypeError)


@dataclass(frozen=True, slots=True)
class Odd:
    """A row with cells that cannot be read: those that can, and the names of the others."""

    cells: dict[str, object]
    broken: list[str]


class NoParquet(NotReadable):
    """The library that reads Parquet is not installed."""


def read(file: BinaryIO, start: Position = START) -> Rows:
    """Each row by column name, with its number; the first is 1. Raises `NotReadable`."""
    opened, given = _open(file), [start.offset]
    return Rows(_read(opened, start.offset, given), lambda: Position(given[0], given[0]))


def columns(file: BinaryIO) -> list[str]:
    """The names of the columns. Raises `NotReadable`."""
    return list(_open(file).schema_arrow.names)


def count(file: BinaryIO) -> int:
    """How many rows there are. Raises `NotReadable`."""
    return int(_open(file).metadata.num_rows)


def _open(file: BinaryIO) -> Any:
    if parquet is None:
        raise NoParquet(f"reading Parquet needs pyarrow; install it with: {INSTALL}")
    try:
        return parquet.ParquetFile(file, buffer_size=PAGE_BUFFER, pre_buffer=False)
    except (pyarrow.ArrowException, OSError):
        raise NotReadable("this is not a whole Parquet file; export it again") from None


def _read(opened: Any, skip: int, given: list[int]) -> Iterator[Row | Reject]:
    number = skip
    groups: list[int] = []
    for group in range(opened.metadata.num_row_groups):
        rows = opened.metadata.row_group(group).num_rows
        if not groups and skip >= rows:
            skip -= rows
        else:
            groups.append(group)
    try:
        for row in islice(_of(opened, groups), skip, None):
            number += 1
            given[0] = number
            yield _unreadable(row, number) if isinstance(row, Odd) else (number, _plain_row(row))
    except (pyarrow.ArrowException, OSError):
        raise NotReadable(f"the Parquet file is damaged behind row {number}; export it again") from None


def _of(opened: Any, groups: list[int]) -> Iterator[dict[str, object] | Odd]:
    if groups:
        for batch in opened.iter_batches(batch_size=ROWS_AT_A_TIME, row_groups=groups, use_threads=False):
            yield from _rows(batch)


def _rows(batch: Any) -> Iterator[dict[str, object] | Odd]:
    try:
        rows = batch.to_pylist()
    except UNREADABLE:
        yield from (_by_cell(batch, place) for place in range(batch.num_rows))
    else:
        yield from rows


def _by_cell(batch: Any, place: int) -> dict[str, object] | Odd:
    cells: dict[str, object] = {}
    broken: list[str] = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            cells[name] = column[place].as_py()
        except UNREADABLE:
            broken.append(name)
    return Odd(cells, broken) if broken else cells


def _unreadable(row: Odd, number: int) -> Reject:
    """The reject for a row with cells that Python has no value for; the others are kept."""
    fault = "holds a value that cannot be read, such as a date after the year 9999 or letters that are not UTF-8"
    body, _ = as_json(_plain_row(row.cells))
    return Unreadable("unreadable", row.broken[0], f"'{row.broken[0]}' {fault}.").as_reject(number, body)


def _plain_row(row: Mapping[str, object]) -> dict[str, object]:
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    """What JSON has: instants and days as ISO 8601, exact numbers as they are written, bytes as their text."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    if isinstance(value, dict):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value
