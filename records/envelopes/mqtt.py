"""MQTT: the topic names source, device and metric; the payload is a row, a list of rows, or the value of one metric.

`onym/SOURCE/DEVICE/METRIC` with a bare number or text, or `{"value": …, "timestamp": …}`, is one row whose column is
called like the metric. Any other object is a row itself, any list a list of rows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from records.envelope import Envelope, Reject, Unreadable, as_json
from records.envelopes.streamed import Around, KnownBy, Reader, parse, rows_in
from records.shown_names import PERSONAL

DEVICE, METRIC = "topic.device", "topic.metric"
OF_ONE_METRIC = frozenset({"value", "timestamp"})
STARTS_OF_JSON = (b"{", b"[", b'"')
LONGEST_METRIC = 120


@dataclass(frozen=True, slots=True)
class Place:
    """What a topic names."""

    source: str
    device: str = ""
    metric: str = ""


def place(topic: str, prefix: str) -> Place:
    """What this topic names, below the prefix; nothing where it lies elsewhere."""
    if not topic.startswith(f"{prefix}/"):
        return Place("")
    source, _, rest = topic[len(prefix) + 1 :].partition("/")
    device, _, metric = rest.partition("/")
    return Place(source, device, metric)


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the broker handed it over; `delivery` tells this handing over from every other, when asked."""

    topic: str
    place: Place
    payload: bytes
    delivery: Callable[[], bytes]

    def read(self, reader: Reader) -> list[Envelope | Reject]:
        """Its envelopes and rejects; none of an empty payload, by which MQTT takes back what a topic retained."""
        if not self.payload:
            return []
        most = reader.source.max_body_bytes
        try:
            if len(self.payload) > most:
                raise Unreadable("too_large", "", f"The message has {len(self.payload)} bytes; at most {most}.")
            items = rows_in(self._told())
        except Unreadable as error:
            return [self.refused(error)]
        return [self._read(item, reader, position) for position, item in enumerate(items, 1)]

    def refused(self, error: Unreadable) -> Reject:
        """The reject for this message as a whole."""
        return error.as_reject(1, self.payload, keep=error.code != "too_large")

    def _told(self) -> object:
        """What the payload says: a row, a list of rows, or something that is neither."""
        metric = self.place.metric
        value = self._value() if metric else parse(self.payload)
        if not metric or isinstance(value, list):
            return value
        if not isinstance(value, dict):
            return {metric: value}
        if "value" in value and value.keys() <= OF_ONE_METRIC:
            return {metric: value["value"], "timestamp": value.get("timestamp")}
        return value

    def _value(self) -> object:
        """JSON, or text that does not look like JSON at all."""
        try:
            return parse(self.payload)
        except Unreadable as error:
            if error.code != "malformed_json" or self.payload.lstrip().startswith(STARTS_OF_JSON):
                raise
            return self.payload.decode().strip()

    def _read(self, item: object, reader: Reader, position: int) -> Envelope | Reject:
        content = self.topic.encode() + b"\0" + as_json(item)[0]
        known_by = KnownBy(content, lambda: b"\0".join((content, self.delivery(), str(position).encode())))
        return reader.read(item, self._around(), known_by=known_by, position=position)

    def _around(self) -> Around:
        columns: dict[str, Any] = {}
        if self.place.device:
            columns[DEVICE] = self.place.device
        if self.place.metric:
            columns[METRIC] = PERSONAL.sub("…", self.place.metric)[:LONGEST_METRIC]
        return Around(columns, device=DEVICE if self.place.device else "", event=METRIC if self.place.metric else "")
