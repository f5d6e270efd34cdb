"""The named cast, and a made-up town with families to measure on."""

import random
from dataclasses import replace

from identity.matching import Person

ALICE = Person(
    given_name="Elizabeth",
    family_name="Müller",
    birth_date="1980-03-04",
    email="liz.mueller@example.org",
    phone="+493012345671",
    street="Lange Straße 12",
    postcode="10115",
    city="Berlin",
    country="DE",
)
# A short name, no umlaut, after a move; the same birth date and e-mail.
ALICE_AT_WORK = replace(
    ALICE, given_name="Liz", family_name="Mueller", phone=None, street="Am Markt 3", postcode="04109", city="Leipzig"
)
ALICE_SWAPPED = replace(ALICE, given_name="Muller", family_name="Elizabeth", email=None, phone=None)
ALICE_DAY_AND_MONTH = replace(ALICE, birth_date="1980-04-03", email=None, phone=None)
ALICE_MARRIED = replace(
    ALICE, family_name="Schneider", email=None, street="Am Markt 3", postcode="04109", city="Leipzig"
)
# Shares family name, birth date, home, phone and e-mail.
BOB_HER_TWIN = replace(ALICE, given_name="Robert")
DORA_HER_MOTHER = replace(ALICE, given_name="Dora", birth_date="1952-08-21")
# Spouses share the home, the phone and the e-mail; one has not given a birth date.
ERIC_HER_SPOUSE = replace(ALICE, given_name="Eric", birth_date=None)

FRANK = replace(ALICE, given_name="Frank", birth_date="1948-11-30", email="frank@example.net")
FRANK_HIS_SON = replace(FRANK, birth_date="1979-06-17")


def _words(text: str) -> list[str]:
    return text.split()


_GIVEN_NAMES = _words("""
    Alina Anton Beate Bruno Carla Clemens Doris Edgar Elke Emil Fiona Gustav Hedwig Hugo Ines Ivo Jasmin Kaspar Kerstin
    Lukas Lydia Marek Nadja Oskar Pauline Quentin Ramona Silas Tamara Ulrich Vera Wilma Xaver Yasmin Zeno Agnes Boris
    Cornelia Detlef Esther Fabian Gisela Holger Irene Jonas Kirsten Ludger Mirjam Norman Ottilie
    """)
_STARTS = _words("Bal Ber Dor Fal Gan Hol Kam Lem Mar Nor Pel Ran Sel Tor Ves Wal")
_ENDS = _words("berg dahl feld hofer kamp lin mann ner ski tes wald zig bach dorf rup stein")


def town(households: int, seed: int = 7) -> tuple[list[Person], list[int]]:
    """Return persons and who each truly is: families of one to five, some with twins or a son named after his father.

    A third of the people are known twice, with a short form of trouble each: a move, a typo, a missing field.
    """
    chance = random.Random(seed)
    persons: list[Person] = []
    truth: list[int] = []
    for person in [member for _ in range(households) for member in _family(chance)]:
        who = truth[-1] + 1 if truth else 0
        persons.append(person)
        truth.append(who)
        if chance.random() < 0.33:
            persons.append(_seen_again(person, chance))
            truth.append(who)
    return persons, truth


def _family(chance: random.Random) -> list[Person]:
    home = Person(
        family_name=chance.choice(_STARTS) + chance.choice(_ENDS),
        email=f"family{chance.randrange(10**6)}@example.org",
        phone=f"+49{chance.randrange(10**9, 10**10)}",
        street=f"{chance.choice(_STARTS)}weg {chance.randrange(1, 90)}",
        postcode=f"{chance.randrange(10_000, 10_200)}",
        city="Neustadt",
    )
    parents = [_member(home, chance.randrange(1940, 1975), chance) for _ in range(chance.choice((1, 2, 2)))]
    children = [_member(home, chance.randrange(1976, 2005), chance) for _ in range(chance.choice((0, 0, 1, 2, 3)))]
    if len(children) > 1 and chance.random() < 0.1:
        children[1] = replace(children[1], birth_date=children[0].birth_date)
    if children and chance.random() < 0.05:
        children[0] = replace(children[0], given_name=parents[0].given_name)
    return [*{(member.given_name, member.birth_date): member for member in parents + children}.values()]


def _member(home: Person, year: int, chance: random.Random) -> Person:
    given = chance.choice(_GIVEN_NAMES)
    own = f"{given.lower()}.{chance.randrange(10**4)}@example.net"
    return replace(
        home,
        given_name=given,
        birth_date=f"{year}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}",
        email=chance.choice((own, own, home.email)),
    )


def _seen_again(person: Person, chance: random.Random) -> Person:
    given, birth = person.given_name or "", person.birth_date or ""
    trouble = chance.randrange(6)
    if trouble == 0:
        return replace(person, street=f"Allee {chance.randrange(1, 90)}", postcode="20095", city="Altdorf")
    if trouble == 1:
        return replace(person, given_name=given[:2] + given[3:])
    if trouble == 2:
        return replace(person, email=None, phone=None)
    if trouble == 3:
        return replace(person, birth_date=None)
    if trouble == 4:
        return replace(person, birth_date=birth[:-1] + str((int(birth[-1]) + 3) % 10))
    return replace(person, given_name=given[0], street=None)
