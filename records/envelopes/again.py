"""Again: what could not be taken in is read once more, as it was read the first time, by its source as it is now.

It happened, and was received, when it was: nothing in it counts from the day on which it is read again. Mended or not,
a message without an id of its own is known by what its source sent.
"""

import copy
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson
from msgspec.structs import replace

from records.envelope import GPC, Envelope, Hashed, Reject, Unreadable, Way, message_hash
from records.envelopes import cloudevents, rows, segment, streamed
from records.envelopes.streamed import SURROUNDINGS, Around, KnownBy
from records.mending import AS_IT_IS, Mend
from records.models import SEGMENT, Source


def read_again(
    body: bytes, way: Way, source: Source, *, position: int, received_at: datetime, mend: Mend = AS_IT_IS
) -> Envelope | Reject:
    """The envelope of a body from the quarantine, or the reject that says what is wrong with it now.

    A body of no known way, such as a broken line of a file, is read as the source's format says.
    """
    mended = mend.of(body)
    try:
        message = orjson.loads(mended)
    except orjson.JSONDecodeError as error:
        fault = Unreadable("malformed_json", "", f"It is not JSON: it breaks at column {error.colno}.")
        return fault.as_reject(position, mended, way=way)
    read = _read(message, way, source, position, received_at, body if mend.changes else b"")
    if isinstance(read, Reject):
        return read
    signals = (*read.signals, GPC) if way.gpc else read.signals
    return replace(read, received_at=received_at, signals=signals, flags=(*read.flags, *mend.flags))


def believed(source: Source, way: Way) -> Source:
    """The source; believed as little as the key by which the message came, where that was public then."""
    if not way.client_side or source.client_side:
        return source
    other = copy.copy(source)
    other.client_side = True
    return other


def _read(message: object, way: Way, source: Source, position: int, now: datetime, sent: bytes) -> Envelope | Reject:
    """`sent` is what its source sent, where that was mended."""
    if way.reader == cloudevents.READER:
        return cloudevents.read(message, source, position=position, now=now)
    if way.reader in (streamed.READER, streamed.DELETION):
        return _streamed(message, way, source, position, now)
    if source.format == SEGMENT:
        read = segment.read(message, source, position=position, now=now, sent_at=way.sent_at or None)
        has_id = isinstance(message, dict) and bool(message.get("messageId"))
        return read if has_id else _known_by(read, sent)
    columns = rows.flatten(message) if isinstance(message, dict) else {}
    mapping = rows.mapping_for(source, tuple(columns))
    read = rows.read(message, source, mapping, position=position, now=now, copy=way.copy)
    number = b"#%d" % way.copy if way.copy else b""
    return read if rows.message_id(columns, mapping) else _known_by(read, sent and sent + number)


def _known_by(read: Envelope | Reject, sent: bytes) -> Envelope | Reject:
    return replace(read, message_hash=message_hash(sent)) if sent and isinstance(read, Envelope) else read


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
