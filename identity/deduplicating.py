"""Which records of a file are one person: from the file to the clusters, with no database."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import monotonic

import numpy as np
import polars as pl
from numpy.typing import NDArray

from identity.likeness_to_model import Unlike, fields_in, unlike
from identity.limited_columns import NO_LIMITS, Limits, limits_in_force, room_of
from identity.matching import Model, People, Quality, b_cubed, pairwise_metrics
from identity.matching.batch import LINK_IN_FILE, Found, find_people
from identity.matching.column import MISSING
from identity.matching.columns import RECORD_ID, TRUTH, Taken, recognize
from identity.matching.in_bulk import texts_of
from identity.matching.table import fields_of, free_columns, holds_organizations
from identity.matching.threads import each
from identity.tables import Table, Unread, read_table


class NotOneEachError(ValueError):
    """The column that should tell records apart does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduplicated:
    """What became of a file.

    rows: a record_id, a cluster_id and a probability for each record; a cluster is called by the first record in it,
    and a record alone belongs to its own for certain. organizations: whether the records are of these. compared:
    the fields of a person in which anybody has a value. free: which
    columns were compared as identifiers and traits, by the comparison's name. unlike: how the file differs from the one
    that the given model was learned from. limits: how many different values of a column one cluster holds at most.
    quality: the measures by name, where the truth is known. learned_here: whether the model was learned from this file.
    """

    rows: pl.DataFrame
    columns: Sequence[Taken]
    found: Found
    unreadable: Sequence[Unread]
    organizations: bool
    compared: frozenset[str]
    free: Mapping[str, str]
    unlike: Unlike
    limits: Mapping[str, int]
    quality: Mapping[str, Quality]
    seconds: Mapping[str, float]
    learned_here: bool

    @property
    def clusters(self) -> int:
        """Return how many people the records are of."""
        # Each is called by its first row.
        labels = self.found.labels
        return int(np.count_nonzero(labels == np.arange(len(labels))))


@dataclass(slots=True)
class _Clock:
    """Tells of each stage as it begins, and how long each took."""

    tell: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)
    stage: str = ""
    since: float = 0.0

    def begin(self, stage: str) -> None:
        self.end()
        self.stage, self.since = stage.split(" ", 1)[0], monotonic()
        self.tell(stage)

    def end(self) -> None:
        if self.stage:
            self.seconds[self.stage] = round(monotonic() - self.since, 2)
            self.stage = ""


def deduplicate(
    path: Path,
    *,
    chosen: Mapping[str, str] | None = None,
    model: Model | None = None,
    threshold: float = LINK_IN_FILE,
    limits: Limits = NO_LIMITS,
    tell: Callable[[str], None] = lambda stage: None,
) -> Deduplicated:
    """Return the clusters of a file's records. `chosen` gives fields by column (see `matching.columns.FIELDS`),
    `limits` how many different values of a column one cluster holds at most: those that the model has, too, hold
    unless another is given.

    `tell` is called with each stage as it begins. Raises `NotReadable`, `UnknownColumnError`, `UnknownFieldError`,
    `NotOneEachError`, `UnlikeModelError` and `NothingToCompareError`, each with a message that says what to do and
    holds no value.
    """
    clock = _Clock(tell)
    clock.begin("reading")
    table = read_table(path, tell=lambda rows: tell(f"reading: {rows:,} rows"))
    rows, unreadable = table.rows, table.unreadable
    clock.begin("recognizing columns")
    columns = recognize(table.columns, chosen)
    record_ids = record_ids_of(table, columns)
    truth = _truth(table, chosen or {})
    clock.begin("normalizing")
    as_learned = model.columns if model else None
    fields = fields_of(table.columns, columns, as_learned)
    organizations = holds_organizations(table.columns, columns)
    present = fields_in(fields, organizations=organizations)
    free = free_columns(columns)
    apart = unlike(model, present, table.columns, free) if model else Unlike()
    in_force = limits_in_force(limits, model.limits if model else {}, table.columns)
    if as_learned is not None:
        free = {name: column for name, column in as_learned.items() if column in table.columns}
    limited = {column: table.columns[column] for column in in_force if column in table.columns}
    # What was written is not needed any more, and of a million records it is much.
    del table
    people = People.of(range(rows), fields, junk=model.junk if model else {})
    del fields
    room = room_of(in_force, limited, people, taken=columns, free=free)
    del limited
    found = find_people(people, model=model, threshold=threshold, room=room, tell=clock.begin)
    if model is None:
        found = replace(found, model=replace(found.model, columns=free, fields=present, junk=people.junk))
    found = replace(found, model=replace(found.model, limits=in_force))
    clock.end()
    return Deduplicated(
        rows=pl.DataFrame(
            {
                "record_id": record_ids,
                "cluster_id": record_ids.gather(found.labels),
                "probability": found.probability,
            }
        ),
        columns=columns,
        found=found,
        unreadable=unreadable,
        organizations=organizations,
        compared=frozenset(present),
        free=free,
        unlike=apart,
        limits=in_force,
        quality=_quality(found, truth),
        seconds=clock.seconds,
        learned_here=model is None and found.model.learned_on > 0,
    )


def record_ids_of(table: Table, columns: Sequence[Taken]) -> pl.Series:
    """Return what each row is called: by its column, else by where it stands in the file, from 1, with the unreadable
    rows counted. Raises `NotOneEachError`.
    """
    column = next((taken.column for taken in columns if taken.field == RECORD_ID), None)
    if column is None:
        return table.numbers.cast(pl.String)
    ids = table.columns[column]
    if len(ids.values) != table.rows:
        raise NotOneEachError(
            f"the column {column!r} does not tell records apart: {table.rows:,} rows hold {len(ids.values):,} values; "
            "name another with --id, or leave --id out to count the rows"
        )
    return texts_of(ids, np.arange(table.rows))


def _truth(table: Table, chosen: Mapping[str, str]) -> NDArray[np.int64] | None:
    """Return the number of the person of each row, where a column was chosen that tells; a row without one is a person
    alone.
    """
    column = next((column for column, name in chosen.items() if name == TRUTH), None)
    if column is None:
        return None
    codes = table.columns[column].codes
    return np.where(codes == MISSING, len(codes) + np.arange(len(codes)), codes).astype(np.int64)


def _quality(found: Found, truth: NDArray[np.int64] | None) -> dict[str, Quality]:
    if truth is None:
        return {}
    measures = {"pairwise": pairwise_metrics, "b_cubed": b_cubed}
    measured = each(lambda measure: measure(found.labels, truth), measures.values(), rows=len(truth))
    return dict(zip(measures, measured, strict=True))
