"""Places to live: a few large cities and many villages, and as many postcodes as the file is large."""

from dataclasses import dataclass
from itertools import accumulate
from random import Random

from bench.identity.customers.spread import words, zipf

PEOPLE_PER_POSTCODE = 60
STREETS_PER_POSTCODE = 9
_FLATTEN = 4
_SOUNDS = words("al ber dor el fen gar hol im kar lau mer neu ost pen ral san tal ul wei zor")
_TOWNS = ["stadt", "dorf", "burg", "heim", "hausen", "furt", "münde", "au", "kirchen", "ow", "bach"]
_STREETS = words(
    """
    Bahnhof Haupt Schul Kirch Garten Linden Berg Mühlen Wiesen Ring Markt Post Feld Brunnen Wald Birken Rosen Ufer
    Schloss Kloster Sonnen Eichen Dorf See Burg Kastanien Ahorn Tannen Goethe Schiller Mozart Amsel Finken Hafen
    """
)
_KINDS = ("straße", "straße", "straße", "weg", "platz", "allee", "gasse")


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives."""

    street: str
    house_number: str
    postcode: str
    city: str
    city_rank: int


class Places:
    """The cities, postcodes and streets that a file of so many people needs."""

    def __init__(self, people: int) -> None:
        postcodes = max(people // PEOPLE_PER_POSTCODE, 20)
        cities = max(postcodes // 4, 8)
        weights = [1 / (_FLATTEN + rank) for rank in range(cities)]
        self._shares = [max(round(postcodes * weight / sum(weights)), 1) for weight in weights]
        self._firsts = [0, *accumulate(self._shares)]

    def somewhere(self, random: Random) -> Address:
        """Return an address; large cities are likelier."""
        return self._within(random, zipf(random, len(self._shares), flatten=_FLATTEN))

    def another(self, random: Random, address: Address) -> Address:
        """Return the address of who moved from there: two in three stay in the city."""
        return self.somewhere(random) if random.random() < 0.35 else self._within(random, address.city_rank)

    def _within(self, random: Random, city: int) -> Address:
        postcode = self._firsts[city] + int(random.random() * self._shares[city])
        street = postcode * STREETS_PER_POSTCODE + int(random.random() * STREETS_PER_POSTCODE)
        number = 1 + int(random.random() ** 2 * 80)
        suffix = random.choice("abc") if random.random() < 0.06 else ""
        return Address(_street(street), f"{number}{suffix}", _postcode(postcode), _city(city), city)


def _postcode(number: int) -> str:
    return f"{10_000 + number * 7 % 89_989}"


def _city(number: int) -> str:
    town = _TOWNS[number * 5 % len(_TOWNS)]
    name = ""
    while number or not name:
        name, number = name + _SOUNDS[number % len(_SOUNDS)], number // len(_SOUNDS)
    return name.title() + town


def _street(number: int) -> str:
    """Return the street of this number: two in three have a name that is found in every town."""
    kind = _KINDS[number % len(_KINDS)]
    if number % 3:
        return _STREETS[number * 13 % len(_STREETS)] + kind
    return (_SOUNDS[number % 20] + _SOUNDS[number // 20 % 20]).title() + kind
