"""The people of a file, and the table of them that goes to Splink."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from identity.deduplicating import record_ids_of
from identity.likeness_to_model import Unlike, fields_in, unlike
from identity.matching import Model, People
from identity.matching.columns import Taken, recognize
from identity.matching.splink import COLUMNS, prepared
from identity.matching.table import fields_of, free_columns, holds_organizations
from identity.tables import read_table
from identity.written import written_whole

PARQUET = ".parquet"


@dataclass(frozen=True, slots=True)
class PeopleOfFile:
    """Row i of `people` is called `record_ids[i]`; `columns` says what each column of the file was taken for, and
    `organizations` whether the rows are of these; `unlike` how the file differs from the one that the given model was
    learned from.
    """

    people: People
    record_ids: Sequence[str]
    columns: Sequence[Taken]
    organizations: bool = False
    unlike: Unlike = field(default_factory=Unlike)


def read_people(path: Path, *, chosen: Mapping[str, str] | None = None, model: Model | None = None) -> PeopleOfFile:
    """Return the people of a file, with the identifiers and traits that the model knows where one is given. `chosen`
    gives fields by column. Raises as `deduplicate` does.
    """
    table = read_table(path)
    columns = recognize(table.columns, chosen)
    record_ids = record_ids_of(table, columns).to_list()
    fields = fields_of(table.columns, columns, model.columns if model else None)
    organizations = holds_organizations(table.columns, columns)
    present, free = fields_in(fields, organizations=organizations), free_columns(columns)
    unlikeness = unlike(model, present, table.columns, free) if model else Unlike()
    people = People.of(range(table.rows), fields, junk=model.junk if model else {})
    return PeopleOfFile(people, record_ids, columns, organizations, unlikeness)


def write_prepared(of_file: PeopleOfFile, out: Path, *, model: Model) -> None:
    """Write the normalized columns that settings of the model speak of, Parquet or CSV by the name's end, readable by
    its owner alone: it holds people.
    """
    columns = prepared(of_file.people, of_file.record_ids, model=model)
    frame = pl.DataFrame(columns, schema=dict.fromkeys(COLUMNS, pl.String))
    with written_whole(out) as file:
        if out.suffix.lower() == PARQUET:
            frame.write_parquet(file)
        else:
            frame.write_csv(file)
