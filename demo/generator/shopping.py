"""Into which shop a person goes."""

from random import Random

from demo.generator.people import Person
from demo.generator.places import pick_city
from demo.generator.randomness import happens


def pick_shop(person: Person, *, rng: Random) -> str:
    """A shop of the person's city, now and then one elsewhere in the country."""
    home = person.household.home.city
    city = pick_city(home.country, rng=rng) if happens(0.06, rng=rng) else home
    return city.shops[0] if happens(0.6, rng=rng) else rng.choice(city.shops)
