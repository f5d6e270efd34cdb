"""The tills: one row per purchase, by loyalty card, e-receipt, delivery, or cash without a name."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from demo.generator.dirt import JUNK_EMAIL, JUNK_PHONE, letter_dropped
from demo.generator.goods import new_basket
from demo.generator.mishaps import FUTURE, FUTURE_TIMESTAMP, MISSING_IDENTIFIER
from demo.generator.people import Person
from demo.generator.portrait import email_of, phone_of, portray
from demo.generator.randomness import distinct_numbers, happens, shares, weighted
from demo.generator.record import Record, csv_line
from demo.generator.shopping import pick_shop
from demo.generator.window import iso

HEADER = (
    "receipt_id,store,till,sold_at,loyalty_number,customer_name,email,phone,postcode,amount,currency,items,category"
)


@dataclass(frozen=True, slots=True)
class Buyer:
    """What a receipt says of the person who paid."""

    loyalty_number: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    postcode: str = ""


def pos_records(people: list[Person], *, total: float, rng: Random) -> Iterator[Record]:
    """About so many purchases, oldest first."""
    counts = shares(total, [person.habits.visits for person in people], rng=rng)
    purchases = [
        (person.habits.active.moment(rng), place)
        for place, (person, count) in enumerate(zip(people, counts, strict=True))
        for _ in range(count)
    ]
    purchases.sort()
    receipts = distinct_numbers(len(purchases), digits=8, rng=rng)
    carded: set[str] = set()
    for (at, place), receipt in zip(purchases, receipts, strict=True):
        person = people[place]
        buyer = _buyer(person, at=at, first=person.person_id not in carded, rng=rng)
        if buyer.loyalty_number:
            carded.add(person.person_id)
        yield _record(person, buyer=buyer, at=at, receipt_id=f"R{receipt}", rng=rng)


def _buyer(person: Person, *, at: datetime.datetime, first: bool, rng: Random) -> Buyer:
    if happens(0.004, rng=rng):
        return Buyer()
    if person.loyalty_number and happens(0.9, rng=rng):
        return _card_holder(person, at=at, first=first, rng=rng)
    way = weighted((("e-receipt", 0.5), ("by phone", 0.27), ("delivery", 0.23)), rng=rng)
    name = _name(person, at=at, rng=rng)
    if way == "e-receipt":
        email = JUNK_EMAIL if happens(0.006, rng=rng) else email_of(person, slips=2.0, rng=rng)
        return Buyer(email=email, name=name if happens(0.6, rng=rng) else "")
    phone = phone_of(person, slips=1.0, rng=rng)
    postcode = portray(person, at=at, slips=2.0, rng=rng).postcode
    if way == "by phone" and phone:
        number = JUNK_PHONE if happens(0.006, rng=rng) else phone
        return Buyer(name=name, phone=number, postcode=postcode if happens(0.5, rng=rng) else "")
    return Buyer(name=name, postcode=postcode, phone=phone if happens(0.6, rng=rng) else "")


def _card_holder(person: Person, *, at: datetime.datetime, first: bool, rng: Random) -> Buyer:
    number = person.loyalty_number or ""
    if happens(0.003, rng=rng):
        number = letter_dropped(number, rng=rng)
    if (first and happens(0.5, rng=rng)) or happens(0.06, rng=rng):
        return Buyer(number, name=_name(person, at=at, rng=rng), phone=phone_of(person, slips=1.0, rng=rng))
    return Buyer(number, email=email_of(person, slips=2.0, rng=rng) if happens(0.08, rng=rng) else "")


def _name(person: Person, *, at: datetime.datetime, rng: Random) -> str:
    portrait = portray(person, at=at, slips=2.0, rng=rng)
    style = weighted((("plain", 0.78), ("family first", 0.08), ("initial", 0.14)), rng=rng)
    if style == "family first":
        return f"{portrait.family}, {portrait.given}"
    return f"{portrait.given[0]}. {portrait.family}" if style == "initial" else f"{portrait.given} {portrait.family}"


def _record(person: Person, *, buyer: Buyer, at: datetime.datetime, receipt_id: str, rng: Random) -> Record:
    basket = new_basket(person, rng=rng)
    late = happens(0.0005, rng=rng)
    values = (
        receipt_id,
        pick_shop(person, rng=rng),
        f"T{rng.randrange(1, 7)}",
        FUTURE if late else iso(at),
        buyer.loyalty_number,
        buyer.name,
        buyer.email,
        buyer.phone,
        buyer.postcode,
        f"{basket.total:.2f}",
        basket.currency,
        str(basket.items),
        basket.category,
    )
    rejected = MISSING_IDENTIFIER if buyer == Buyer() else (FUTURE_TIMESTAMP if late else None)
    return Record(receipt_id, csv_line(values), person, rejected)
