"""Rows of a stream: what a topic's message tells, read as its source's mapping says, one envelope each.

Beside its own columns a row has those of its surroundings, such as `topic.device`. They are read where the mapping
names them, and otherwise only stand in for what neither mapping nor row says.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson
from msgspec.structs import replace

from records import quality
from records.contracts import Contract, contract_of
from records.dictionary import IDENTIFIERS
from records.envelope import Envelope, Reject, Unreadable, Way, as_json, message_hash, rejected_hash
from records.envelopes import rows, segment
from records.envelopes.rows import RowMapping
from records.models import IOT, SEGMENT, Source

READER, DELETION = "streamed", "deletion"
# What the columns of a row's surroundings begin with, whatever door it came through.
SURROUNDINGS = ("topic.", "kafka.", "debezium.", "webhook.")
# Rows in one message: more is no message but a file.
MOST_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Around:
    """What surrounds a row: columns of its message, and which say device, time and name where the row does not.

    `device` counts for sources of kind IoT alone: elsewhere a topic's levels name no device that one person uses.
    """

    columns: Mapping[str, Any]
    device: str = ""
    occurred_at: str = ""
    event: str = ""


@dataclass(frozen=True, slots=True)
class KnownBy:
    """What a row without a message id is known by: `timed` where it tells its own time, `untimed` where it does not."""

    timed: bytes
    untimed: Callable[[], bytes]


def always(known_by: bytes) -> KnownBy:
    """Known by this, whether it tells its time or not."""
    return KnownBy(known_by, lambda: known_by)


@dataclass
class Reader:
    """Reads rows of one source; remembers the mapping of the columns that it has met."""

    source: Source
    now: datetime
    _mappings: dict[tuple[str, ...], RowMapping] = field(default_factory=dict)

    def read(
        self, row: object, around: Around, *, known_by: KnownBy, position: int, ids_by_name: bool = True
    ) -> Envelope | Reject:
        """The envelope of this row, or the reject that says what is wrong with it.

        Without `ids_by_name` a column is a message id only where the mapping says so: the rows of a changing table
        bear the same order number again and again.
        """
        if self.source.format == SEGMENT:
            return self._message(row, known_by, position)
        body, fault = as_json({**around.columns, **row} if isinstance(row, dict) else row)
        try:
            columns = self._columns(row, body, fault)
            contract = contract_of(self.source)
            if contract and isinstance(row, dict):
                contract.check_row(row)
            mapping = self._with_surroundings(self._mapping(tuple(columns)), columns, around)
            if not ids_by_name and rows.by_names(self.source):
                mapping = replace(mapping, message_id=tuple(self.source.mapping.get("message_id", ())))
            envelope = self._envelope(columns, mapping, around, known_by, position, contract)
            return quality.judged(envelope, self.source, now=self.now)
        except Unreadable as error:
            way = _way(READER, around, known_by, ids_by_name=ids_by_name)
            reject = error.as_reject(position, body, keep=error.code != "too_large", way=way)
            return replace(reject, message_hash=rejected_hash(known_by.untimed()))

    def read_deletion(self, row: object, around: Around, *, known_by: bytes, position: int) -> Envelope | Reject:
        """The envelope that says that the source has deleted this row: of it, only whose it was."""
        body, fault = as_json({**around.columns, **row} if isinstance(row, dict) else row)
        try:
            columns = self._columns(row, body, fault)
            mapping = self._with_surroundings(self._mapping(tuple(columns)), columns, around)
            whose = {column: name for column, name in mapping.fields.items() if name in IDENTIFIERS}
            stable = {column: name for column, name in whose.items() if name == self.source.stable_key}
            bare = replace(
                mapping,
                kind=DELETION,
                kind_column="",
                event="",
                event_column="",
                message_id=(),
                occurred_at=around.occurred_at,
                amount="",
                fields=stable or whose,
                properties={},
                consents={},
                opens_episode="",
            )
            read = self._envelope(columns, bare, around, always(known_by), position)
            return replace(read, flags=(), cleaned=())
        except Unreadable as error:
            way = _way(DELETION, around, always(known_by))
            return replace(error.as_reject(position, body, way=way), message_hash=rejected_hash(known_by))

    def _columns(self, row: object, body: bytes, fault: Unreadable | None) -> dict[str, Any]:
        if not isinstance(row, dict):
            raise Unreadable("not_an_object", "", "A message must be a JSON object, or a list of them.")
        if len(body) > self.source.max_record_bytes:
            raise Unreadable("too_large", "", f"The row has {len(body)} bytes; at most {self.source.max_record_bytes}.")
        if fault:
            raise fault
        return rows.flatten(row)

    def _mapping(self, columns: tuple[str, ...]) -> RowMapping:
        known = columns if rows.by_names(self.source) else ()
        if known not in self._mappings:
            self._mappings[known] = rows.mapping_for(self.source, columns)
        return self._mappings[known]

    def _with_surroundings(self, mapping: RowMapping, columns: Mapping[str, Any], around: Around) -> RowMapping:
        fields, message_id = mapping.fields, mapping.message_id
        if around.device and self.source.kind == IOT and "device_id" not in fields.values():
            fields = {**fields, around.device: "device_id"}
            # Two devices count their messages alike.
            by_names = rows.by_names(self.source) and not self.source.mapping.get("message_id")
            message_id = (around.device, *message_id) if message_id and by_names else message_id
        return replace(
            mapping,
            fields=fields,
            message_id=message_id,
            occurred_at=mapping.occurred_at if _told(columns, mapping.occurred_at) else around.occurred_at,
            event_column=mapping.event_column or ("" if mapping.event else around.event),
        )

    def _envelope(
        self,
        columns: dict[str, Any],
        mapping: RowMapping,
        around: Around,
        known_by: KnownBy,
        position: int,
        contract: Contract | None = None,
    ) -> Envelope:
        used = {*mapping.message_id, *mapping.fields, *mapping.properties, *mapping.consents}
        used |= {mapping.occurred_at, mapping.event_column, mapping.kind_column}
        told = {**columns, **{name: value for name, value in around.columns.items() if name in used}}
        identity = b""
        if not rows.message_id(told, mapping):
            identity = known_by.timed if _told(columns, mapping.occurred_at) else known_by.untimed()
        return rows.envelope_of(
            told, identity, self.source, mapping, contract=contract, position=position, now=self.now
        )

    def _message(self, message: object, known_by: KnownBy, position: int) -> Envelope | Reject:
        read = segment.read(message, self.source, position=position, now=self.now)
        if isinstance(read, Reject):
            hash = rejected_hash(known_by.untimed())
            return replace(read, way=_way(READER, Around({}), known_by), message_hash=hash)
        if not isinstance(message, dict) or message.get("messageId"):
            return read
        timed = message.get("timestamp") or message.get("originalTimestamp")
        return replace(read, message_hash=message_hash(known_by.timed if timed else known_by.untimed()))


def _way(reader: str, around: Around, known_by: KnownBy, *, ids_by_name: bool = True) -> Way:
    """How to read the row again: what surrounded it stands in its body by then."""
    return Way(
        reader,
        device=around.device,
        occurred_at=around.occurred_at,
        event=around.event,
        ids_by_name=ids_by_name,
        timed=message_hash(known_by.timed).hex(),
        untimed=message_hash(known_by.untimed()).hex(),
    )


def rows_in(told: object) -> list[object]:
    """The rows that a message tells: one, or a list of them. Raises `Unreadable` for more than it may hold."""
    rows = told if isinstance(told, list) else [told]
    if len(rows) > MOST_ROWS:
        raise Unreadable("too_large", "", f"The message is a list of {len(rows)} rows; at most {MOST_ROWS}.")
    return rows


def _told(columns: Mapping[str, Any], name: str) -> bool:
    return columns.get(name) not in (None, "")


def parse(payload: bytes) -> object:
    """The payload's JSON. Raises `Unreadable`, saying where it breaks."""
    try:
        text = payload.decode()
    except UnicodeDecodeError as error:
        raise Unreadable(
            "invalid_utf8", "", f"The message is not UTF-8: its byte {error.start + 1} cannot be read."
        ) from None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Unreadable("malformed_json", "", f"The message is not JSON: it breaks at column {error.colno}.") from None
