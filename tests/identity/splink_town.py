"""A made-up file in which every level of every comparison occurs, for Splink and our engine to agree on."""

import csv
import random
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from identity.matching import Model, People, Person
from identity.people_of_file import PeopleOfFile
from tests.identity.matching import cast

# Names with short forms, and names that look alike but are other people's.
GIVEN = (
    "Elizabeth", "Robert", "Martin", "Martina", "Paul", "Paula", "William", "Katharina", "Johannes", "Johanna",
    "Anna-Maria", "Simon", "Simone",
)  # fmt: skip
SHORT = {"Elizabeth": "Liz", "Robert": "Bob", "William": "Bill", "Katharina": "Kathi", "Johannes": "Hans"}
JOBS = ("carpenter", "teacher", "baker", "night nurse", "head teacher")
COLUMNS = {
    "no": "record_id", "given": "given_name", "family": "family_name", "born": "birth_date", "mail": "email",
    "phone": "phone", "street": "street", "zip": "postcode", "town": "city", "land": "country", "ssn": "identifier",
    "job": "trait",
}  # fmt: skip
CHOICES = [f"--column={field}={column}" for column, field in COLUMNS.items() if field != "record_id"] + ["--id=no"]

Trouble = Callable[[Person, random.Random], Person]


@dataclass(frozen=True)
class Town:
    """A file, who is in it, a model learned of it without housemates and without frequencies, and how to choose."""

    path: Path
    of_file: PeopleOfFile
    model: Model
    saved: Path

    @property
    def people(self) -> People:
        return self.of_file.people


def write_town(folder: Path, households: int = 75, seed: int = 11) -> Path:
    """Write families, some of them known twice with one trouble or two."""
    chance = random.Random(seed)
    persons = [_settled(person, chance) for person in cast.town(households, seed)[0]]
    again = [_troubled(person, chance) for person in persons if chance.random() < 0.5]
    path = folder / "town.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row, person in enumerate(persons + again):
            cells = {"record_id": f"r{row}", **asdict(person)}
            writer.writerow([cells[field] for field in COLUMNS.values()])
    return path


def _settled(person: Person, chance: random.Random) -> Person:
    given = chance.choice(GIVEN) if chance.random() < 0.5 else person.given_name
    number = f"{chance.randrange(10**8, 10**9)}"
    return replace(person, given_name=given, country="DE", identifier=number, trait=chance.choice(JOBS))


def _troubled(person: Person, chance: random.Random) -> Person:
    for trouble in chance.sample(TROUBLES, chance.choice((1, 1, 2))):
        person = trouble(person, chance)
    return person


def _short(person: Person, chance: random.Random) -> Person:
    given = person.given_name or "X"
    return replace(person, given_name=SHORT.get(given, given[0]))


def _slip(word: str | None, chance: random.Random) -> str | None:
    """Return a word with a letter lost, doubled, changed, or swapped with its neighbor or around another."""
    if not word or len(word) < 4:
        return word
    i = chance.randrange(len(word) - 2)
    a, b, c = word[i : i + 3]
    middle = chance.choice((a + c, a + a + b + c, a + "x" + c, b + a + c, c + a))
    return word[:i] + middle + word[i + 3 :]


def _slipped(field: str) -> Trouble:
    return lambda person, chance: replace(person, **{field: _slip(getattr(person, field), chance)})


def _without(*fields: str) -> Trouble:
    return lambda person, chance: replace(person, **dict.fromkeys(fields))


def _swapped(person: Person, chance: random.Random) -> Person:
    return replace(person, given_name=person.family_name, family_name=_slip(person.given_name, chance))


def _half_known(person: Person, chance: random.Random) -> Person:
    return replace(person, given_name=person.family_name, family_name=None)


def _married(person: Person, chance: random.Random) -> Person:
    return replace(person, family_name=f"{person.family_name}-Quist")


def _another_date(person: Person, chance: random.Random) -> Person:
    if not person.birth_date:
        return person
    year, month, day = person.birth_date.split("-")
    neighbors = f"{year[:2]}{year[3]}{year[2]}-{month}-{day}"
    other = (
        neighbors,
        f"{year}-{day}-{month}",
        f"{year}-{month}-29",
        f"{year}-12-30",
        f"{int(year) + 1}-{month}-{day}",
    )
    return replace(person, birth_date=chance.choice(other))


def _another_mail(person: Person, chance: random.Random) -> Person:
    local, _, domain = (person.email or "a@example.org").partition("@")
    return replace(person, email=chance.choice((f"{local}+shop@{domain}", f"{local}@gmail.com")))


def _moved(person: Person, chance: random.Random) -> Person:
    return replace(person, street="Am Markt 3", postcode=chance.choice(("10115", person.postcode)), country=None)


def _abroad(person: Person, chance: random.Random) -> Person:
    return replace(person, country="AT")


def _another_job(person: Person, chance: random.Random) -> Person:
    return replace(person, trait=chance.choice(("teacher", "carpentar", "nurse", "gardener")))


TROUBLES: list[Trouble] = [
    _short, _slipped("given_name"), _slipped("family_name"), _slipped("email"), _slipped("street"), _slipped("city"),
    _slipped("identifier"), _without("birth_date"), _without("street", "postcode"), _without("postcode", "city"),
    _without("street", "postcode", "city", "phone"), _swapped, _half_known, _married, _another_date, _another_mail,
    _moved, _abroad, _another_job,
]  # fmt: skip
