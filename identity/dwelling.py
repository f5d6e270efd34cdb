"""Dwelling: where somebody lives, and what they may share with who lives there, as their golden record has it.

An address is told by its house: the street with all its words and numbers, and postcode, or city where no postcode is
known; spaces tell nothing, since some write Mozart Straße. What is written as a flat (60/12, Apt 4b, Flat 3) makes no
other house, since not everybody writes it, and who gives the same one shares a flat. Floors and stairs are passed over.
A street without a number tells of no house.
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

# Raised with every change of what is told here: what was told before is then told anew.
RULES = 1
STREET, FAMILY, EMAIL, PHONE, FLAT = "street", "family_name", "email", "phone", "flat"
FIELDS = (STREET, "postcode", "city", FAMILY, EMAIL, PHONE)
# What people who live together have in common.
TIES = (FAMILY, FLAT, EMAIL, PHONE)

LONGEST = 200
_UNIT = r"(?:apartment|apt|flat|unit|suite|ste|top|t\u00fcr|tuer|app|appartement|lgh|dpto|lok)"
_OF_FLAT = r"(?:\d+\s?[a-z]?|[a-z])"
_FLAT_FIRST = re.compile(rf"^\s*{_UNIT}\.?\s*({_OF_FLAT})(?:\s*[,/]\s*|\s+)(?=.*\d)", re.IGNORECASE)
_FLAT_BEFORE_NUMBER = re.compile(r"^\s*(\d+[a-z]?)\s*/\s*(?=\d+[a-z]?\s+\D)", re.IGNORECASE)
_FLAT_LAST = re.compile(rf"[\s,]+{_UNIT}\.?\s*#?\s*({_OF_FLAT})\s*$|[\s,]+#\s*({_OF_FLAT})\s*$", re.IGNORECASE)
_FLAT_BEHIND_NUMBER = re.compile(r"(?<=\d)\s?[a-z]?\s*((?:/\s*\w+\s*)+)$", re.IGNORECASE)
_FLOOR = re.compile(
    r"[\s,]+(?:\d+\s*(?:\.|st|nd|rd|th|e|er|\u00e8me)?\s*(?:stock|og|etage|\u00e9tage|floor)"
    r"|(?:stiege|stg|stock|etage|floor|treppe|stair|staircase)\s*\.?\s*\d+)\b.*$",
    re.IGNORECASE,
)
# From 12 to 14 is a house of two numbers, and no flat.
_RANGE = re.compile(r"\b(\d+)\s*[-\u2013]\s*\d+\b")
_LETTER_OF_FIRST_NUMBER = re.compile(r"^\s*(\d+)\s+([a-z])\s+(?=\w\w)", re.IGNORECASE)
_STREET_AND_NUMBER = re.compile(r"(?=.*\d)(?=.*[^\W\d_]{2})")
_WORDS, _LETTER_APART = re.compile(r"\w+"), re.compile(r"\b(\d+) ([a-z])$")
_NUMBER_SIGN = re.compile(r"\b(?:no|nr|num)\b\.?\s*(?=\d)|n[\u00b0\u00ba]\s*(?=\d)", re.IGNORECASE)
# Women's endings beside the men's: Kowalska, Ivanova; Nov\u00e1kov\u00e1 and Novotn\u00e1 are told by their accent.
_ENDINGS = (
    *(("ska", "ski"), ("cka", "cki"), ("zka", "zki"), ("skaya", "ski"), ("skaia", "ski"), ("sky", "ski")),
    *(("skiy", "ski"), ("ova", "ov"), ("eva", "ev")),
)
_LEAST_STEM = 3


@dataclass(frozen=True, slots=True)
class Dwelling:
    """A house, and each tie by its field: normal forms, that equal ones are equal and nothing more."""

    house: str
    ties: Mapping[str, str]


def dwelling_of(golden: Mapping[str, str]) -> Dwelling | None:
    """The dwelling that these golden values tell of, by field of the data dictionary; None where they tell of none."""
    bare, flat = _parted(golden.get(STREET, "")[:LONGEST])
    street = in_words(bare) or ""
    where = postcode(golden.get("postcode", "")) or place(golden.get("city", ""))
    if not (street_number(street) and street_name(street) and where):
        return None
    numbers = " ".join(word for word in street.split() if word[0].isdigit())
    mailbox = email(golden.get(EMAIL, ""))
    forms = {
        FAMILY: _family(golden.get(FAMILY, "")),
        FLAT: flat,
        EMAIL: email_mailbox(mailbox) if mailbox else "",
        PHONE: phone_digits(golden.get(PHONE, "")) or "",
    }
    house = f"{where}|{street_name(street).replace(' ', '')}|{numbers}"
    return Dwelling(house, {field: form for field, form in forms.items() if form})


def _parted(written: str) -> tuple[str, str]:
    """The street with the number of the house, and the flat."""
    text, flat = _FLOOR.sub("", _RANGE.sub(r"\1", _NUMBER_SIGN.sub("", written))), ""
    for pattern in (_FLAT_FIRST, _FLAT_BEFORE_NUMBER, _FLAT_LAST, _FLAT_BEHIND_NUMBER):
        found = pattern.search(text)
        if found and not flat:
            flat = _LETTER_APART.sub(r"\1\2", " ".join(_WORDS.findall(found[found.lastindex or 0].casefold())))
            start, end = (found.start(1), found.end()) if pattern is _FLAT_BEHIND_NUMBER else found.span()
            text = text[:start] + text[end:]
    head, comma, _ = text.partition(",")
    # Behind a whole street and number stand postcode and city, or a part of the town.
    text = head if comma and _STREET_AND_NUMBER.match(head) else text
    return _LETTER_OF_FIRST_NUMBER.sub(r"\1\2 ", text), flat


def _family(written: str) -> str:
    """The name of a family, whichever of it bears it."""
    spelled = written.strip().casefold()
    if len(spelled) >= _LEAST_STEM + 3 and spelled.endswith("ov\u00e1"):
        spelled = spelled[:-3]
    elif len(spelled) > _LEAST_STEM and spelled.endswith("\u00e1"):
        spelled = spelled[:-1] + "y"
    folded = (name(spelled) or "").replace(" ", "")
    for ending, of_all in _ENDINGS:
        if folded.endswith(ending) and len(folded) >= _LEAST_STEM + len(ending):
            return folded.removesuffix(ending) + of_all
    return folded
