"""People in columns: every value normalized once and replaced by an integer code."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from identity.matching import normalize
from identity.matching.column import MISSING, Column, Rule, dense, derive, empty, encode
from identity.matching.identifiers import SharedIdentifiers, serves_everyone, shared_identifiers
from identity.matching.levels import IDENTIFIERS, TRAITS
from identity.matching.model import LEAST_SEEN
from identity.matching.nicknames import nickname_class
from identity.matching.person import Person
from identity.matching.phonetic import phonetic
from identity.matching.threads import each

Junk = Mapping[str, Collection[str]]
NO_JUNK: Junk = {}


@dataclass(frozen=True, eq=False, slots=True, kw_only=True)
class People:
    """All people of one run, in columns of length n; row numbers are what pairs and labels speak of."""

    ids: Sequence[Hashable]
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
    street_name: Column
    street_number: Column
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

    @property
    def providers(self) -> frozenset[str]:
        """Return the domains that serve mailboxes to everyone, by who uses them here."""
        domain = derive(self.mailbox, normalize.mailbox_domain)
        serves = np.flatnonzero(serves_everyone(domain.codes, self.family_name.codes))
        return frozenset(domain.texts(serves.astype(np.int32)))

    @property
    def junk(self) -> dict[str, frozenset[str]]:
        """Return the e-mail addresses and phones, in normal form, that many families share; only those on twenty
        records or more, so that whoever keeps them keeps nobody's."""
        shared = (("email", self.email, self.shared_emails), ("phone", self.phone, self.shared_phones))
        kept = ((name, of, np.flatnonzero(one.junk & (one.records >= LEAST_SEEN))) for name, of, one in shared)
        return {name: frozenset(of.texts(codes.astype(np.int32))) for name, of, codes in kept}

    @staticmethod
    def build(
        ids: Sequence[Hashable], persons: Sequence[Person], *, to_block: bool = True, junk: Junk = NO_JUNK
    ) -> "People":
        """Return the columns of `persons`, row i being `ids[i]`; e-mails and phones that are junk, among these or as a
        model knows, count as missing.

        Unless they are `to_block`, nobody has what the blocking keys alone are made of.
        """
        if len(ids) != len(persons):
            raise ValueError(f"{len(ids)} ids for {len(persons)} persons")
        raw = {field: encode(getattr(person, field) for person in persons) for field in FIELDS}
        return People.of(ids, raw, to_block=to_block, junk=junk)

    @staticmethod
    def of(
        ids: Sequence[Hashable], raw: Mapping[str, Column], *, to_block: bool = True, junk: Junk = NO_JUNK
    ) -> "People":
        """The same from columns of the fields that `Person` has, of length n each; a field may be left out."""
        nothing = empty(len(ids))
        # The longest work comes first, so that the cores end together.
        rules = sorted(FIELDS.items(), key=lambda rule: len(raw.get(rule[0], nothing).values), reverse=True)
        rules.sort(key=lambda rule: rule[0] != "street")
        normal = each(lambda rule: derive(raw.get(rule[0], nothing), rule[1]), rules, rows=len(ids))
        found = dict(zip((name for name, _ in rules), normal, strict=True))
        made: Columns = {}
        for columns in each(lambda make: make(found, to_block), _MAKERS, rows=len(ids)):
            made |= columns
        family, given_class = found["family_name"], made["given_class"]
        shared_emails, shared_phones = each(
            lambda name: _shared(found[name], family, given_class, junk.get(name, ())),
            ("email", "phone"),
            rows=len(ids),
        )
        nobodys = np.append(shared_emails.junk, False)[found["email"].codes]
        made |= {name: made[name].but_for(nobodys) for name in _OF_EMAILS}
        domain = made["email_domain"]
        made["email_domain"] = domain.without(serves_everyone(domain.codes, family.codes))
        found |= {"email": found["email"].but_for(nobodys), "phone": found["phone"].without(shared_phones.junk)}
        return People(
            ids=ids,
            **found,
            **made,
            shared_emails=shared_emails,
            shared_phones=shared_phones,
        )


Columns = dict[str, Column]


def _shared(values: Column, family: Column, given_class: Column, junk: Collection[str]) -> SharedIdentifiers:
    shared = shared_identifiers(values.codes, family.codes, given_class.codes)
    return shared.with_junk(values.among(junk)[: len(shared.junk)]) if junk else shared


def _of_names(found: Columns, to_block: bool) -> Columns:
    first = derive(found["given_name"], normalize.main_word)
    given_class = derive(first, nickname_class)
    names = {"given_first": first, "given_class": given_class}
    if not to_block:
        return names | dict.fromkeys(("given_initial", "family_sound", "both_sounds"), empty(len(first.codes)))
    surname = derive(found["family_name"], normalize.main_word)
    family_sound = derive(surname, phonetic)
    return names | {
        "given_initial": derive(given_class, initial),
        "family_sound": family_sound,
        "both_sounds": _order_free(derive(first, class_sound), _class_sounds(surname, family_sound)),
    }


def _of_emails(found: Columns, to_block: bool) -> Columns:
    mailbox = derive(found["email"], normalize.email_mailbox)
    return {
        "mailbox": mailbox,
        "email_local": derive(mailbox, normalize.mailbox_local),
        "email_domain": derive(mailbox, normalize.mailbox_domain) if to_block else empty(len(mailbox.codes)),
    }


def _of_streets(found: Columns, to_block: bool) -> Columns:
    return {"street_name": derive(found["street"], normalize.street_name)}


def _of_houses(found: Columns, to_block: bool) -> Columns:
    return {"street_number": derive(found["street"], normalize.street_number)}


def _of_dwellings(found: Columns, to_block: bool) -> Columns:
    street, birth = found["street"], found["birth_date"]
    if not to_block:
        return dict.fromkeys(("dwelling_sound", "birth_year", "birth_day"), empty(len(street.codes)))
    return {
        "dwelling_sound": derive(street, dwelling_sound),
        "birth_year": derive(birth, birth_year),
        "birth_day": derive(birth, birth_day),
    }


_MAKERS = (_of_names, _of_emails, _of_dwellings, _of_streets, _of_houses)
_OF_EMAILS = ("mailbox", "email_local", "email_domain")

# The normal form of each field of a person.
FIELDS: Mapping[str, Rule] = {
    "given_name": normalize.name,
    "family_name": normalize.name,
    "birth_date": normalize.birth_date,
    "email": normalize.email,
    "phone": str.strip,
    "street": normalize.street,
    "postcode": normalize.postcode,
    "city": normalize.place,
    "country": normalize.place,
    **{comparison.name: normalize.identifier for comparison in IDENTIFIERS},
    **{comparison.name: normalize.place for comparison in TRAITS},
}


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


def _class_sounds(words: Column, sounds: Column) -> Column:
    """Return `class_sound` of these words, of which the sounds are known: few belong to another's class. A value may
    stand there twice."""
    listed = {code: word for code, word in enumerate(words.values) if nickname_class(word) != word}
    code_of = np.full(len(words.values) + 1, MISSING, dtype=np.int32)
    code_of[list(listed)] = len(sounds.values) + np.arange(len(listed))
    codes = code_of[words.codes]
    return Column(np.where(codes == MISSING, sounds.codes, codes), (*sounds.values, *map(class_sound, listed.values())))


def _order_free(one: Column, other: Column) -> Column:
    """Return the codes of both values, whichever stands on which side; no text is made of them."""
    sounds = encode([*one.values, *other.values]).codes
    left = np.append(sounds[: len(one.values)], MISSING)[one.codes].astype(np.int64)
    right = np.append(sounds[len(one.values) :], MISSING)[other.codes].astype(np.int64)
    both = np.minimum(left, right) * (int(sounds.max(initial=0)) + 1) + np.maximum(left, right)
    both[(left == MISSING) | (right == MISSING)] = MISSING
    return Column(dense(both), ())
