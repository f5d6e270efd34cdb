"""The phones and tablets that run the app; some are handed on or passed around in a household."""

from dataclasses import dataclass
from random import Random

from demo.generator.people import Person
from demo.generator.randomness import happens, opaque_id


@dataclass(frozen=True, slots=True)
class Handset:
    """A device with the app on it."""

    device_id: str
    system: str
    model: str


def handsets_of(people: list[Person], *, rng: Random) -> dict[str, Handset]:
    """The handset of every person who uses the app, by person id."""
    handsets: dict[str, Handset] = {}
    shared: dict[str, Handset] = {}
    for person in people:
        if person.uses_app:
            household_id = person.household.household_id
            own = _new_handset(rng)
            handsets[person.person_id] = shared.get(household_id, own) if happens(0.12, rng=rng) else own
            shared.setdefault(household_id, own)
    return handsets


def _new_handset(rng: Random) -> Handset:
    system, model = rng.choice(_MODELS)
    return Handset(opaque_id(rng), system, model)


_MODELS = (
    ("ios", "Phone 14"),
    ("ios", "Phone 16"),
    ("ios", "Tablet 9"),
    ("android", "P-8 Lite"),
    ("android", "S-24"),
    ("android", "Tab A9"),
)
