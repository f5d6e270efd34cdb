"""Who lives together: singles, couples, families, shared flats; and what changes in their lives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from bench.identity.customers.family_names import family_name
from bench.identity.customers.names import given_name
from bench.identity.customers.places import Address, Places
from bench.identity.customers.reach import Reach, family_reach, reach_of

TODAY, MOST = 2026, 5
# Kinds of households, and what share of all these are, added up.
_KINDS = ("single", "couple", "family", "lone parent", "flat")
_SHARES = (0.26, 0.52, 0.86, 0.95, 1.0)


@dataclass(slots=True)
class Person:
    """One person. What may have changed comes in pairs: until `changed_at` (a part of the file's time), and since."""

    number: str
    sex: str
    given: str
    second: str
    families: tuple[str, str]
    married_at: float
    birth_date: str
    addresses: tuple[Address, Address]
    moved_at: float
    reach: Reach = field(default_factory=Reach)


class _Home:
    """A household as its people move in."""

    def __init__(self, random: Random, places: Places, number: int) -> None:
        before = places.somewhere(random)
        self.people: list[Person] = []
        self.random, self.number, self.family = random, number, family_name(random)
        self.addresses = (before, places.another(random, before) if random.random() < 0.22 else before)
        self.moved_at = random.random()

    def join(self, year: int, *, family: str = "", sex: str = "", birth_date: str = "", given: str = "") -> Person:
        """Return somebody born in that year who lives here from now on, of the household's name unless told."""
        random = self.random
        sex, family = sex or random.choice("fm"), family or self.family
        person = Person(
            number=f"{self.number}-{len(self.people) + 1}",
            sex=sex,
            given=given or _another_name(random, sex, year, [one.given for one in self.people]),
            second=given_name(random, sex, year) if random.random() < 0.12 else "",
            families=(family, family),
            married_at=0.0,
            birth_date=birth_date or _birth_date(random, year),
            addresses=self.addresses,
            moved_at=self.moved_at,
        )
        self.people.append(person)
        return person


def household(random: Random, places: Places, number: int) -> Sequence[Person]:
    """Return the people of one household, one to five: their numbers begin with the household's."""
    home = _Home(random, places, number)
    kind = _KINDS[_place(random.random())]
    age = random.triangular(34, 88, 52) if kind in ("family", "lone parent") else random.triangular(18, 92, 44)
    first = home.join(TODAY - int(age))
    year = int(first.birth_date[:4])
    if kind in ("couple", "family"):
        other = "f" if first.sex == "m" else "m"
        second = home.join(
            min(year + round(random.gauss(0, 4)), TODAY - 18), sex=other if random.random() < 0.95 else first.sex
        )
        _name_the_couple(random, second)
    if kind in ("family", "lone parent"):
        _children(random, home)
    if kind == "flat":
        for _ in range(random.randint(1, 3)):
            home.join(min(year + random.randint(-6, 6), TODAY - 18), family=family_name(random))
    for person in home.people:
        _leave(random, places, person)
    _reach(random, home.people)
    return home.people


def _place(drawn: float) -> int:
    return next(place for place, share in enumerate(_SHARES) if drawn < share)


def _another_name(random: Random, sex: str, year: int, taken: Sequence[str]) -> str:
    name = given_name(random, sex, year)
    return name if name not in taken else given_name(random, sex, year)


def _birth_date(random: Random, year: int) -> str:
    return f"{year}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"


def _name_the_couple(random: Random, second: Person) -> None:
    """One in four keeps a name of their own; of the others one in five took the other's within the time of the file."""
    own = family_name(random)
    if random.random() < 0.25:
        second.families = (own, own)
    elif random.random() < 0.2:
        second.families, second.married_at = (own, second.families[1]), random.random()


def _children(random: Random, home: _Home) -> None:
    """One to three, now and then twins; one son in twenty bears his father's name. Under 12 nobody is a customer."""
    parents = home.people[:]
    year = max(int(parent.birth_date[:4]) for parent in parents) + random.randint(19, 30)
    father = next((parent.given for parent in parents if parent.sex == "m"), "")
    for _ in range(random.choice((1, 1, 1, 2, 2, 2, 3))):
        if year > TODAY - 12 or len(home.people) == MOST:
            return
        namesake = father and random.random() < 0.05
        child = home.join(year, sex="m" if namesake else "", given=father if namesake else "")
        if len(home.people) < MOST and random.random() < 0.025:
            home.join(year, birth_date=child.birth_date)
        year += random.randint(1, 5)


def _leave(random: Random, places: Places, person: Person) -> None:
    """One in fourteen moves out alone."""
    if random.random() < 0.07:
        person.addresses, person.moved_at = (
            (person.addresses[1], places.another(random, person.addresses[1])),
            random.random(),
        )


def _reach(random: Random, people: Sequence[Person]) -> None:
    shared = family_reach(random, people[0].families[1])
    for person in people:
        person.reach = reach_of(random, person.given, person.families, int(person.birth_date[:4]), shared)
