"""A file of people as a table: its values by column."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl

from identity.at_once import read_at_once
from identity.matching import normalize
from identity.matching.column import Column, derive
from identity.matching.in_bulk import encoded
from identity.matching.threads import each
from records.envelope import Reject
from records.readers import CSV, Nature, NotReadable, columns_of, examine, rows_of
from records.readers.charset import UTF8

ROWS_A_REPORT = 100_000


@dataclass(frozen=True, slots=True)
class Table:
    """Columns by name, of `rows` rows each; the unreadable rows are left out."""

    columns: dict[str, Column]
    rows: int
    unreadable: Sequence["Unread"] = ()

    @property
    def numbers(self) -> pl.Series:
        """Return where each row stands among all rows of the file, from 1."""
        places = pl.int_range(1, self.rows + len(self.unreadable) + 1, eager=True)
        return places.filter(~places.is_in([row.number for row in self.unreadable])) if self.unreadable else places


@dataclass(frozen=True, slots=True)
class Unread:
    """A row that could not be read: where it stands among the rows from 1, on which line of the file, and why not, in
    words that hold no value."""

    number: int
    line: int
    why: str


def read_table(path: Path, *, tell: Callable[[int], None] = lambda rows: None) -> Table:
    """Return what a CSV, JSON lines or Parquet file holds. Raises `NotReadable`, saying why and what to do.

    `tell` is called with the number of rows read, now and then.
    """
    with path.open("rb") as file:
        nature = examine(file, name=path.name, to_know=False)
        cells, unreadable = _at_once(path, file, nature), list[Unread]()
        if cells is None:
            file.seek(0)
            cells, unreadable = _row_by_row(file, nature, tell)
    rows = max((len(column) for column in cells.values()), default=0)
    if not rows:
        raise NotReadable(
            f"none of its {len(unreadable):,} rows can be read; of the first, on line {unreadable[0].line:,}: "
            f"{unreadable[0].why.rstrip('.')}"
            if unreadable
            else "the file holds no rows below its first line; give it the records to compare"
        )
    names = list(cells)

    def column(name: str) -> Column:
        made = derive(encoded(cells.pop(name).rechunk()), normalize.cell)
        # What the column is taken for is told by these.
        made.counts()
        return made

    columns = each(column, names, rows=rows)
    return Table(dict(zip(names, columns, strict=True)), rows, unreadable)


def _at_once(path: Path, file: BinaryIO, nature: Nature) -> dict[str, pl.Series] | None:
    if nature.format != CSV or nature.packed or nature.encoding != UTF8:
        return None
    file.seek(0)
    return read_at_once(path, file)


def _row_by_row(
    file: BinaryIO, nature: Nature, tell: Callable[[int], None]
) -> tuple[dict[str, pl.Series], list[Unread]]:
    """Return the cells by column, and the rows that could not be read."""
    columns: dict[str, list[str | None]] = {column: [] for column in columns_of(file, nature) if column}
    rows, unreadable = 0, list[Unread]()
    for item in rows_of(file, nature):
        if isinstance(item, Reject):
            unreadable.append(Unread(rows + len(unreadable) + 1, item.position, item.message))
            continue
        for column, cell in item[1].items():
            values = columns.setdefault(column, [])
            values.extend([None] * (rows - len(values)))
            values.append(_text(cell))
        rows += 1
        if rows % ROWS_A_REPORT == 0:
            tell(rows)
    for values in columns.values():
        values.extend([None] * (rows - len(values)))
    return {column: pl.Series(values, dtype=pl.String) for column, values in columns.items()}, unreadable


def _text(cell: object) -> str | None:
    """Return what stands in a cell; of a list the first entry, as a person's first e-mail address."""
    if isinstance(cell, list | tuple):
        cell = next(iter(cell), None)
    return None if cell is None else str(cell)
