"""Dwelling: where somebody lives, and what they may share with who lives there, as their golden record has it.

An address is told by its house: street, first number and postcode, or city where no postcode is known. Flats and stairs
are written in too many ways to tell anybody apart, and a street without a number tells of no house.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from identity.matching.normalize import (
    email,
    email_mailbox,
    name,
    phone_digits,
    place,
    postcode,
    street_name,
    street_number,
)
from identity.matching.normalize import street as in_words

STREET, FAMILY, EMAIL, PHONE = "street", "family_name", "email", "phone"
FIELDS = (STREET, "postcode", "city", FAMILY, EMAIL, PHONE)
# What people who live together have in common.
TIES = (FAMILY, EMAIL, PHONE)


@dataclass(frozen=True, slots=True)
class Dwelling:
    """A house, and each tie by its field: normal forms, that equal ones are equal and nothing more."""

    house: str
    ties: Mapping[str, str]


def dwelling_of(golden: Mapping[str, str]) -> Dwelling | None:
    """The dwelling that these golden values tell of, by field of the data dictionary; None where they tell of none."""
    street = in_words(golden.get(STREET, "")) or ""
    number, words = street_number(street), street_name(street)
    where = postcode(golden.get("postcode", "")) or place(golden.get("city", ""))
    if not (number and words and where):
        return None
    mailbox = email(golden.get(EMAIL, ""))
    forms = {
        FAMILY: (name(golden.get(FAMILY, "")) or "").replace(" ", ""),
        EMAIL: email_mailbox(mailbox) if mailbox else "",
        PHONE: phone_digits(golden.get(PHONE, "")) or "",
    }
    return Dwelling(f"{where}|{words}|{number}", {field: form for field, form in forms.items() if form})
