"""Files: read in batches of constant size; what was taken in stays in, and reading a file again changes nothing."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from itertools import islice
from pathlib import Path

import orjson
from django.utils import timezone

from pipeline.accept import Acceptance, accept
from records.envelope import Envelope, Reject, message_hash
from records.envelopes import rows, segment
from records.models import SEGMENT, Source
from records.readers import reader_for

BATCH = 2_000


def ingest(
    source: Source, path: Path, *, on_progress: Callable[[Acceptance, int], None] = lambda acceptance, offset: None
) -> Acceptance:
    """Take in a file of rows or Segment messages; `on_progress` hears the counts so far and the bytes read."""
    total = Acceptance()
    with path.open("rb") as file:
        items = reader_for(path)(file)
        envelopes = _Envelopes(source)
        while batch := list(islice(items, BATCH)):
            now = timezone.now()
            total += accept(source, [envelopes.read(item, now) for item in batch], door="file", now=now)
            on_progress(total, file.tell())
    return total


class _Envelopes:
    """Turns what a reader yields into envelopes of one source."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._mapping: rows.RowMapping | None = None
        self._columns: frozenset[str] = frozenset()
        self._copies: Counter[bytes] = Counter()

    def read(self, item: tuple[int, dict[str, object]] | Reject, now: datetime) -> Envelope | Reject:
        """The envelope of one row; a reject passes through."""
        if isinstance(item, Reject):
            return item
        line, row = item
        if self._source.format == SEGMENT:
            return segment.read(row, self._source, position=line, now=now)
        return rows.read(row, self._source, self._mapping_for(row), position=line, now=now, copy=self._copy(row))

    def _mapping_for(self, row: dict[str, object]) -> rows.RowMapping:
        columns = frozenset(rows.flatten(row))
        if self._mapping is None or (not self._source.mapping and not columns <= self._columns):
            self._columns |= columns
            self._mapping = rows.mapping_for(self._source, tuple(sorted(self._columns)))
        return self._mapping

    def _copy(self, row: dict[str, object]) -> int:
        if self._mapping is None or self._mapping.message_id:
            return 0
        key = message_hash(orjson.dumps(row, default=str))
        self._copies[key] += 1
        return self._copies[key] - 1
