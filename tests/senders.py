"""Ways to send records in tests: through the same doors as everybody."""

from datetime import datetime
from typing import Any

from pipeline import doors
from pipeline.accept import Acceptance, accept
from pipeline.process import process_batch
from records.envelopes import rows as row_envelopes
from records.models import Source


def send_rows(source: Source, *rows: dict[str, Any], now: datetime) -> Acceptance:
    """Rows of an offline or IoT source."""
    mapping = row_envelopes.mapping_for(source, tuple(sorted({column for row in rows for column in row})))
    items = [
        row_envelopes.read(row, source, mapping, position=position, now=now) for position, row in enumerate(rows, 1)
    ]
    return accept(source, items, door="file", now=now)


def send_messages(source: Source, *messages: dict[str, Any], now: datetime) -> Acceptance:
    """Segment messages in one batch."""
    return doors.segment(source, {"batch": list(messages)}, single_type=None, now=now)


def process(now: datetime) -> None:
    """Process all that waits."""
    while process_batch(now=now):
        pass
