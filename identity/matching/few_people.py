"""A few people, normalized one by one: what `People` holds in columns, without the cost of setting up arrays."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from identity.matching import normalize
from identity.matching.identifiers import JUNK_FAMILY_NAMES, JUNK_RECORDS, SHARED_GIVEN_NAMES
from identity.matching.levels import FREE
from identity.matching.nicknames import nickname_class
from identity.matching.person import Person

_FREE_NAMES = tuple(comparison.name for comparison in FREE)


@dataclass(slots=True)
class Known:
    """What is known of one person, in normal form; "" where nothing is."""

    given_name: str
    family_name: str
    birth_date: str
    email: str
    mailbox: str
    email_local: str
    phone: str
    street: str
    street_name: str
    street_number: str
    postcode: str
    city: str
    country: str

    @staticmethod
    def of(person: Person) -> "Known":
        """The normal form of what is known of this person."""
        email = (person.email and normalize.email(person.email)) or ""
        mailbox = normalize.email_mailbox(email) if email else ""
        street = (person.street and normalize.street(person.street)) or ""
        return Known(
            given_name=(person.given_name and normalize.name(person.given_name)) or "",
            family_name=(person.family_name and normalize.name(person.family_name)) or "",
            birth_date=(person.birth_date and normalize.birth_date(person.birth_date)) or "",
            email=email,
            mailbox=mailbox,
            email_local=(mailbox and normalize.mailbox_local(mailbox)) or "",
            phone=(person.phone and person.phone.strip()) or "",
            street=street,
            street_name=street and normalize.street_name(street),
            street_number=street and normalize.street_number(street),
            postcode=(person.postcode and normalize.postcode(person.postcode)) or "",
            city=(person.city and normalize.place(person.city)) or "",
            country=(person.country and normalize.place(person.country)) or "",
        )

    @property
    def given_class(self) -> str:
        """The class of nicknames that the given name belongs to."""
        return nickname_class(normalize.main_word(self.given_name)) if self.given_name else ""


def bear_more(persons: Iterable[Person]) -> bool:
    """Whether any of these has identifiers or traits of a file, which only `People` holds."""
    return any(getattr(person, name) is not None for person in persons for name in _FREE_NAMES)


@dataclass(frozen=True, slots=True)
class Borne:
    """Which values of an identifier several people bear: those of a household, and junk that identifies nobody."""

    household: frozenset[str]
    junk: frozenset[str]


def borne(values: Sequence[str], people: Sequence[Known]) -> Borne:
    """As `shared_identifiers`, of these values, one for each of the people, "" where there is none."""
    bearers: dict[str, list[Known]] = {}
    for value, person in zip(values, people, strict=True):
        if value:
            bearers.setdefault(value, []).append(person)
    shared = {value: those for value, those in bearers.items() if len(those) > 1}
    junk = frozenset(value for value, those in shared.items() if _are_strangers(those))
    household = (value for value, those in shared.items() if value not in junk and _are_several(those))
    return Borne(frozenset(household), junk)


def _are_strangers(people: Sequence[Known]) -> bool:
    return len(people) > JUNK_RECORDS and len(_without_nothing(p.family_name for p in people)) > JUNK_FAMILY_NAMES


def _are_several(people: Sequence[Known]) -> bool:
    return len(_without_nothing(person.given_class for person in people)) >= SHARED_GIVEN_NAMES


def _without_nothing(values: Iterable[str]) -> set[str]:
    return {value for value in values if value}
