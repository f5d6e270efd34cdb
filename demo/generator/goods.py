"""What the shop sells, and in which money."""

from dataclasses import dataclass
from random import Random

from demo.generator.people import Person
from demo.generator.randomness import weighted

CATEGORIES = (
    (("coffee", 18.0), 0.26),
    (("cookware", 45.0), 0.16),
    (("tableware", 32.0), 0.14),
    (("small appliances", 95.0), 0.12),
    (("large appliances", 480.0), 0.03),
    (("textiles", 24.0), 0.12),
    (("garden", 38.0), 0.09),
    (("lighting", 55.0), 0.08),
)


@dataclass(frozen=True, slots=True)
class Basket:
    """One purchase."""

    category: str
    items: int
    total: float
    currency: str


def new_basket(person: Person, *, rng: Random) -> Basket:
    """What this person buys this time."""
    category, price = weighted(CATEGORIES, rng=rng)
    items = 1 + int(rng.expovariate(0.8)) if price < 100 else 1
    total = price * person.habits.spending * rng.lognormvariate(0, 0.4) * items**0.8
    return Basket(category, items, round(total, 2), currency_of(person))


def currency_of(person: Person) -> str:
    """The money of the person's country."""
    return "GBP" if person.household.country == "GB" else "EUR"
