"""Webhooks: what a signed message tells is a row, read by its source's mapping, and what surrounds it are columns.

A body of the shape that the standard advises (`type`, `timestamp` and `data`) is its data; its type names the event and
its timestamp says when. Any other body is the row itself, which happened when it was sent unless it says otherwise.
Source: Standard Webhooks 1.0.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from records.envelope import Envelope, Reject, Unreadable
from records.envelopes.streamed import Around, Reader, always, parse, rows_in

ID, TYPE, TIMESTAMP, SENT_AT = "webhook.id", "webhook.type", "webhook.timestamp", "webhook.sent_at"
SHAPE = {"type", "timestamp", "data"}


@dataclass(frozen=True, slots=True)
class Webhook:
    """One signed message: its id, when it was sent, and its body."""

    id: str
    sent_at: datetime
    body: bytes

    def read(self, reader: Reader) -> list[Envelope | Reject]:
        """Its envelopes and rejects: one, or one for each row of a list."""
        try:
            told = rows_in(parse(self.body))
        except Unreadable as error:
            return [error.as_reject(0, self.body)]
        return [self._read(one, reader, position) for position, one in enumerate(told)]

    def _read(self, one: object, reader: Reader, position: int) -> Envelope | Reject:
        row, around = self._row(one)
        known_by = always(f"webhook {self.id} {position}".encode())
        # The number of an order names no message: what becomes of it is told again and again.
        return reader.read(row, around, known_by=known_by, position=position, ids_by_name=False)

    def _row(self, one: object) -> tuple[object, Around]:
        columns: dict[str, Any] = {ID: self.id, SENT_AT: self.sent_at.astimezone(UTC).isoformat()}
        if not isinstance(one, dict) or not one.keys() >= SHAPE or not isinstance(one["data"], dict):
            return one, Around(columns, occurred_at=SENT_AT)
        columns |= {TYPE: one["type"], TIMESTAMP: one["timestamp"]}
        return one["data"], Around(columns, occurred_at=TIMESTAMP if one["timestamp"] else SENT_AT, event=TYPE)
