"""Shop beacons: a phone with the app was near a shelf for a while."""

import datetime
from collections.abc import Iterator
from random import Random

from demo.generator.handsets import Handset
from demo.generator.mishaps import Shape, record_of
from demo.generator.people import Person
from demo.generator.randomness import happens, opaque_id, shares
from demo.generator.record import Message, Record
from demo.generator.shopping import pick_shop
from demo.generator.window import iso

SHAPE = Shape(message_id="message_id", at="at", identifiers=("device_id",))
SIGHTINGS_PER_VISIT = 2


def beacon_records(
    people: list[Person], *, handsets: dict[str, Handset], total: float, end_at: datetime.datetime, rng: Random
) -> Iterator[Record]:
    """About so many sightings, visit by visit, oldest visit first."""
    carriers = [person for person in people if person.person_id in handsets and happens(0.65, rng=rng)]
    counts = shares(total / SIGHTINGS_PER_VISIT, [person.habits.visits for person in carriers], rng=rng)
    visits = [
        (person.habits.active.moment(rng), place) for place, person in enumerate(carriers) for _ in range(counts[place])
    ]
    visits.sort()
    for at, place in visits:
        person = carriers[place]
        for message in _sightings(person, handset=handsets[person.person_id], at=at, end_at=end_at, rng=rng):
            yield record_of(message, person=person, shape=SHAPE, rng=rng)


def _sightings(
    person: Person, *, handset: Handset, at: datetime.datetime, end_at: datetime.datetime, rng: Random
) -> Iterator[Message]:
    shop = pick_shop(person, rng=rng)
    for _ in range(rng.randrange(1, 2 * SIGHTINGS_PER_VISIT)):
        yield {
            "message_id": opaque_id(rng),
            "beacon_id": f"{shop}-B{rng.randrange(1, 9):02d}",
            "store": shop,
            "device_id": handset.device_id,
            "at": iso(at),
            "dwell_seconds": 5 + int(rng.expovariate(1 / 90)),
            "rssi": -rng.randrange(48, 92),
        }
        at = min(at + datetime.timedelta(seconds=rng.randrange(60, 900)), end_at - datetime.timedelta(seconds=1))
