"""Again: what could not be taken in is read once more, as it was read the first time, by its source as it is now.

It happened, and was received, when it was: nothing in it counts from the day on which it is read again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import orjson

from records.envelope import Envelope, Hashed, Reject, Unreadable, Way
from records.envelopes import cloudevents, rows, segment, streamed
from records.envelopes.streamed import SURROUNDINGS, Around, KnownBy
from records.models import SEGMENT, Source


def read_again(
    body: bytes, way: Way | None, source: Source, *, position: int, received_at: datetime
) -> Envelope | Reject:
    """The envelope of a body from the quarantine, or the reject that says what is wrong with it now.

    A body of no known way, such as a broken line of a file, is read as the source's format says.
    """
    way = way or Way(segment.READER if source.format == SEGMENT else rows.READER)
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        fault = Unreadable("malformed_json", "", f"It is not JSON: it breaks at column {error.colno}.")
        return fault.as_reject(position, body, way=way)
    read = _read(message, way, source, position, received_at)
    return replace(read, received_at=received_at) if isinstance(read, Envelope) else read


def _read(message: object, way: Way, source: Source, position: int, now: datetime) -> Envelope | Reject:
    if way.reader == cloudevents.READER:
        return cloudevents.read(message, source, position=position, now=now)
    if way.reader in (streamed.READER, streamed.DELETION):
        return _streamed(message, way, source, position, now)
    if source.format == SEGMENT:
        return segment.read(message, source, position=position, now=now, sent_at=way.sent_at or None)
    columns = rows.flatten(message) if isinstance(message, dict) else {}
    mapping = rows.mapping_for(source, tuple(columns))
    return rows.read(message, source, mapping, position=position, now=now, copy=way.copy)


def _streamed(message: object, way: Way, source: Source, position: int, now: datetime) -> Envelope | Reject:
    reader = streamed.Reader(source, now)
    row, surroundings = _apart(message)
    around = Around(surroundings, device=way.device, occurred_at=way.occurred_at, event=way.event)
    if way.reader == streamed.DELETION:
        return reader.read_deletion(row, around, known_by=_hashed(way.timed), position=position)
    timed, untimed = _hashed(way.timed), _hashed(way.untimed)
    known_by = KnownBy(timed, lambda: untimed)
    return reader.read(row, around, known_by=known_by, position=position, ids_by_name=way.ids_by_name)


def _apart(message: object) -> tuple[object, Mapping[str, Any]]:
    """The row, and what surrounded it: its body holds both."""
    if not isinstance(message, dict):
        return message, {}
    surroundings = {name: value for name, value in message.items() if name.startswith(SURROUNDINGS)}
    return {name: value for name, value in message.items() if name not in surroundings}, surroundings


def _hashed(digits: str) -> Hashed:
    return Hashed(bytes.fromhex(digits))
