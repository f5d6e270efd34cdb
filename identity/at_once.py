"""Read a CSV in which nothing is out of order at once, in columns, as `records.readers` would row by row."""

import csv
from pathlib import Path
from typing import BinaryIO

import polars as pl

from identity.matching.threads import each
from identity.plain_csv import read_plain
from records.readers import delimited

_LINES_AT_ONCE = 250_000
# Blank is what the row by row reader takes for it: the spaces of ASCII.
_NOT_BLANK = r"[^ \t\n\r\x0b\x0c]"


def read_at_once(path: Path, file: BinaryIO) -> dict[str, pl.Series] | None:
    """Return the cells by column, none of them stripped; None where a row must be looked at by itself.

    That is: columns set apart by spaces, a row of more or fewer cells or that goes on in the next line, quotes that
    do not close, very long lines, lone carriage returns, NUL, and what is not UTF-8. `file` is the open file at `path`.
    """
    header = delimited.header(file)
    if header.delimiter is None:
        return None
    delimiter, width = header.delimiter, len(header.names)
    plain = read_plain(path, file, header)
    if plain is not None:
        return _by_name(header, plain)
    try:
        # A name may hold a star, and is no pattern.
        lines = pl.read_lines(path.absolute(), glob=False).to_series().slice(header.lines)
    except pl.exceptions.ComputeError:
        return None
    parts = each(
        lambda start: _cells(lines.slice(start, _LINES_AT_ONCE), delimiter, width),
        range(0, len(lines), _LINES_AT_ONCE),
        rows=len(lines),
    )
    cells = pl.concat([_no_rows(width), *(part for part in parts if part is not None)])
    if any(part is None for part in parts):
        return None
    return _by_name(header, cells)


def _by_name(header: delimited.Header, cells: pl.DataFrame) -> dict[str, pl.Series]:
    return {name: column for name, column in zip(header.names, cells, strict=True) if name}


def _cells(lines: pl.Series, delimiter: str, width: int) -> pl.DataFrame | None:
    """Return the cells of these lines; None where one is no row for itself, of that width."""
    lines = lines.filter(lines.str.contains(_NOT_BLANK))
    if not _each_a_row(lines):
        return None
    quoted = lines.str.contains('"', literal=True)
    plain, parsed = _split(lines.filter(~quoted), delimiter, width), _parsed(lines.filter(quoted), delimiter, width)
    if plain is None or parsed is None:
        return None
    if not len(parsed):
        return plain
    places = pl.concat([(~quoted).arg_true(), quoted.arg_true()])
    return pl.concat([plain, parsed])[places.arg_sort()]


def _each_a_row(lines: pl.Series) -> bool:
    within = lines.str.contains(r"[\r\x00]") | (lines.str.count_matches('"', literal=True) % 2 == 1)
    return not (within | (lines.str.len_bytes() >= csv.field_size_limit())).any()


def _split(lines: pl.Series, delimiter: str, width: int) -> pl.DataFrame | None:
    if not (lines.str.count_matches(delimiter, literal=True) == width - 1).all():
        return None
    cells = lines.str.split_exact(delimiter, width - 1).struct.unnest() if width > 1 else lines.to_frame()
    return _named(cells)


def _parsed(lines: pl.Series, delimiter: str, width: int) -> pl.DataFrame | None:
    rows: list[list[str]] = []
    try:
        for row in csv.reader(iter(lines), delimiter=delimiter, strict=True):
            if len(row) != width:
                return None
            rows.append(row)
    except csv.Error:
        return None
    if len(rows) != len(lines):
        return None
    return pl.DataFrame(rows, schema=_no_rows(width).schema, orient="row")


def _no_rows(width: int) -> pl.DataFrame:
    return pl.DataFrame(schema={str(place): pl.String for place in range(width)})


def _named(cells: pl.DataFrame) -> pl.DataFrame:
    return cells.rename(dict(zip(cells.columns, map(str, range(cells.width)), strict=True)))
