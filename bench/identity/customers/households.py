"""Who lives together: singles, couples, families, shared flats; and what changes in their lives."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from bench.identity.customers.names import family_name, given_name
from bench.identity.customers.places import Address, Places
from bench.identity.customers.reach import Reach, family_reach, reach_of

TODAY = 2026
# Shares of households: so many adults, so many children at most.
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


def household(random: Random, places: Places, number: int) -> Sequence[Person]:
    """Return the people of one household, one to five: their numbers begin with the household's."""
    kind = _KINDS[_place(random.random())]
    before = places.somewhere(random)
    moved = random.random() < 0.22
    addresses = (before, places.another(random, before) if moved else before)
    moved_at = random.random()
    family = family_name(random)
    people: list[Person] = []

    def join(year: int, *, name: str = family, sex: str = "", birth_date: str = "", given: str = "") -> Person:
        sex = sex or random.choice("fm")
        person = Person(
            number=f"{number}-{len(people) + 1}",
            sex=sex,
            given=given or _another_name(random, sex, year, [one.given for one in people]),
            second=given_name(random, sex, year) if random.random() < 0.12 else "",
            families=(name, name),
            married_at=0.0,
            birth_date=birth_date or _birth_date(random, year),
            addresses=addresses,
            moved_at=moved_at,
        )
        people.append(person)
        return person

    first = join(TODAY - int(random.triangular(19, 90, 42)))
    year = int(first.birth_date[:4])
    if kind in ("couple", "family"):
        other = "f" if first.sex == "m" else "m"
        second = join(year + int(random.gauss(0, 4)), sex=other if random.random() < 0.95 else first.sex)
        _name_the_couple(random, first, second)
    if kind in ("family", "lone parent"):
        _children(random, people, join, family)
    if kind == "flat":
        for _ in range(random.randint(1, 3)):
            join(year + random.randint(-6, 6), name=family_name(random))
    for person in people:
        _leave(random, places, person)
    _reach(random, people)
    return people


def _place(drawn: float) -> int:
    return next(place for place, share in enumerate(_SHARES) if drawn < share)


def _another_name(random: Random, sex: str, year: int, taken: Sequence[str]) -> str:
    name = given_name(random, sex, year)
    return name if name not in taken else given_name(random, sex, year)


def _birth_date(random: Random, year: int) -> str:
    return f"{year}-{random.randrange(1, 13):02}-{random.randrange(1, 29):02}"


def _name_the_couple(random: Random, first: Person, second: Person) -> None:
    """One in four keeps a name of their own; of the others a part took theirs within the time of the file."""
    own = family_name(random)
    if random.random() < 0.25:
        second.families = (own, own)
    elif random.random() < 0.2:
        second.families, second.married_at = (own, second.families[1]), random.random()


def _children(random: Random, people: list[Person], join, family: str) -> None:  # type: ignore[no-untyped-def]
    eldest = max(int(people[0].birth_date[:4]), int(people[-1].birth_date[:4])) + random.randint(19, 36)
    father = next((one.given for one in people if one.sex == "m"), "")
    for _ in range(min(random.choice((1, 1, 1, 2, 2, 2, 3)), 5 - len(people))):
        if eldest > TODAY - 4:
            return
        namesake = father and random.random() < 0.05
        child = join(eldest, name=family, sex="m" if namesake else "", given=father if namesake else "")
        if len(people) < 5 and random.random() < 0.025:
            join(eldest, name=family, birth_date=child.birth_date)
        eldest += random.randint(1, 5)


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
