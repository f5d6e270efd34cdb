"""Web accounts: the same account, with what its holder once typed, in the browser and in the app."""

from random import Random

from demo.generator.dirt import JUNK_EMAIL
from demo.generator.people import Person
from demo.generator.portrait import portray
from demo.generator.randomness import happens
from demo.generator.record import Message
from demo.generator.segment import traits_of


def account_traits(people: list[Person], *, rng: Random) -> dict[str, Message]:
    """The traits of every account, by account id."""
    return {person.account_id: _traits(person, rng=rng) for person in people if person.account_id}


def _traits(person: Person, *, rng: Random) -> Message:
    portrait = portray(person, at=person.habits.active.moment(rng), slips=1.0, rng=rng)
    traits = traits_of(portrait, country=person.household.country, rng=rng)
    return {**traits, "email": JUNK_EMAIL} if happens(0.003, rng=rng) else traits
