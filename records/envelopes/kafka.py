"""Kafka: a message is a row, a list of rows, a change that Debezium saw, or a tombstone.

A message without an id of its own is known by its place: topic, partition and offset. A row that Debezium tells is
known by its place in the database's log, so that a connector that repeats itself changes nothing; a deletion by its
offset, as the tombstone behind it is. See docs/streams.md.
"""

from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from records.envelope import Envelope, Reject, Unreadable, as_json, message_hash
from records.envelopes.debezium import CREATED, DELETED, READ, TRUNCATED, UPDATED, Change, change_of, unwrapped
from records.envelopes.streamed import Around, Reader, always, parse, rows_in

KEY, TIMESTAMP, OPERATION, CHANGED = "kafka.key", "kafka.timestamp", "debezium.op", "debezium.ts_ms"


@dataclass(frozen=True, slots=True)
class Message:
    """One message of a partition. The timestamp is in milliseconds, as its producer or broker gave it."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    key: bytes | None
    value: bytes | None

    def read(self, reader: Reader) -> list[Envelope | Reject]:
        """Its envelopes and rejects."""
        size, most = len(self.value or b""), reader.source.max_body_bytes
        try:
            if size > most:
                raise Unreadable("too_large", "", f"The message has {size} bytes; at most {most}.")
            told = unwrapped(parse(self.value)) if self.value else None
            if told is None:
                return [self._tombstone(reader)]
            if change := change_of(told):
                return [self._change(change, reader)]
            items = rows_in(told)
        except Unreadable as error:
            return [self.refused(error)]
        return [self._row(item, reader, number) for number, item in enumerate(items)]

    def refused(self, error: Unreadable) -> Reject:
        """The reject for this message as a whole, known by its place."""
        reject = error.as_reject(self.offset, self.value or self.key or b"", keep=error.code != "too_large")
        return replace(reject, message_hash=message_hash(self._known_by() + reject.message_hash))

    def _row(self, row: object, reader: Reader, number: int) -> Envelope | Reject:
        known_by = self._known_by(as_json(row)[0], str(number).encode())
        return reader.read(row, self._around(), known_by=always(known_by), position=self.offset)

    def _change(self, change: Change, reader: Reader) -> Envelope | Reject:
        around = self._around(change)
        if change.operation == DELETED:
            return reader.read_deletion(
                self._key_columns() | _told(change.before),
                around,
                known_by=self._deletion(self.offset),
                position=self.offset,
            )
        if change.operation == TRUNCATED:
            raise Unreadable(
                "truncated_at_source", "op", "The table was emptied at the source; nobody's rows are named."
            )
        if change.operation not in (CREATED, UPDATED, READ) or change.after is None:
            raise Unreadable("unknown_type", "op", "'op' must be c, u, r or d, and c, u and r need 'after'.")
        place = {"op": change.operation, "after": change.after, "source": change.position}
        known_by = as_json(place)[0] if change.position else self._known_by(as_json(place)[0])
        return reader.read(
            change.after,
            around,
            known_by=always(known_by),
            position=self.offset,
            ids_by_name=False,
        )

    def _tombstone(self, reader: Reader) -> Envelope | Reject:
        """A key whose value is gone. Right after the delete of the same key, as Debezium sends it, it says no more."""
        if not self.key:
            raise Unreadable("not_an_object", "", "The message has neither a key nor a value.")
        return reader.read_deletion(
            self._key_columns(), self._around(), known_by=self._deletion(self.offset - 1), position=self.offset
        )

    def _deletion(self, offset: int) -> bytes:
        return b"\0".join((b"deletion", self.topic.encode(), b"%d %d" % (self.partition, offset), self.key or b""))

    def _known_by(self, *content: bytes) -> bytes:
        place = b"%d %d %d" % (self.partition, self.offset, self.timestamp or 0)
        return b"\0".join((self.topic.encode(), place, *content))

    def _around(self, change: Change | None = None) -> Around:
        columns: dict[str, Any] = {}
        if self.timestamp is not None:
            columns[TIMESTAMP] = self.timestamp
        if isinstance(key := self._key(), str | int):
            columns[KEY] = str(key)
        if change is None:
            return Around(columns, occurred_at=TIMESTAMP if self.timestamp is not None else "")
        columns[OPERATION] = change.operation
        if change.happened_ms is not None:
            columns[CHANGED] = change.happened_ms
        when = CHANGED if change.happened_ms is not None else TIMESTAMP if self.timestamp is not None else ""
        return Around(columns, occurred_at=when)

    def _key(self) -> object:
        """What the key says: columns, or a bare value."""
        if not self.key:
            return None
        try:
            return unwrapped(parse(self.key))
        except Unreadable:
            return self.key.decode(errors="replace")

    def _key_columns(self) -> dict[str, Any]:
        key = self._key()
        return key if isinstance(key, dict) else {}


def _told(row: dict[str, Any] | None) -> dict[str, Any]:
    """The columns that have a value: of a deleted row many databases tell the key alone."""
    return {name: value for name, value in (row or {}).items() if value is not None}
