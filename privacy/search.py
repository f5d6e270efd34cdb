"""Does this bear the erased person? The same answer for erasing (quarantine, mentions) and for proving.

A value of the person's own, long enough to be nobody else's by chance, counts wherever it stands, in every encoding.
Names, addresses, birth dates and what a household shares count only together: given name, family name and one more,
close to each other. What is too short to say anything is looked for in its blind index alone.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from privacy.encodings import ENCODINGS, patterns, says_enough
from privacy.matcher import Matcher
from privacy.wanted import Wanted
from records.standardize import identity_form
from vault.blind import every_index

NEAR = 400
GIVEN, FAMILY, FULL = "given_name", "family_name", "full_name"
EMAILS = re.compile(rb"[\w.+%'-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
DIGITS_OF_A_PHONE = 8
LEAST_IN_COMBINATION = 3


@dataclass(frozen=True)
class Found:
    """How many of the parts bear a value of the person, and how many nothing but a keyed hash or id."""

    values: int = 0
    ids: int = 0

    def __add__(self, other: "Found") -> "Found":
        return Found(self.values + other.values, self.ids + other.ids)


class Search:
    """Looks for one person in bytes: rows of a table, opened fields, files."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._values: set[bytes] = set()
        for field, value in sorted(wanted.own):
            if says_enough(value):
                self._values |= patterns(field, value).keys()
        self._ids = {pattern.lower() for id in wanted.ids for pattern in _forms_of_id(UUID(id))}
        self._ids |= {pattern.lower() for field, value in wanted.own for pattern in _forms_of_index(field, value)}
        self._matcher = Matcher(self._values | self._ids)
        self._is_value = np.array([pattern in self._values for pattern in self._matcher.patterns], dtype=np.bool_)
        self._emails = {identity_form(field, value).encode() for field, value in wanted.own if field == "email"}
        self._phones = [loose for field, value in wanted.own if field == "phone" if (loose := _loose_phone(value))]
        self._together = _Together.of(wanted)

    @property
    def longest(self) -> int:
        """The length of the longest pattern: how far two pieces of one stream have to overlap."""
        return max(self._matcher.longest, NEAR)

    def describe(self) -> dict[str, object]:
        """What is searched for, in counts: this may be told."""
        alone = {(field, value) for field, value in self._wanted.own if says_enough(value)}
        return {
            "own_identifiers": len(alone),
            "too_short_to_be_sought_alone": len(self._wanted.own) - len(alone),
            "names_and_addresses_only_in_combination": len(self._wanted.about | self._wanted.shared),
            "source_profiles": len(self._wanted.ids),
            "patterns": len(self._matcher.patterns),
            "encodings": sorted(ENCODINGS),
        }

    def in_parts(self, parts: Sequence[bytes]) -> Found:
        """How many of these parts (rows, fields) bear the person."""
        values, ids = self._bearing(parts)
        return Found(len(values), len(ids - values))

    def bearing(self, texts: Sequence[bytes]) -> set[int]:
        """Which of these opened texts bear a value, whatever way e-mail addresses and phones are written in them."""
        values, _ = self._bearing(texts)
        return values | {number for number, text in enumerate(texts) if number not in values and self._loosely(text)}

    def _bearing(self, parts: Sequence[bytes]) -> tuple[set[int], set[int]]:
        joined = b"\n".join(parts)
        ends = np.cumsum([len(part) + 1 for part in parts])
        values: set[int] = set()
        ids: set[int] = set()
        for position, number in self._matcher.find(joined):
            (values if self._is_value[number] else ids).add(int(np.searchsorted(ends, position, side="right")))
        together = self._together.find(joined)
        return values | {int(np.searchsorted(ends, at, side="right")) for at in together}, ids

    def _loosely(self, text: bytes) -> bool:
        if any(phone.search(text) for phone in self._phones):
            return True
        return bool(self._emails) and any(
            identity_form("email", address.decode("utf-8", "replace")).encode() in self._emails
            for address in EMAILS.findall(text)
        )

    def in_stream(self, piece: bytes, *, overlap: int) -> int:
        """How often a value stands in this piece of a stream; what ends within its first `overlap` bytes is known."""
        lengths = self._matcher.patterns
        return sum(
            position + len(lengths[number]) > overlap
            for position, number in self._matcher.find(piece)
            if self._is_value[number]
        ) + sum(at >= overlap for at in self._together.find(piece))


class _Together:
    """Names and what goes with them: a hit only where given name, family name and one more value stand close."""

    def __init__(self, family: Collection[str], given: Iterable[str], third: Iterable[str]) -> None:
        self._names = sorted({form.encode() for name in family for form in _plain(name) if form})
        self._family, self._given, self._third = _words(family), _words(given), _words(third)

    @classmethod
    def of(cls, wanted: Wanted) -> "_Together":
        about = wanted.about | wanted.shared
        full = [value.split() for field, value in about if field == FULL]
        family = {value for field, value in about if field == FAMILY} | {words[-1] for words in full if len(words) > 1}
        given = {value for field, value in about if field == GIVEN} | {words[0] for words in full if len(words) > 1}
        third = {
            value
            for field, value in about
            if field not in (GIVEN, FAMILY, FULL, "city", "gender", "country", "language")
            and len(value) > LEAST_IN_COMBINATION
        } | {value for field, value in wanted.own if not says_enough(value)}
        return cls(family, given, third)

    def find(self, data: bytes) -> list[int]:
        """Where the family name stands with the two others near."""
        if not (self._family and self._given and self._third):
            return []
        text = data.lower()
        if not any(name in text for name in self._names):
            return []
        found = []
        for match in self._family.finditer(text):
            near = text[max(0, match.start() - NEAR) : match.end() + NEAR]
            if self._given.search(near) and self._third.search(near):
                found.append(match.start())
        return found


def _words(values: Iterable[str]) -> re.Pattern[bytes] | None:
    forms = {form.encode() for value in values for form in _plain(value) if form}
    if not forms:
        return None
    ordered = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile(rb"(?<![a-z0-9])(?:" + b"|".join(re.escape(form) for form in ordered) + rb")(?![a-z0-9])")


def _plain(value: str) -> set[str]:
    """The value in the letter cases of plain text, ASCII folded as the searched text is."""
    forms = {value, value.lower(), value.upper(), value.title()}
    return {_ascii_lower(unicodedata.normalize("NFC", form)) for form in forms}


def _ascii_lower(text: str) -> str:
    return text.encode().lower().decode()


def _forms_of_id(id: UUID) -> tuple[bytes, ...]:
    return id.bytes, id.hex.encode(), str(id).encode()


def _forms_of_index(field: str, value: str) -> tuple[bytes, ...]:
    found = every_index(field, identity_form(field, value))
    return (*found, *(index.hex().encode() for index in found))


def _loose_phone(value: str) -> re.Pattern[bytes] | None:
    """The last digits of a phone number, with anything between them that people put there."""
    digits = "".join(character for character in value if character.isdigit())[-9:]
    if len(digits) < DIGITS_OF_A_PHONE:
        return None
    return re.compile(r"[\s().\-/]{0,3}".join(digits).encode() + rb"(?!\d)")
