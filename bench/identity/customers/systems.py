"""The systems that people are written down in, each with its own habits, and what they write."""

from dataclasses import dataclass
from itertools import accumulate
from random import Random

from bench.identity.customers.dirt import (
    Spelling,
    as_it_is,
    misheard,
    nickname,
    short_street,
    transliterated,
    typo,
    without_marks,
    wrong_date,
)
from bench.identity.customers.households import Person

COLUMNS = (
    *("given_name", "family_name", "birth_date", "email", "phone"),
    *("street", "house_number", "postcode", "city"),
)
NO_EMAILS = ("noemail@shop.example", "none@none.example", "info@shop.example", "unknown@mail.example")
_TITLES = ("Dr. ", "Herr ", "Frau ", "Mrs. ", "Prof. ")

Written = list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Shares from 0 to 1 of what is missing (by column, in their order), mistyped, misheard and so on."""

    share: float
    missing: tuple[float, ...]
    mistyped: float = 0.01
    misheard: float = 0.0
    nickname: float = 0.04
    initial: float = 0.0
    second_name: float = 0.3
    titled: float = 0.0
    swapped: float = 0.01
    wrong_date: float = 0.03
    short_street: float = 0.2
    desk_phone: float = 0.0
    no_email: float = 0.0
    spelling: Spelling = as_it_is
    upper: bool = False


#                                      given family birth email phone street number postcode city
SYSTEMS = (
    System(share=0.32, missing=(0.04, 0.06, 0.44, 0.03, 0.42, 0.14, 0.16, 0.09, 0.12), mistyped=0.035, nickname=0.12,
           initial=0.02, swapped=0.02),
    System(share=0.22, missing=(0.06, 0.03, 0.18, 0.48, 0.28, 0.20, 0.22, 0.12, 0.14), mistyped=0.07, misheard=0.05,
           nickname=0.05, initial=0.05, swapped=0.03, wrong_date=0.07, short_street=0.5, desk_phone=0.04,
           no_email=0.05),
    System(share=0.16, missing=(0.12, 0.04, 0.38, 0.52, 0.08, 0.32, 0.34, 0.22, 0.22), mistyped=0.05, misheard=0.16,
           initial=0.14, swapped=0.03, desk_phone=0.03, no_email=0.04, spelling=without_marks, titled=0.02),
    System(share=0.14, missing=(0.10, 0.18, 0.60, 0.01, 0.58, 0.62, 0.62, 0.42, 0.46), mistyped=0.035, nickname=0.22,
           swapped=0.03),
    System(share=0.16, missing=(0.04, 0.02, 0.42, 0.38, 0.32, 0.03, 0.03, 0.02, 0.02), mistyped=0.03, initial=0.12,
           nickname=0.0, short_street=0.9, spelling=transliterated, upper=True, titled=0.06, second_name=0.6),
)  # fmt: skip
_CUMULATED = tuple(accumulate(system.share for system in SYSTEMS))


def written_down(random: Random, person: Person, desk_phone: str) -> Written:
    """Return one record of the person, in the order of COLUMNS: as some system wrote them at some time."""
    drawn = random.random()
    system = SYSTEMS[next(place for place, share in enumerate(_CUMULATED) if drawn < share or share == _CUMULATED[-1])]
    at = random.random()
    chance = random.random
    address = person.addresses[at >= person.moved_at]
    street = short_street(random, address.street) if chance() < system.short_street else address.street
    record = [
        _given(random, person, system),
        person.families[at >= person.married_at],
        wrong_date(random, person.birth_date) if chance() < system.wrong_date else person.birth_date,
        _email(random, person, system, at),
        _phone(random, person, system, at, desk_phone),
        street,
        address.house_number,
        address.postcode,
        address.city,
    ]
    _go_wrong(random, record, system)
    if chance() < system.titled:
        record[0] = random.choice(_TITLES) + record[0]
    return ["" if chance() < missing else value for value, missing in zip(record, system.missing, strict=True)]


def _given(random: Random, person: Person, system: System) -> str:
    how = random.random()
    if how < system.nickname:
        return nickname(random, person.given)
    if how < system.nickname + system.initial:
        return f"{person.given[0]}."
    if person.second and random.random() < system.second_name:
        return f"{person.given} {person.second}" if random.random() < 0.7 else f"{person.given} {person.second[0]}."
    return person.given


def _email(random: Random, person: Person, system: System, at: float) -> str:
    if random.random() < system.no_email:
        return random.choice(NO_EMAILS)
    reach = person.reach
    if reach.family_email and random.random() < 0.4:
        return reach.family_email
    return reach.emails[at >= reach.changed_at]


def _phone(random: Random, person: Person, system: System, at: float, desk_phone: str) -> str:
    if random.random() < system.desk_phone:
        return desk_phone
    reach = person.reach
    phone = reach.family_phone if reach.family_phone and random.random() < 0.5 else reach.phones[at >= reach.changed_at]
    how = random.random()
    if how < 0.5:
        return phone
    if how < 0.7:
        return f"+49{phone[1:]}"
    return f"{phone[:4]}/{phone[4:]}" if how < 0.85 else f"{phone[:4]} {phone[4:7]} {phone[7:]}"


def _go_wrong(random: Random, record: Written, system: System) -> None:
    chance = random.random
    if chance() < system.swapped:
        record[0], record[1] = record[1], record[0]
    if chance() < system.misheard:
        record[0] = misheard(random, record[0])
    if chance() < system.misheard * 1.5:
        record[1] = misheard(random, record[1])
    for place, value in enumerate(record):
        # Dates have errors of their own; in a row of names and numbers longer ones are likelier to go wrong.
        if place != 2 and chance() < system.mistyped * (0.6 + len(value) / 20):
            record[place] = typo(random, value)
    if system.spelling is not as_it_is:
        for place in (0, 1, 5, 8):
            record[place] = system.spelling(record[place])
    if system.upper:
        for place in (0, 1, 5, 8):
            record[place] = record[place].upper()
    elif chance() < 0.04:
        record[0], record[1] = record[0].lower(), record[1].lower()
