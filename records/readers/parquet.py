"""Parquet: rows of plain values, page by page, so that memory stays flat whatever the size of a row group.

What stands once in a dictionary is kept once, until the rows that have it are known to be of sane size.
"""

import hashlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO

from msgspec.structs import replace

from records.envelope import Reject, Unreadable, as_json
from records.readers.delimited import MOST_COLUMNS
from records.readers.packed import MOST_TIMES, most_of
from records.readers.position import START, NotReadable, Position, Row, Rows

try:
    import pyarrow
    from pyarrow import parquet

    from records.readers.arrow_sizes import sizes_of
except ImportError:  # an extra: see docs/files.md
    parquet = None

INSTALL = "pip install --no-deps --require-hashes -r requirements/production.txt"
ROWS_AT_A_TIME = 1_000
PAGE_BUFFER = 256 * 1024
# As so much text, rows become Python's own at a time.
SLICE_BYTES = 1_000_000
# So many elements lists may have in a row group, or so many a byte of the file: one row may have them all.
MOST_ELEMENTS, MOST_ELEMENTS_A_BYTE = 5_000_000, 20


@dataclass(frozen=True, slots=True)
class _TooLarge:
    """A row that is beyond measure."""

    size: int
    most: int
    digest: bytes

    def as_reject(self, number: int) -> Reject:
        error = Unreadable("too_large", "", f"The row has {self.size} bytes or more; at most {self.most}.")
        return replace(error.as_reject(number, self.digest, keep=False), size=self.size)


# What a cell raises for which Python has no value.
UNREADABLE = (ValueError, ArithmeticError, LookupError, TypeError)


@dataclass(frozen=True, slots=True)
class _Odd:
    """A row with cells that cannot be read: those that can, and the names of the others."""

    cells: dict[str, object]
    broken: list[str]

    def as_reject(self, number: int) -> Reject:
        fault = "holds a value that cannot be read, such as a date after the year 9999 or letters that are not UTF-8"
        body, _ = as_json(_plain_row(self.cells))
        return Unreadable("unreadable", self.broken[0], f"'{self.broken[0]}' {fault}.").as_reject(number, body)


class NoParquet(NotReadable):
    """The library that reads Parquet is not installed."""


def read(file: BinaryIO, start: Position = START, *, size: int, most: int | None = None) -> Rows:
    """Each row by column name, with its number; the first is 1. A row of more than `most` bytes is a reject.

    Raises `NotReadable`, also where a file of this size holds more than can be meant.
    """
    opened, given = _open(file), [start.offset]
    _must_be_meant(opened.metadata, size)
    measured = _Measured(most=sys.maxsize if most is None else most, most_of_all=most_of(size))
    return Rows(
        _read(opened, start.offset, given, measured),
        position=lambda: Position(given[0], given[0]),
        size=lambda: measured.size,
    )


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
        schema = parquet.ParquetFile(file).schema
        leaves = [schema.column(place) for place in range(len(schema))]
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
        return parquet.ParquetFile(file, buffer_size=PAGE_BUFFER, pre_buffer=False, read_dictionary=texts)
    except (pyarrow.ArrowException, OSError):
        raise NotReadable("this is not a whole Parquet file; export it again") from None


def _must_be_meant(metadata: Any, size: int) -> None:
    if metadata.num_columns > MOST_COLUMNS:
        raise NotReadable(f"the file has {metadata.num_columns:,} columns; at most {MOST_COLUMNS:,} are read")
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    if sum(group.total_byte_size for group in groups) > most_of(size):
        raise _too_much()
    for group in groups:
        elements = sum(group.column(place).num_values - group.num_rows for place in range(group.num_columns))
        if elements > max(MOST_ELEMENTS, MOST_ELEMENTS_A_BYTE * size):
            raise NotReadable("the lists in the Parquet file have too many elements; export it with smaller row groups")


def _too_much() -> NotReadable:
    return NotReadable(
        f"the Parquet file unpacks to more than {MOST_TIMES} times its size, as no export does; send it as CSV"
    )


class _Measured:
    """Turns batches into rows, by slices of bounded size; the rows beyond measure into their size and hash."""

    def __init__(self, *, most: int, most_of_all: int) -> None:
        self._most = most
        self._most_of_all = most_of_all
        self.size = 0

    def rows(self, batch: Any) -> Iterator[dict[str, object] | _Odd | _TooLarge]:
        sizes = sizes_of(batch).tolist()
        if self.size + sum(sizes) > self._most_of_all:
            raise _too_much()
        start = 0
        while start < len(sizes):
            end, total = start, 0
            while end < len(sizes) and sizes[end] <= self._most and (end == start or total + sizes[end] <= SLICE_BYTES):
                total += sizes[end]
                end += 1
            for place, row in enumerate(_values(_spelled_out(batch.slice(start, end - start))), start):
                self.size += sizes[place]
                yield row
            if end == start:
                self.size += self._most
                yield _TooLarge(sizes[start], self._most, _digest(batch.slice(start, 1)))
                end += 1
            start = end


def _spelled_out(part: Any) -> Any:
    """The same with each value where it stands: Python's own are made of these four times as fast."""
    columns = [
        column.dictionary_decode() if pyarrow.types.is_dictionary(column.type) else column for column in part.columns
    ]
    return pyarrow.RecordBatch.from_arrays(columns, names=part.schema.names)


def _values(batch: Any) -> Iterator[dict[str, object] | _Odd]:
    try:
        rows = batch.to_pylist()
    except UNREADABLE:
        yield from (_by_cell(batch, place) for place in range(batch.num_rows))
    else:
        yield from rows


def _by_cell(batch: Any, place: int) -> dict[str, object] | _Odd:
    cells: dict[str, object] = {}
    broken: list[str] = []
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            cells[name] = column[place].as_py()
        except UNREADABLE:
            broken.append(name)
    return _Odd(cells, broken) if broken else cells


def _digest(row: Any) -> bytes:
    """What a row of one is known by that is too large to be looked at: its texts, and the size of what is nested."""
    digest = hashlib.sha256(str(sizes_of(row).tolist()).encode())
    for column in row.columns:
        value = column[0].value if pyarrow.types.is_dictionary(column.type) else column[0]
        text = value.as_buffer() if hasattr(value, "as_buffer") else None
        digest.update(hashlib.sha256(text or b"").digest())
    return digest.digest()


def _read(opened: Any, skip: int, given: list[int], measured: _Measured) -> Iterator[Row | Reject]:
    number = skip
    groups: list[int] = []
    for group in range(opened.metadata.num_row_groups):
        rows = opened.metadata.row_group(group).num_rows
        if not groups and skip >= rows:
            skip -= rows
        else:
            groups.append(group)
    try:
        for row in islice(_of(opened, groups, measured), skip, None):
            number += 1
            given[0] = number
            yield row.as_reject(number) if isinstance(row, _Odd | _TooLarge) else (number, _plain_row(row))
    except (pyarrow.ArrowException, OSError):
        raise NotReadable(f"the Parquet file is damaged behind row {number}; export it again") from None


def _of(opened: Any, groups: list[int], measured: _Measured) -> Iterator[dict[str, object] | _Odd | _TooLarge]:
    if groups:
        for batch in opened.iter_batches(batch_size=ROWS_AT_A_TIME, row_groups=groups, use_threads=False):
            yield from measured.rows(batch)


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
