"""What stands on the suppression list: keyed hashes of identifiers, and of shared identifiers together with a name.

The list has keys of its own. They are never rotated away: what was hashed under an old version can only be compared
under it, so every version is asked for. Without the keys, which lie in the key store, no search of all phone numbers
finds one of them.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from records.dictionary import IDENTIFIERS
from records.standardize import identity_form
from vault import kept_keys
from vault.blind import every_index
from vault.signatures import authenticate

KEY = kept_keys.SUPPRESSION
# Rows from before the list had keys of its own hold the blind index itself.
BLIND = 0
NAME, BIRTH_DATE = "name", "birth_date"


class Token(NamedTuple):
    """Something that identifies a person: its kind, such as "email" or "phone+name", and its text in one form."""

    kind: str
    text: str


class Hash(NamedTuple):
    """A token under one version of the list's key."""

    version: int
    kind: str
    hash: bytes


class Kind(NamedTuple):
    """What some of the list's rows have in common: the version of its key, and the kind of token."""

    version: int
    kind: str


def tokens_of(fields: Mapping[str, str]) -> set[Token]:
    """Everything that a record with these fields is looked for by."""
    return {token for one in wanted_by(fields) for token in _of(one)}


class Wanted(NamedTuple):
    """An identifier that a record bears, and what else the record says of the person."""

    namespace: str
    value: str
    name: str
    birth_date: str


def wanted_by(fields: Mapping[str, str]) -> list[Wanted]:
    """The identifiers of a record with these fields."""
    name, birth_date = name_of(fields), fields.get("birth_date", "")
    return [Wanted(namespace, fields[namespace], name, birth_date) for namespace in IDENTIFIERS & fields.keys()]


def _of(wanted: Wanted) -> Iterator[Token]:
    """What an identifier is looked for by, alone and together with what else the record says of the person."""
    namespace, value = wanted.namespace, wanted.value
    yield plain(namespace, value)
    for index in every_index(namespace, identity_form(namespace, value)):
        yield by_index(namespace, index)
    if wanted.name:
        yield with_name(namespace, value, wanted.name)
    if wanted.birth_date:
        yield with_birth_date(namespace, value, wanted.birth_date)


def hashes_of(wanted: Iterable[Wanted], listed: Set[Kind]) -> dict[Wanted, list[Hash]]:
    """Every hash under which each may be listed: of all versions of the list's key, and of before it had one.

    `listed` are the kinds of which the list holds anything at all.
    """
    versions = kept_keys.all_versions(KEY)
    namespaces = {namespace_of(one.kind) for one in listed}
    return {
        one: [hash for token in _of(one) for hash in _hashes_of(token, versions, listed)]
        for one in wanted
        if one.namespace in namespaces
    }


def _hashes_of(token: Token, versions: Mapping[int, bytes], listed: Set[Kind]) -> Iterator[Hash]:
    for version, key in versions.items():
        if Kind(version, token.kind) in listed:
            yield Hash(version, token.kind, authenticate(key, _content(token)))
    if token.kind.endswith("#index"):
        yield Hash(BLIND, namespace_of(token.kind), bytes.fromhex(token.text))


def plain(namespace: str, value: str) -> Token:
    """An identifier that is one person's alone."""
    return Token(namespace, form(namespace, value))


def by_index(namespace: str, index: bytes) -> Token:
    """An identifier of which only the blind index is known, such as a device that somebody only signed in on."""
    return Token(f"{namespace}#index", index.hex())


def with_name(namespace: str, value: str, name: str) -> Token:
    """A shared identifier together with a name."""
    return Token(f"{namespace}+{NAME}", f"{form(namespace, value)}\0{name}")


def with_birth_date(namespace: str, value: str, birth_date: str) -> Token:
    """A shared identifier together with a date of birth."""
    return Token(f"{namespace}+{BIRTH_DATE}", f"{form(namespace, value)}\0{birth_date}")


def namespace_of(kind: str) -> str:
    """The identifier that a token of this kind is about."""
    return kind.partition("+")[0].partition("#")[0]


def is_named(kind: str) -> bool:
    """Whether a token of this kind holds a name or a date of birth too."""
    return "+" in kind


def name_of(fields: Mapping[str, str]) -> str:
    """The name by which a record speaks of a person: given and family name together, or the one that it has."""
    if "given_name" not in fields and "family_name" not in fields:
        return ""
    name = name_form(fields.get("given_name", ""), fields.get("family_name", ""))
    return name if name != "|" else ""


def name_form(given: str, family: str) -> str:
    """A name without case, accents and signs."""
    return f"{_letters(given)}|{_letters(family)}"


def form(namespace: str, value: str) -> str:
    """An identifier in the form in which all its spellings are one.

    Keys that are written in one case throughout are compared without it; one that mixes cases may differ by case alone.
    """
    value = identity_form(namespace, value.strip())
    return value.casefold() if value in (value.upper(), value.lower()) else value


def newest_hashes(tokens: Iterable[Token]) -> list[Hash]:
    """The hashes of these tokens under the newest version of the list's key, for the list."""
    version, key = kept_keys.newest(KEY)
    return [Hash(version, token.kind, authenticate(key, _content(token))) for token in sorted(tokens)]


def _content(token: Token) -> bytes:
    return f"{token.kind}\0{token.text}".encode()


def _letters(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if character.isalnum())
