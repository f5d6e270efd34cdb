"""Deliveries: which message the broker handed over under which packet id.

A bare reading such as `21.5` looks like the one before it. The broker tells them apart: a message that it repeats, for
want of our acknowledgement, comes under the same packet id and is marked as a repetition. So each handing over gets an
id of its own, remembered by packet id until so many more have come as may be unacknowledged at once; a repetition finds
the id of the first time. It is written before the message is taken in: what was written and not taken in is taken then.
"""

import uuid
from dataclasses import dataclass, field

from django.db import connection

from pipeline.models import MqttDelivery
from records import dedupe
from records.envelope import message_hash

WRITE = """
INSERT INTO pipeline_mqttdelivery (client_id, packet_id, number, content_hash, delivery)
SELECT %s, * FROM unnest(%b::integer[], %b::bigint[], %b::bytea[], %b::uuid[])
ON CONFLICT (client_id, packet_id)
DO UPDATE SET number = excluded.number, content_hash = excluded.content_hash, delivery = excluded.delivery
"""
FORGET = "DELETE FROM pipeline_mqttdelivery WHERE client_id = %s AND number <= %s"


@dataclass(frozen=True, slots=True)
class _Delivery:
    number: int
    content_hash: bytes
    id: uuid.UUID


@dataclass
class Deliveries:
    """What one client was handed over lately; `window` is how many messages may be unacknowledged at once."""

    client_id: str
    window: int
    _known: dict[int, _Delivery] = field(default_factory=dict)
    _unwritten: dict[int, _Delivery] = field(default_factory=dict)
    _number: int = 0

    def load(self) -> None:
        """Recall what was written before this process began. Raises what the database raises."""
        rows = MqttDelivery.objects.filter(client_id=self.client_id)
        self._known = {row.packet_id: _Delivery(row.number, bytes(row.content_hash), row.delivery) for row in rows}
        self._number = max((one.number for one in self._known.values()), default=0)

    def of(self, packet_id: int, content: bytes, *, repeated: bool) -> bytes:
        """What tells this handing over apart; for a repetition, what told the first one apart."""
        if not packet_id:  # at most once: never repeated
            return uuid.uuid4().bytes
        hashed = dedupe.keyed(message_hash(content))
        known = self._known.get(packet_id)
        if repeated and known and known.content_hash == hashed:
            return known.id.bytes
        self._number += 1
        self._known[packet_id] = self._unwritten[packet_id] = _Delivery(self._number, hashed, uuid.uuid4())
        return self._known[packet_id].id.bytes

    def write(self) -> None:
        """Make what is new durable, and forget what the broker can repeat no more. Raises what the database raises."""
        if not self._unwritten:
            return
        packets = sorted(self._unwritten)
        news = [self._unwritten[packet] for packet in packets]
        with connection.cursor() as cursor:
            numbers, hashes, ids = zip(*((one.number, one.content_hash, one.id) for one in news), strict=True)
            cursor.execute(WRITE, [self.client_id, packets, list(numbers), list(hashes), list(ids)])
            cursor.execute(FORGET, [self.client_id, self._number - self.window])
        self._unwritten = {}
        self._known = {packet: one for packet, one in self._known.items() if one.number > self._number - self.window}
