"""Read a CSV of which no cell is quoted in one go, where its bytes say that each line is a row."""

import csv
from pathlib import Path
from typing import BinaryIO

import numpy as np
import polars as pl
from numpy.typing import NDArray

from identity.matching.threads import each
from records.readers.delimited import Header

_PIECE = 1024 * 1024
_QUOTE, _NUL, _RETURN, _NEWLINE = b'"\0\r\n'
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Signs = NDArray[np.uint8]


def read_plain(path: Path, file: BinaryIO, header: Header) -> pl.DataFrame | None:
    """Return the cells below the header, behind which the open file at `path` stands; None where a line must be looked
    at by itself.

    That is: quotes, NUL, lone carriage returns, a line of more or fewer cells, very long lines, and what is not UTF-8.
    """
    width = len(header.names)
    delimiter = (header.delimiter or " ").encode()
    if width < 2 or len(delimiter) > 1 or delimiter.isspace():
        return None
    begin = file.tell()
    marked = file.read(len(_BYTE_ORDER_MARK)) in (b"", _BYTE_ORDER_MARK)
    rows = 0 if marked else _rows(np.memmap(path, dtype=np.uint8, mode="r", offset=begin), delimiter[0], width)
    if not rows:
        return None
    try:
        cells = pl.read_csv(
            path.absolute(),
            has_header=False,
            skip_lines=header.lines,
            separator=delimiter.decode(),
            quote_char=None,
            schema={str(place): pl.String for place in range(width)},
            empty_string_is_null=False,
            # A name may hold a star, and is no pattern.
            glob=False,
        )
    except pl.exceptions.ComputeError:
        return None
    longest = pl.select(pl.sum_horizontal(cells.select(pl.all().str.len_bytes().max()))).item() + width
    return cells if len(cells) == rows and longest < csv.field_size_limit() else None


def _rows(signs: Signs, delimiter: int, width: int) -> int:
    """Return how many rows of this width these lines are; 0 where one is not."""
    pieces = range(0, len(signs), _PIECE)
    found = each(lambda start: _ends(signs[start : start + _PIECE + 1], delimiter), pieces, rows=len(signs))
    rows = delimiters = 0
    for ends in found:
        if ends is None:
            return 0
        before, in_all = ends
        rows_by_then = rows + 1 + np.arange(len(before))
        if not np.array_equal(delimiters + before, rows_by_then * (width - 1)):
            return 0
        rows, delimiters = rows + len(before), delimiters + in_all
    rows += int(signs[-1] != _NEWLINE)
    return rows if delimiters == rows * (width - 1) else 0


def _ends(piece: Signs, delimiter: int) -> tuple[NDArray[np.int64], int] | None:
    """Return how many delimiters stand before the end of each line in this piece, and how many in all of it; None where
    it holds a sign that may be more than itself. One sign more than the piece has is given to look at.
    """
    if (piece == _QUOTE).any() or (piece == _NUL).any():
        return None
    returns = np.flatnonzero(piece[:_PIECE] == _RETURN)
    if len(returns) and (returns[-1] == len(piece) - 1 or (piece[returns + 1] != _NEWLINE).any()):
        return None
    piece = piece[:_PIECE]
    delimiters = np.flatnonzero(piece == delimiter)
    return np.searchsorted(delimiters, np.flatnonzero(piece == _NEWLINE)), len(delimiters)
