"""What stands on the suppression list: keyed hashes of identifiers, and of shared identifiers together with a name.

The list has keys of its own. They are never rotated away: what was hashed under an old version can only be compared
under it, so every version is asked for. Without the keys, which lie in the key store, no search of all phone numbers
finds one of them.
"""

import unicodedata
from collections.abc import Iterable, Mapping
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

    @property
    def namespace(self) -> str:
        """The identifier that it is about."""
        return self.kind.partition("+")[0].partition("#")[0]


class Hash(NamedTuple):
    """A token under one version of the list's key."""

    version: int
    kind: str
    hash: bytes


def tokens_of(fields: Mapping[str, str]) -> set[Token]:
    """Everything that a record with these fields is looked for by."""
    names, birth_date = names_of(fields), fields.get("birth_date", "")
    found: set[Token] = set()
    for namespace in IDENTIFIERS & fields.keys():
        value = fields[namespace]
        found.add(plain(namespace, value))
        found |= {by_index(namespace, index) for index in every_index(namespace, identity_form(namespace, value))}
        found |= {with_name(namespace, value, name) for name in names}
        if birth_date:
            found.add(with_birth_date(namespace, value, birth_date))
    return found


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


def is_named(kind: str) -> bool:
    """Whether a token of this kind holds a name or a date of birth too."""
    return "+" in kind


def names_of(fields: Mapping[str, str]) -> set[str]:
    """The names by which a record speaks of a person: given and family name together, or the one that it has."""
    name = name_form(fields.get("given_name", ""), fields.get("family_name", ""))
    return {name} if name != "|" else set()


def name_form(given: str, family: str) -> str:
    """A name without case, accents and signs."""
    return f"{_letters(given)}|{_letters(family)}"


def form(namespace: str, value: str) -> str:
    """An identifier in the form in which all its spellings are one.

    Keys that are written in one case throughout are compared without it; one that mixes cases may differ by case alone.
    """
    value = identity_form(namespace, value.strip())
    return value.casefold() if value in (value.upper(), value.lower()) else value


def hashes_of(tokens: Iterable[Token]) -> dict[Hash, Token]:
    """The hashes of these tokens under every version of the list's key, and as they were before it had one."""
    versions = kept_keys.all_versions(KEY)
    found = {}
    for token in tokens:
        content = _content(token)
        for version, key in versions.items():
            found[Hash(version, token.kind, authenticate(key, content))] = token
        if token.kind.endswith("#index"):
            found[Hash(BLIND, token.namespace, bytes.fromhex(token.text))] = token
    return found


def newest_hashes(tokens: Iterable[Token]) -> list[Hash]:
    """The hashes of these tokens under the newest version of the list's key, for the list."""
    version, key = kept_keys.newest(KEY)
    return [Hash(version, token.kind, authenticate(key, _content(token))) for token in sorted(tokens)]


def _content(token: Token) -> bytes:
    return f"{token.kind}\0{token.text}".encode()


def _letters(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in decomposed if character.isalnum())
