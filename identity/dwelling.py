"""Dwelling: where somebody lives, and what they may share with who lives there, as their golden record has it.

An address is told by its house: street, first number and postcode, or city where no postcode is known. Further numbers
are of a flat, which not everybody writes: they make no other house, and who gives the same ones shares a flat. Spaces
tell nothing, since some write Mozart Straße. A street without a number tells of no house.
"""

import re
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

STREET, FAMILY, EMAIL, PHONE, FLAT = "street", "family_name", "email", "phone", "flat"
FIELDS = (STREET, "postcode", "city", FAMILY, EMAIL, PHONE)
# What people who live together have in common.
TIES = (FAMILY, FLAT, EMAIL, PHONE)

# From 12 to 14 is a house of two numbers, and no flat.
_RANGE = re.compile(r"\b(\d+)\s*[-\u2013]\s*\d+\b")
_UNIT = re.compile(r"\b(?:apartment|apt|flat|unit|suite|top|tur|app|appartement|lgh|dpto|int|lok|m)$")
# Women's endings of one family's name beside the men's: Kowalska, Nováková, Ivanova.
_ENDINGS = (
    *(("ska", "ski"), ("cka", "cki"), ("zka", "zki")),
    *(("skaya", "ski"), ("skaia", "ski"), ("sky", "ski"), ("skiy", "ski")),
    *(("ova", ""), ("ov", ""), ("eva", ""), ("ev", "")),
)
_LEAST_STEM = 3


@dataclass(frozen=True, slots=True)
class Dwelling:
    """A house, and each tie by its field: normal forms, that equal ones are equal and nothing more."""

    house: str
    ties: Mapping[str, str]


def dwelling_of(golden: Mapping[str, str]) -> Dwelling | None:
    """The dwelling that these golden values tell of, by field of the data dictionary; None where they tell of none."""
    street = in_words(_RANGE.sub(r"\1", golden.get(STREET, ""))) or ""
    number, words = street_number(street), _UNIT.sub("", street_name(street)).replace(" ", "")
    where = postcode(golden.get("postcode", "")) or place(golden.get("city", ""))
    if not (number and words and where):
        return None
    mailbox = email(golden.get(EMAIL, ""))
    forms = {
        FAMILY: _family(golden.get(FAMILY, "")),
        FLAT: _flat(street),
        EMAIL: email_mailbox(mailbox) if mailbox else "",
        PHONE: phone_digits(golden.get(PHONE, "")) or "",
    }
    return Dwelling(f"{where}|{words}|{number}", {field: form for field, form in forms.items() if form})


def _family(written: str) -> str:
    """The name of a family, whichever of it bears it."""
    folded = (name(written) or "").replace(" ", "")
    for ending, of_all in _ENDINGS:
        if folded.endswith(ending) and len(folded) >= _LEAST_STEM + len(ending):
            return folded.removesuffix(ending) + of_all
    return folded


def _flat(normalized_street: str) -> str:
    """What is written behind the number of the house."""
    return " ".join([word for word in normalized_street.split() if word[0].isdigit()][1:])
