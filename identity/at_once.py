"""Read a CSV in which nothing is out of order at once, in columns, as `records.readers` would row by row."""

import csv
from pathlib import Path
from typing import BinaryIO

import polars as pl

from records.readers import delimited
from records.readers.lines import LONGEST_LINE


def read_at_once(path: Path, file: BinaryIO) -> dict[str, pl.Series] | None:
    """Return the cells by column, none of them stripped; None where a row must be looked at by itself.

    That is: columns set apart by spaces, a row of more or fewer cells or that goes on in the next line, quotes that
    do not close, and text that is not UTF-8. `file` is the open file at `path`, which is UTF-8.
    """
    header = delimited.header(file)
    if header.delimiter is None:
        return None
    try:
        lines = pl.read_lines(path).to_series().slice(header.lines)
    except pl.exceptions.ComputeError:
        return None
    lines = lines.filter(lines.str.contains(r"\S"))
    if not _in_order(lines):
        return None
    quoted = lines.str.contains('"', literal=True)
    cells = _split(lines.filter(~quoted), header)
    apart = _parsed(lines.filter(quoted), header)
    if cells is None or apart is None:
        return None
    columns = {name: column for name, column in zip(header.names, cells, strict=True) if name}
    if not quoted.any():
        return columns
    places = pl.concat([(~quoted).arg_true(), quoted.arg_true()]).arg_sort()
    others = {name: column for name, column in zip(header.names, apart, strict=True) if name}
    return {name: pl.concat([column, others[name]]).gather(places) for name, column in columns.items()}


def _in_order(lines: pl.Series) -> bool:
    """Return whether every line is a row for itself."""
    within = lines.str.contains(r"[\r\x00]") | (lines.str.count_matches('"', literal=True) % 2 == 1)
    longest = lines.str.len_bytes().max() or 0
    return not within.any() and int(str(longest)) < LONGEST_LINE - 2


def _split(lines: pl.Series, header: delimited.Header) -> list[pl.Series] | None:
    more = len(header.names) - 1
    if not (lines.str.count_matches(str(header.delimiter), literal=True) == more).all():
        return None
    return lines.str.split_exact(str(header.delimiter), more).struct.unnest().get_columns() if more else [lines]


def _parsed(lines: pl.Series, header: delimited.Header) -> list[pl.Series] | None:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(iter(lines), delimiter=str(header.delimiter), strict=True):
            if len(row) != len(header.names):
                return None
            rows.append(row)
    except csv.Error:
        return None
    columns = zip(*rows, strict=True) if rows else [()] * len(header.names)
    return [pl.Series(column, dtype=pl.String) for column in columns]
