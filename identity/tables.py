"""A file of people as a table: its values by column."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from identity.matching.table import cleaned
from records.envelope import Reject
from records.readers import NotReadable, columns_of, examine, rows_of

ROWS_A_REPORT = 100_000


@dataclass(frozen=True, slots=True)
class Table:
    """Values by column, None where a cell is empty; all columns have `rows` values. `unreadable` rows were left out."""

    columns: dict[str, Sequence[str | None]]
    rows: int
    unreadable: int


def read_table(path: Path, *, tell: Callable[[int], None] = lambda rows: None) -> Table:
    """Return what a CSV, JSON lines or Parquet file holds. Raises `NotReadable`, saying why and what to do.

    `tell` is called with the number of rows read, now and then.
    """
    with path.open("rb") as file:
        return _read(file, path.name, tell)


def _read(file: BinaryIO, name: str, tell: Callable[[int], None]) -> Table:
    nature = examine(file, name=name)
    columns: dict[str, list[str | None]] = {column: [] for column in columns_of(file, nature) if column}
    texts: dict[object, str | None] = {}
    rows = unreadable = 0
    for item in rows_of(file, nature):
        if isinstance(item, Reject):
            unreadable += 1
            continue
        for column, cell in item[1].items():
            values = columns.setdefault(column, [])
            values.extend([None] * (rows - len(values)))
            values.append(_text(cell, texts))
        rows += 1
        if rows % ROWS_A_REPORT == 0:
            tell(rows)
    if not rows:
        raise NotReadable(
            f"none of its {unreadable:,} rows can be read; `manage.py ingest --dry-run` says what is wrong with each"
            if unreadable
            else "the file holds no rows below its first line; give it the records to compare"
        )
    for values in columns.values():
        values.extend([None] * (rows - len(values)))
    return Table(dict(columns), rows, unreadable)


def _text(cell: object, texts: dict[object, str | None]) -> str | None:
    """Return the cell as text; what stands in many cells is kept once."""
    if not isinstance(cell, str):
        return cleaned(cell)
    if cell not in texts:
        texts[cell] = cleaned(cell)
    return texts[cell]
