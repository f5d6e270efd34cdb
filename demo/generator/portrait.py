"""One person as one source has written them down."""

import datetime
from dataclasses import dataclass, replace
from random import Random

from demo.generator import dirt
from demo.generator.nicknames import nickname
from demo.generator.people import Person
from demo.generator.phones import written
from demo.generator.places import other_home
from demo.generator.randomness import happens


@dataclass(frozen=True, slots=True)
class Portrait:
    """What a source holds of a person; empty text where it holds nothing."""

    given: str
    family: str
    email: str
    phone: str
    birth_date: str
    street: str
    postcode: str
    city: str


def portray(person: Person, *, at: datetime.datetime, slips: float, rng: Random) -> Portrait:
    """The person as written down at an instant; slips scales how careless the writer is (1.0 for a web form)."""
    address = person.household.address(at)
    given, family = _names(person, at=at, slips=slips, rng=rng)
    street = dirt.typo(address.street, rng=rng) if happens(0.03 * slips, rng=rng) else address.street
    return Portrait(
        given=given,
        family=family,
        email=email_of(person, slips=slips, rng=rng),
        phone=phone_of(person, slips=slips, rng=rng),
        birth_date=dirt.birth_date_as_typed(person.born_on, country=person.household.country, rng=rng),
        street=dirt.marks_lost(street, rng=rng) if happens(0.1, rng=rng) else street,
        postcode=_postcode(address.postcode, rng=rng),
        city=address.city.name,
    )


def portray_again(person: Person, *, at: datetime.datetime, rng: Random) -> Portrait:
    """The person as a second clerk wrote them down without finding the first entry: something always differs."""
    portrait = portray(person, at=at, slips=1.5, rng=rng)
    difference = rng.choice(("typo", "nickname", "moved", "phone", "email", "typo", "mailbox"))
    if difference == "typo":
        return replace(portrait, family=dirt.typo(portrait.family, rng=rng))
    if difference == "nickname":
        return replace(portrait, given=nickname(person.given, rng=rng))
    if difference == "moved":
        home = other_home(person.household.home, rng=rng)
        return replace(portrait, street=home.street, postcode=home.postcode, city=home.city.name)
    if difference == "phone":
        other = person.earlier_phone or person.household.landline
        return replace(portrait, phone=written(other, rng=rng) if other else "")
    return replace(portrait, email=(person.second_email or "") if difference == "mailbox" else "")


def email_of(person: Person, *, slips: float, rng: Random) -> str:
    """A mailbox the person gives: the own, a second one, or the family's; sometimes mistyped."""
    email = person.email
    if person.household.family_email and happens(0.35, rng=rng):
        email = person.household.family_email
    elif person.second_email and happens(0.2, rng=rng):
        email = person.second_email
    if happens(0.012 * slips, rng=rng):
        return dirt.email_mistyped(email, rng=rng)
    if happens(0.003 * slips, rng=rng):
        return dirt.email_invalid(email, rng=rng)
    return dirt.email_as_typed(email, rng=rng)


def phone_of(person: Person, *, slips: float, rng: Random) -> str:
    """A number the person gives: the own, the household's, or an earlier one; empty when there is none."""
    phone = person.phone
    if person.household.landline and (phone is None or happens(0.3, rng=rng)):
        phone = person.household.landline
    elif person.earlier_phone and happens(0.15 * slips, rng=rng):
        phone = person.earlier_phone
    return written(phone, rng=rng) if phone else ""


def _names(person: Person, *, at: datetime.datetime, slips: float, rng: Random) -> tuple[str, str]:
    given, family = person.given, person.family_name(at)
    if happens(0.09 * slips, rng=rng):
        given = nickname(given, rng=rng)
    if happens(0.3, rng=rng):
        given, family = dirt.marks_lost(f"{given}|{family}", rng=rng).split("|")
    if happens(0.022 * slips, rng=rng):
        given = dirt.typo(given, rng=rng)
    if happens(0.03 * slips, rng=rng):
        family = dirt.typo(family, rng=rng)
    if happens(0.025, rng=rng):
        given, family = given.upper(), family.upper()
    return (family, given) if happens(0.01 * slips, rng=rng) else (given, family)


def _postcode(postcode: str, *, rng: Random) -> str:
    if happens(0.1, rng=rng):
        return postcode.replace(" ", "")
    return postcode.lower() if happens(0.03, rng=rng) else postcode
