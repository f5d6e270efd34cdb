"""Files: read in batches of constant size; what was taken in stays in, and reading a file again changes nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.utils import timezone

from pipeline.accept import Acceptance, accept
from records.envelope import Envelope, Reject, as_json, message_hash
from records.envelopes import rows, segment
from records.models import SEGMENT, Source
from records.readers import reader_for

BATCH = 2_000
MOST_REJECTS = 1_000


def ingest(
    source: Source, path: Path, *, on_progress: Callable[[Acceptance, int], None] = lambda acceptance, offset: None
) -> Acceptance:
    """Take in a file of rows or Segment messages; `on_progress` hears the counts so far and the bytes read.

    The answer names the first rejects, without their content; all of them are in the quarantine.
    """
    total = Acceptance()
    with path.open("rb") as file:
        items = reader_for(path)(file)
        envelopes = _Envelopes(source)
        while batch := list(islice(items, BATCH)):
            now = timezone.now()
            total = _sum(total, accept(source, [envelopes.read(item, now) for item in batch], door="file", now=now))
            on_progress(total, file.tell())
    return total


def _sum(total: Acceptance, batch: Acceptance) -> Acceptance:
    room = max(0, MOST_REJECTS - len(total.rejects))
    return total + replace(batch, rejects=[replace(reject, body=None) for reject in batch.rejects[:room]])


class _Envelopes:
    """Turns what a reader yields into envelopes of one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._mapping: rows.RowMapping | None = None
        self._columns: tuple[str, ...] = ()
        self._copies: Counter[bytes] = Counter()

    def read(self, item: tuple[int, dict[str, object]] | Reject, now: datetime) -> Envelope | Reject:
        """The envelope of one row; a reject passes through."""
        if isinstance(item, Reject):
            return item
        line, row = item
        if self._source.format == SEGMENT:
            return segment.read(row, self._source, position=line, now=now)
        flat = rows.flatten(row)
        mapping = self._mapping_for(flat)
        copy = 0 if rows.message_id(flat, mapping) else self._copy(row)
        return rows.read(row, self._source, mapping, position=line, now=now, copy=copy)

    def _mapping_for(self, flat: dict[str, object]) -> rows.RowMapping:
        """The source's own mapping, or one for the columns of this row, which JSON objects may each have their own."""
        columns = () if self._source.mapping else tuple(flat)
        if self._mapping is None or columns != self._columns:
            self._columns, self._mapping = columns, rows.mapping_for(self._source, columns)
        return self._mapping

    def _copy(self, row: dict[str, object]) -> int:
        """How many rows like this came before: what a row without a message id is told apart by."""
        key = message_hash(as_json(row)[0])
        self._copies[key] += 1
        return self._copies[key] - 1
