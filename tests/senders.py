"""Ways to send records in tests: through the same doors as everybody."""

import itertools
from datetime import datetime
from typing import Any

import orjson

from pipeline import doors
from pipeline.accept import Acceptance, accept
from pipeline.consumers.taking import Fetched, take
from pipeline.process import process_batch
from records.envelopes import kafka, mqtt
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


STREAMS = ("kafka", "mqtt")
_offsets = itertools.count()


def send_stream(door: str, source: Source, *messages: object, now: datetime) -> Acceptance:
    """Messages as a consumer has fetched them from this kind of broker; bytes go as they are."""
    payloads = [message if isinstance(message, bytes) else orjson.dumps(message) for message in messages]
    fetched = [Fetched(source.name, _fetched(door, source, payload, next(_offsets))) for payload in payloads]
    return take(fetched, door=door, now=now).acceptance


def _fetched(door: str, source: Source, payload: bytes, number: int) -> kafka.Message | mqtt.Message:
    if door == "kafka":
        return kafka.Message(f"onym.{source.name}", 0, number, None, b"key", payload)
    topic = f"onym/{source.name}"
    return mqtt.Message(topic, mqtt.place(topic, "onym"), payload, lambda: b"%d" % number)


def process(now: datetime) -> None:
    """Process all that waits."""
    while process_batch(now=now):
        pass
