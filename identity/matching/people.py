"""People in columns: every value normalized once and replaced by an integer code."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from identity.matching import normalize
from identity.matching.identifiers import SharedIdentifiers, shared_identifiers
from identity.matching.nicknames import nickname_class
from identity.matching.person import Person
from identity.matching.phonetic import phonetic

MISSING = -1

Codes = NDArray[np.int32]


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """One field of all people. `codes` has shape (n,) and indexes the distinct `values`; -1 is missing."""

    codes: Codes
    values: tuple[str, ...]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Return, shape (n,), who has a value."""
        known: NDArray[np.bool_] = self.codes != MISSING
        return known

    def counts(self) -> NDArray[np.int64]:
        """Return, shape (len(values),), how many people bear each value."""
        return np.bincount(self.codes[self.known], minlength=len(self.values)).astype(np.int64)

    def without(self, unwanted: NDArray[np.bool_]) -> "Column":
        """Return the column with the values marked in `unwanted`, shape (len(values),), made missing."""
        if not unwanted.any():
            return self
        dropped = np.append(unwanted, False)[self.codes]
        return Column(np.where(dropped, MISSING, self.codes).astype(np.int32), self.values)


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class People:
    """All people of one run, in columns of length n; row numbers are what pairs and labels speak of."""

    ids: tuple[Hashable, ...]
    given_name: Column
    given_first: Column
    family_name: Column
    birth_date: Column
    email: Column
    mailbox: Column
    email_local: Column
    email_domain: Column
    phone: Column
    street: Column
    dwelling_sound: Column
    postcode: Column
    city: Column
    country: Column
    identifier: Column
    identifier_2: Column
    trait: Column
    trait_2: Column
    trait_3: Column
    trait_4: Column
    trait_5: Column
    trait_6: Column
    # What the blocking keys are made of.
    given_class: Column
    given_initial: Column
    family_sound: Column
    both_sounds: Column
    birth_year: Column
    birth_day: Column
    # Which values several people share.
    shared_emails: SharedIdentifiers
    shared_phones: SharedIdentifiers

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        """Say how many; never who."""
        return f"People({len(self)})"

    def free(self, name: str) -> Column:
        """Return the column of a field that comparisons or keys name."""
        column: Column = getattr(self, name)
        return column

    @staticmethod
    def build(ids: Sequence[Hashable], persons: Sequence[Person]) -> "People":
        """Return the columns of `persons`, row i being `ids[i]`; e-mails and phones that are junk count as missing."""
        if len(ids) != len(persons):
            raise ValueError(f"{len(ids)} ids for {len(persons)} persons")
        given = _encode((person.given_name for person in persons), normalize.name)
        family = _encode((person.family_name for person in persons), normalize.name)
        first = derive(given, normalize.main_word)
        surname = derive(family, normalize.main_word)
        given_class = derive(first, nickname_class)
        birth = _encode((person.birth_date for person in persons), normalize.birth_date)
        email = _encode((person.email for person in persons), normalize.email)
        phone = _encode((person.phone for person in persons), str.strip)
        shared_emails = shared_identifiers(email.codes, family.codes, given_class.codes)
        shared_phones = shared_identifiers(phone.codes, family.codes, given_class.codes)
        street = _encode((person.street for person in persons), normalize.street)
        email = email.without(shared_emails.junk)
        return People(
            ids=tuple(ids),
            given_name=given,
            given_first=first,
            family_name=family,
            birth_date=birth,
            email=email,
            mailbox=derive(email, normalize.email_mailbox),
            email_local=derive(email, normalize.email_local),
            email_domain=derive(email, normalize.email_domain),
            phone=phone.without(shared_phones.junk),
            street=street,
            dwelling_sound=derive(street, dwelling_sound),
            postcode=_encode((person.postcode for person in persons), normalize.postcode),
            city=_encode((person.city for person in persons), normalize.place),
            country=_encode((person.country for person in persons), normalize.place),
            identifier=_encode((person.identifier for person in persons), normalize.identifier),
            identifier_2=_encode((person.identifier_2 for person in persons), normalize.identifier),
            trait=_encode((person.trait for person in persons), normalize.place),
            trait_2=_encode((person.trait_2 for person in persons), normalize.place),
            trait_3=_encode((person.trait_3 for person in persons), normalize.place),
            trait_4=_encode((person.trait_4 for person in persons), normalize.place),
            trait_5=_encode((person.trait_5 for person in persons), normalize.place),
            trait_6=_encode((person.trait_6 for person in persons), normalize.place),
            given_class=given_class,
            given_initial=derive(given_class, initial),
            family_sound=derive(surname, phonetic),
            both_sounds=_order_free(derive(first, class_sound), derive(surname, class_sound)),
            birth_year=derive(birth, birth_year),
            birth_day=derive(birth, birth_day),
            shared_emails=shared_emails,
            shared_phones=shared_phones,
        )


def initial(word: str) -> str:
    """Return the first letter."""
    return word[0]


def birth_year(iso_date: str) -> str:
    """Return YYYY."""
    return iso_date[:4]


def birth_day(iso_date: str) -> str:
    """Return MM-DD."""
    return iso_date[5:]


def class_sound(word: str) -> str:
    """Return the sound key of the nickname class, so that "bill" and "william" sound alike on either side of a name."""
    return phonetic(nickname_class(word))


def dwelling_sound(street: str) -> str | None:
    """Return the house number and the sound of the street's first word; `None` unless both are known."""
    number, words = normalize.street_number(street), normalize.street_name(street)
    return f"{number} {phonetic(words.split(' ', 1)[0])}" if number and words else None


def in_one_order(one: str, other: str) -> str:
    """Return both sounds in alphabetical order, so that a given name and family name in each other's field agree."""
    return f"{one}~{other}" if one <= other else f"{other}~{one}"


def _encode(raw_values: Iterable[str | None], normalized: Callable[[str], str | None]) -> Column:
    code_of_raw: dict[str | None, int] = {None: MISSING, "": MISSING}
    code_of: dict[str, int] = {}
    codes = []
    for raw in raw_values:
        code = code_of_raw.get(raw)
        if code is None:
            value = normalized(raw) if raw else None
            code = code_of.setdefault(value, len(code_of)) if value else MISSING
            code_of_raw[raw] = code
        codes.append(code)
    return Column(np.array(codes, dtype=np.int32), tuple(code_of))


def derive(column: Column, rule: Callable[[str], str | None]) -> Column:
    """Return the column of `rule` applied to each distinct value; `None` becomes missing."""
    code_of: dict[str, int] = {}
    code_of_value = []
    for value in column.values:
        derived = rule(value)
        code_of_value.append(code_of.setdefault(derived, len(code_of)) if derived else MISSING)
    lookup = np.array([*code_of_value, MISSING], dtype=np.int32)
    return Column(lookup[column.codes], tuple(code_of))


def combine(one: Codes, other: Codes) -> Codes:
    """Return dense codes, shape (n,), of the pairs of values; missing where either is missing."""
    wide = one.astype(np.int64) * (int(other.max(initial=0)) + 1) + other
    known = (one != MISSING) & (other != MISSING)
    combined = np.full(len(one), MISSING, dtype=np.int32)
    if known.any():
        combined[known] = np.unique(wide[known], return_inverse=True)[1]
    return combined


def _order_free(one: Column, other: Column) -> Column:
    code_of: dict[str, int] = {}
    code_of_pair: dict[tuple[int, int], int] = {}
    codes = []
    for pair in zip(one.codes.tolist(), other.codes.tolist(), strict=True):
        code = code_of_pair.get(pair)
        if code is None:
            code = MISSING
            if MISSING not in pair:
                both = in_one_order(one.values[pair[0]], other.values[pair[1]])
                code = code_of.setdefault(both, len(code_of))
            code_of_pair[pair] = code
        codes.append(code)
    return Column(np.array(codes, dtype=np.int32), tuple(code_of))
