"""The customer register: most people once, some twice under two numbers, some again after a change."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from demo.generator.dirt import JUNK_EMAIL, JUNK_PHONE, lost
from demo.generator.mishaps import FUTURE, FUTURE_TIMESTAMP
from demo.generator.people import Person
from demo.generator.portrait import Portrait, portray, portray_again
from demo.generator.randomness import distinct_numbers, happens
from demo.generator.record import Record, csv_line
from demo.generator.window import Window, iso

HEADER = (
    "customer_number,first_name,last_name,email,phone,birth_date,street,postcode,city,country,language,"
    "loyalty_number,loyalty_tier,marketing_email,marketing_sms,analytics,personalization,updated_at"
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A person's state in the register after one change."""

    customer_number: str
    person: Person
    portrait: Portrait
    loyalty_number: str
    loyalty_tier: str
    updated_at: datetime.datetime


def crm_records(people: list[Person], *, window: Window, rng: Random) -> Iterator[Record]:
    """Every row of the register, oldest change first."""
    numbers = iter(distinct_numbers(2 * len(people), digits=6, rng=rng))
    entries = [
        entry
        for person in people
        if happens(0.85, rng=rng)
        for entry in _entries(person, numbers=numbers, window=window, rng=rng)
    ]
    entries.sort(key=lambda entry: (entry.updated_at, entry.customer_number))
    return (_record(entry, rng=rng) for entry in entries)


def _entries(person: Person, *, numbers: Iterator[int], window: Window, rng: Random) -> Iterator[Entry]:
    first = _first_entry(person, number=next(numbers), rng=rng)
    yield first
    yield from _changes(first, window=window, rng=rng)
    if happens(0.06, rng=rng):
        at = person.habits.active.moment(rng)
        yield replace(
            first,
            customer_number=f"C{next(numbers)}",
            portrait=_with_gaps(portray_again(person, at=at, rng=rng), rng=rng),
            loyalty_number=lost(first.loyalty_number, 0.8, rng=rng),
            updated_at=at,
        )


def _first_entry(person: Person, *, number: int, rng: Random) -> Entry:
    at = person.habits.active.part(0.0, 0.5).moment(rng)
    return Entry(
        customer_number=f"C{number}",
        person=person,
        portrait=_with_gaps(portray(person, at=at, slips=1.0, rng=rng), rng=rng),
        loyalty_number=lost(person.loyalty_number or "", 0.08, rng=rng),
        loyalty_tier=person.loyalty_tier,
        updated_at=at,
    )


def _changes(first: Entry, *, window: Window, rng: Random) -> Iterator[Entry]:
    withdrawn_at = first.person.preferences.withdrawn_at
    if withdrawn_at and first.updated_at < withdrawn_at:
        later = withdrawn_at + datetime.timedelta(minutes=rng.randrange(1, 600))
        if later < window.end_at:
            yield replace(first, updated_at=later)
    elif happens(0.075, rng=rng):
        at = Window(first.updated_at, window.end_at).moment(rng)
        if at > first.updated_at:
            yield _after_moving_or_promotion(first, at=at)


def _after_moving_or_promotion(first: Entry, *, at: datetime.datetime) -> Entry:
    address = first.person.household.address(at)
    home = replace(first.portrait, street=address.street, postcode=address.postcode, city=address.city.name)
    tier = {"bronze": "silver", "silver": "gold"}.get(first.loyalty_tier, first.loyalty_tier)
    return replace(first, portrait=home, loyalty_tier=tier, updated_at=at)


def _with_gaps(portrait: Portrait, *, rng: Random) -> Portrait:
    email = JUNK_EMAIL if happens(0.008, rng=rng) else lost(portrait.email, 0.09, rng=rng)
    phone = JUNK_PHONE if happens(0.008, rng=rng) else lost(portrait.phone, 0.14, rng=rng)
    return replace(portrait, email=email, phone=phone, birth_date=lost(portrait.birth_date, 0.14, rng=rng))


def _record(entry: Entry, *, rng: Random) -> Record:
    late = happens(0.0015, rng=rng)
    updated_at = FUTURE if late else iso(entry.updated_at)
    values = (*_columns(entry), updated_at)
    return Record(
        f"{entry.customer_number}|{updated_at}", csv_line(values), entry.person, FUTURE_TIMESTAMP if late else None
    )


def _columns(entry: Entry) -> tuple[str, ...]:
    person, portrait = entry.person, entry.portrait
    wishes = person.preferences.at(entry.updated_at)
    return (
        entry.customer_number,
        portrait.given,
        portrait.family,
        portrait.email,
        portrait.phone,
        portrait.birth_date,
        portrait.street,
        portrait.postcode,
        portrait.city,
        person.household.country,
        person.language,
        entry.loyalty_number,
        entry.loyalty_tier if entry.loyalty_number else "",
        _answer(wishes.marketing_email),
        _answer(wishes.marketing_sms),
        _answer(wishes.analytics),
        _answer(wishes.personalization),
    )


def _answer(wish: bool | None) -> str:
    return "" if wish is None else ("yes" if wish else "no")
