"""Files: read in batches of constant size; what was taken in stays in, and reading a file again changes nothing.

A file is known again by all its bytes and by how it is read. Each batch is taken in and the place behind it noted in
one transaction: whoever dies in between, the next run goes on from that place. A file that was loaded to its end is not
read a second time.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.db import transaction
from django.utils import timezone
from msgspec import structs

from pipeline.accept import Acceptance, accept
from pipeline.copies import Copies
from records import file_loads, intakes
from records.envelope import Envelope, Reject, Way, as_json
from records.envelopes import rows, segment
from records.file_loads import OWN, GoesOnElsewhere, Reading
from records.models import LOADED, SEGMENT, FileLoad, Source
from records.readers import PARQUET, START, Nature, NotReadable, Position, Row, Rows, examine, rows_of
from records.readers.parquet import count
from vault.crossing import again_when_crossed

# A batch is closed behind so many rows, or the row with which it has so many bytes of text. Parsed, they may be
# twenty times as many.
BATCH, BATCH_BYTES = 2_000, 4_000_000
MOST_REJECTS = 1_000


@dataclass(frozen=True)
class Progress:
    """How far a load is: the rows of this run, and how many bytes of the whole are read."""

    acceptance: Acceptance
    rows: int
    read: int
    total: int


def no_progress(progress: Progress) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Loading:
    """A file that is about to be taken in: what it is, and the load that it goes on with."""

    source: Source
    nature: Nature
    load: FileLoad

    @property
    def loaded_before(self) -> bool:
        """Whether this very file was taken in to its end already."""
        return self.load.state == LOADED

    @property
    def goes_on_at(self) -> int:
        """The line that an interrupted load goes on at; 0 when it begins."""
        return self.load.line + 1 if self.load.line and not self.loaded_before else 0


def ingest(
    source: Source, path: Path, *, on_progress: Callable[[Progress], None] = no_progress, again: bool = False
) -> Acceptance:
    """Take in a file of rows or Segment messages, or what an earlier run left of it.

    The answer names the first rejects, without their content; all of them are in the quarantine. Of a file that was
    loaded before, every row is a duplicate. Raises `records.readers.NotReadable`.
    """
    with path.open("rb") as file:
        loading = open_load(source, file, name=path.name, again=again, by="command")
        return take_in(loading, file, on_progress=on_progress)


def open_load(
    source: Source,
    file: BinaryIO,
    *,
    by: str,
    name: str = "",
    encoding: str = "",
    reading: Reading = OWN,
    again: bool = False,
) -> Loading:
    """Look at the file, and find the load that it goes on with, or begin one. Raises `records.readers.NotReadable`.

    What `reading` gives is used instead of the source's own. With `again` the file is read from its start, whatever was
    loaded before.
    """
    nature = examine(file, name=name, encoding=encoding, region=source.region)
    digest = file_loads.digest_of(source, nature, reading)
    load = None if again else file_loads.last_of(source, digest)
    if load is None:
        load = file_loads.begin(source, nature, digest, by=by, now=timezone.now())
    return Loading(reading.of(source), nature, load)


def take_in(loading: Loading, file: BinaryIO, *, on_progress: Callable[[Progress], None] = no_progress) -> Acceptance:
    """Take in what is left of the file. Raises `records.readers.NotReadable`; what was taken in before that stays.

    Where somebody else takes in the same file meanwhile, this is a load of its own, which finds their rows known.
    Only one worker goes on with an upload: the other gets `records.file_loads.GoesOnElsewhere`.
    """
    if loading.loaded_before:
        intakes.note_repeated(loading.source, loading.load.acknowledged, door="file", now=timezone.now())
        return Acceptance(duplicate=loading.load.acknowledged)
    try:
        return _take_in(loading, file, on_progress)
    except GoesOnElsewhere:
        if loading.load.uploaded:
            raise
        return take_in(_anew(loading), file, on_progress=on_progress)
    except NotReadable as error:
        file_loads.fail(loading.load, str(error), now=timezone.now())
        raise


def batches(items: Rows) -> Iterator[list[Row | Reject]]:
    """The rows in batches of bounded size; `items.position` is behind the one that was given last."""
    while True:
        batch: list[Row | Reject] = []
        most = items.size + BATCH_BYTES
        for item in items:
            batch.append(item)
            if len(batch) >= BATCH or items.size >= most:
                break
        if not batch:
            return
        yield batch


def _anew(loading: Loading) -> Loading:
    load, now = loading.load, timezone.now()
    digest = bytes(load.digest or b"")
    return replace(loading, load=file_loads.begin(load.source, loading.nature, digest, by=load.started_by, now=now))


def _take_in(loading: Loading, file: BinaryIO, on_progress: Callable[[Progress], None]) -> Acceptance:
    source, load = loading.source, loading.load
    start = file_loads.position_of(load)
    measure = measure_of(file, loading.nature)
    total = Acceptance()
    with closing(Envelopes(source)) as envelopes:
        if start != START and source.format != SEGMENT:
            _count_copies(envelopes, rows_of(file, loading.nature, most=source.max_record_bytes), start)
        items = rows_of(file, loading.nature, start, most=source.max_record_bytes)
        for batch in batches(items):
            now = timezone.now()
            batch_of = [envelopes.read(item, now) for item in batch]
            end, read = items.position, measure.read(items.position)
            total = _sum(total, _take_batch(_Batch(load, source, batch_of, start, end, read, now)))
            start = end
            on_progress(Progress(total, total.acknowledged, read, measure.total))
    file_loads.finish(load, now=timezone.now())
    return total


@dataclass(frozen=True)
class _Batch:
    """Rows of a file, between two places in it."""

    load: FileLoad
    source: Source
    items: list[Envelope | Reject]
    start: Position
    end: Position
    read: int
    now: datetime


def _take_batch(batch: _Batch) -> Acceptance:
    """The batch and the place behind it, in one transaction; tried again when it crossed an erasure."""
    return again_when_crossed(lambda: _take_batch_once(batch))


def _take_batch_once(batch: _Batch) -> Acceptance:
    with transaction.atomic():
        acceptance = accept(batch.source, batch.items, door="file", now=batch.now)
        counts = {name: getattr(acceptance, name) for name in file_loads.OUTCOMES}
        file_loads.note_batch(batch.load, counts, start=batch.start, end=batch.end, read=batch.read, now=batch.now)
    return acceptance


def _sum(total: Acceptance, batch: Acceptance) -> Acceptance:
    room = max(0, MOST_REJECTS - len(total.rejects))
    return total + replace(batch, rejects=[structs.replace(reject, body=None) for reject in batch.rejects[:room]])


@dataclass(frozen=True)
class Measure:
    """How many bytes of a file are read. Parquet is not read from front to back: there its rows say it."""

    file: BinaryIO
    total: int
    rows: int = 0

    def read(self, position: Position) -> int:
        return self.total * position.line // self.rows if self.rows else min(self.file.tell(), self.total)


def measure_of(file: BinaryIO, nature: Nature) -> Measure:
    """What its progress is measured in. Raises `records.readers.NotReadable`."""
    return Measure(file, nature.size, count(file) if nature.format == PARQUET else 0)


def _count_copies(envelopes: "Envelopes", items: Rows, end: Position) -> None:
    """What came before the place where reading goes on: equal rows behind it are counted from there."""
    for item in items:
        if not isinstance(item, Reject):
            envelopes.count(item)
        if items.position.offset >= end.offset:
            return


class Envelopes:
    """Turns what a reader yields into envelopes of one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._mapping: rows.RowMapping | None = None
        self._columns: tuple[str, ...] = ()
        self._copies = Copies()
        # Every broken line of a file came the same way.
        self._way: Way | None = None
        self._way_to_keep: Way | None = None

    def close(self) -> None:
        self._copies.close()

    def read(self, item: Row | Reject, now: datetime) -> Envelope | Reject:
        """The envelope of one row; a reject passes through."""
        if isinstance(item, Reject):
            return self._with_known_columns(item)
        line, row = item
        if self._source.format == SEGMENT:
            return segment.read(row, self._source, position=line, now=now)
        flat = rows.flatten(row)
        mapping = self.mapping_for(flat)
        copy = 0 if rows.message_id(flat, mapping) else self._copies.before(as_json(row)[0])
        return rows.read(row, self._source, mapping, position=line, now=now, copy=copy)

    def _with_known_columns(self, reject: Reject) -> Reject:
        """The same, with the names of those columns alone that its source knows: another may be somebody's data."""
        way = reject.way
        if way is None or not way.columns:
            return reject
        if way is not self._way:
            known = set() if self._source.format == SEGMENT else rows.known(way.columns, self._source)
            columns = [name if name in known else "" for name in way.columns]
            self._way, self._way_to_keep = way, structs.replace(way, columns=columns)
        return structs.replace(reject, way=self._way_to_keep)

    def count(self, item: Row) -> None:
        """Count this row among those that came before."""
        _, row = item
        flat = rows.flatten(row)
        if not rows.message_id(flat, self.mapping_for(flat)):
            self._copies.before(as_json(row)[0])

    def mapping_for(self, flat: dict[str, object]) -> rows.RowMapping:
        """The source's own mapping, or one for the columns of this row, which JSON objects may each have their own."""
        columns = tuple(flat) if rows.by_names(self._source) else ()
        if self._mapping is None or columns != self._columns:
            self._columns, self._mapping = columns, rows.mapping_for(self._source, columns)
        return self._mapping
