"""Smart appliances: a registration names the owner, telemetry only the device; some appliances are sold on."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from demo.generator.mishaps import Shape, record_of
from demo.generator.people import Person
from demo.generator.portrait import portray
from demo.generator.randomness import happens, opaque_id, weighted
from demo.generator.record import Message, Record
from demo.generator.window import Window, iso

SHAPE = Shape(message_id="message_id", at="at", identifiers=("device_id",))


@dataclass(frozen=True, slots=True)
class Ownership:
    """A person's time with one appliance."""

    device_id: str
    kind: str
    owner: Person
    time: Window


def appliance_records(people: list[Person], *, total: float, window: Window, rng: Random) -> Iterator[Record]:
    """About so many messages, oldest first."""
    ownerships = list(_ownerships(people, window=window, rng=rng))
    each = max(total / max(len(ownerships), 1) - 1, 0)
    plan = [
        (time, place) for place, ownership in enumerate(ownerships) for time in _instants(ownership, each=each, rng=rng)
    ]
    plan.sort()
    registered: set[int] = set()
    for at, place in plan:
        ownership = ownerships[place]
        body = _telemetry(ownership, rng=rng) if place in registered else _registration(ownership, at=at, rng=rng)
        registered.add(place)
        message: Message = {"message_id": opaque_id(rng), "device_id": ownership.device_id, "at": iso(at), **body}
        yield record_of(message, person=ownership.owner, shape=SHAPE, rng=rng)


def _ownerships(people: list[Person], *, window: Window, rng: Random) -> Iterator[Ownership]:
    equipped: set[str] = set()
    for person in people:
        household_id = person.household.household_id
        if household_id in equipped or not happens(0.17, rng=rng):
            continue
        equipped.add(household_id)
        device_id = f"{weighted(_KINDS, rng=rng)}-{rng.getrandbits(48):012x}"
        bought_at = person.habits.active.part(0.0, 0.5).moment(rng)
        if happens(0.06, rng=rng):
            sold_at = Window(bought_at, window.end_at).part(0.3, 0.7).moment(rng)
            yield _ownership(device_id, owner=person, start_at=bought_at, end_at=sold_at)
            buyer = _someone_elsewhere(person, people=people, rng=rng)
            yield _ownership(
                device_id, owner=buyer, start_at=sold_at + datetime.timedelta(days=2), end_at=window.end_at
            )
        else:
            yield _ownership(device_id, owner=person, start_at=bought_at, end_at=window.end_at)


def _ownership(device_id: str, *, owner: Person, start_at: datetime.datetime, end_at: datetime.datetime) -> Ownership:
    kind = device_id.split("-")[0]
    start_at = min(start_at, end_at - datetime.timedelta(hours=1))
    return Ownership(device_id, kind, owner, Window(start_at, end_at))


def _someone_elsewhere(seller: Person, *, people: list[Person], rng: Random) -> Person:
    candidates = (rng.choice(people) for _ in range(1000))
    home = seller.household
    return next(
        (other for other in candidates if other.household.country == home.country and other.household != home), seller
    )


def _instants(ownership: Ownership, *, each: float, rng: Random) -> list[datetime.datetime]:
    count = int(each * rng.uniform(0.4, 1.6) + rng.random())
    return [ownership.time.start_at, *(ownership.time.moment(rng) for _ in range(count))]


def _registration(ownership: Ownership, *, at: datetime.datetime, rng: Random) -> Message:
    portrait = portray(ownership.owner, at=at, slips=1.0, rng=rng)
    owner = {"first_name": portrait.given, "last_name": portrait.family}
    reachable = {"email": (portrait.email, 0.75), "phone": (portrait.phone, 0.4), "postcode": (portrait.postcode, 0.6)}
    owner |= {name: value for name, (value, rate) in reachable.items() if value and happens(rate, rng=rng)}
    return {"type": "registration", "owner": owner, "firmware": rng.choice(_FIRMWARE)}


def _telemetry(ownership: Ownership, *, rng: Random) -> Message:
    metric, unit, low, high = rng.choice(_METRICS[ownership.kind])
    value = round(rng.uniform(low, high), 1)
    return {"type": "telemetry", "metric": metric, "value": value, "unit": unit, "firmware": rng.choice(_FIRMWARE)}


_KINDS = (("coffee", 0.6), ("oven", 0.25), ("kettle", 0.15))
_METRICS = {
    "coffee": (("cups", "count", 1, 8), ("water_hardness", "dH", 3, 22), ("beans_level", "percent", 0, 100)),
    "oven": (("energy", "kWh", 0.3, 3.5), ("temperature", "C", 120, 240)),
    "kettle": (("boils", "count", 1, 9), ("energy", "kWh", 0.05, 0.6)),
}
_FIRMWARE = ("1.8.2", "1.9.0", "2.0.1")
