"""What goes wrong with whole messages: lines cut short, ids missing, clocks in the far future, lines sent twice."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from demo.generator.dirt import cut_short
from demo.generator.people import Person
from demo.generator.randomness import happens
from demo.generator.record import Message, Record, json_line

MALFORMED = "malformed"
MISSING_MESSAGE_ID = "missing_message_id"
MISSING_IDENTIFIER = "missing_identifier"
FUTURE_TIMESTAMP = "future_timestamp"
FUTURE = "2099-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True)
class Shape:
    """Which fields of a source's messages carry the message id, the instant, and who it is about."""

    message_id: str
    at: str
    identifiers: tuple[str, ...]


def record_of(message: Message, *, person: Person, shape: Shape, rng: Random) -> Record:
    """The message as its line arrives; a few in a thousand are spoiled and must be rejected."""
    point = rng.random() * 1000
    if point < 0.5:
        return Record(None, cut_short(json_line(message), rng=rng), person, MALFORMED)
    if point < 1.0:
        return _without(message, (shape.message_id,), person=person, shape=shape, reason=MISSING_MESSAGE_ID)
    if point < 1.6:
        return _without(message, shape.identifiers, person=person, shape=shape, reason=MISSING_IDENTIFIER)
    if point < 2.2:
        late = {**message, shape.at: FUTURE}
        return Record(str(late[shape.message_id]), json_line(late), person, FUTURE_TIMESTAMP)
    return Record(str(message[shape.message_id]), json_line(message), person)


def some_sent_twice(records: Iterator[Record], *, rng: Random) -> Iterator[Record]:
    """The records, a few of them once more, exactly the same, some lines later; the copies have no key."""
    waiting: list[Record] = []
    for record in records:
        yield record
        if waiting and happens(0.05, rng=rng):
            yield waiting.pop(0)
        if record.key and not record.rejected and happens(0.004, rng=rng):
            waiting.append(replace(record, key=None))
    yield from waiting


def _without(message: Message, fields: tuple[str, ...], *, person: Person, shape: Shape, reason: str) -> Record:
    kept = {name: value for name, value in message.items() if name not in fields}
    key = kept.get(shape.message_id)
    return Record(str(key) if key else None, json_line(kept), person, reason)
