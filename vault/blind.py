"""Blind indexes: keyed hashes that find equal values without storing them (HMAC-SHA256, RFC 2104, truncated).

A field's keys form a chain. The index of version 1 is the hash of the value; version n hashes, under its own key, the
index of version n - 1. So a rotation moves every index to a new key without opening a single value; an old key alone
finds nothing afterwards. See docs/decisions/rotation-of-keys.md.
"""

import time
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import router
from django.utils import timezone

from vault.arrays import Texts
from vault.cursors import planned_cursor
from vault.key_encryption import key_encryption_key
from vault.models import IndexKey
from vault.signatures import authenticate

INDEX_BYTES = 16
# For how long a process that only reads may overlook that a rotation has begun.
KNOWN_FOR = 10.0


@dataclass(frozen=True)
class Chain:
    """The keys of one field, the oldest first. All its indexes are under the version `settled`, or on the way from
    there to the newest."""

    keys: tuple[bytes, ...] = field(repr=False)
    settled: int

    @property
    def newest(self) -> int:
        return len(self.keys)

    def index(self, value: str, *, version: int) -> bytes:
        """The blind index of a value: 16 bytes, and from version 2 on the version as a 17th."""
        return self.carry(_hash(self.keys[0], value.encode()), to=version)

    def indexes(self, values: Iterable[str], *, version: int) -> list[bytes]:
        """The same of many values, in order."""
        if version == 1:
            key = self.keys[0]
            return [_hash(key, value.encode()) for value in values]
        return [self.index(value, version=version) for value in values]

    def carry(self, index: bytes, *, to: int) -> bytes:
        """An index of any version, as that later version has it."""
        for version in range(version_of(index) + 1, to + 1):
            index = _hash(self.keys[version - 1], index) + bytes([version])
        return index


def version_of(index: bytes) -> int:
    """The version of the key that made this index."""
    return index[INDEX_BYTES] if len(index) > INDEX_BYTES else 1


def blind_index(field: str, value: str) -> bytes:
    """The blind index of a value under that field's own keys. Only for fields of high entropy.

    While a rotation is under way, to find rows ask for `indexes_in_force`, and to write rows `indexes_to_write`.
    """
    chain = chain_of(field)
    return chain.index(value, version=chain.settled)


def blind_indexes(field: str, values: Iterable[str]) -> list[bytes]:
    """The blind indexes of many values of one field, in order."""
    chain = chain_of(field)
    return chain.indexes(values, version=chain.settled)


def indexes_in_force(field: str, value: str) -> list[bytes]:
    """Under which indexes rows with this value may stand: one, and during a rotation two."""
    chain = chain_of(field)
    return [chain.index(value, version=version) for version in range(chain.settled, chain.newest + 1)]


def every_index(field: str, value: str) -> list[bytes]:
    """The index of this value under every version that there ever was, the oldest first."""
    chain = chain_of(field)
    return [chain.index(value, version=version) for version in range(1, chain.newest + 1)]


_chains: dict[str, tuple[float, Chain]] = {}


def chain_of(field: str) -> Chain:
    """The keys of this field, made at first use; as they were at most seconds ago."""
    read_at, chain = _chains.get(field, (0.0, None))
    if chain is None or time.monotonic() - read_at > KNOWN_FOR:
        chain = fresh_chains([field])[field]
    return chain


def fresh_chains(fields: Collection[str]) -> dict[str, Chain]:
    """The keys of these fields as they are now, made at first use."""
    found = _read(fields)
    if missing := set(fields) - found.keys():
        for name in sorted(missing):
            make_version(name, 1)
        found |= _read(missing)
    for name, chain in found.items():
        _chains[name] = (time.monotonic(), chain)
    return found


def make_version(field: str, version: int) -> None:
    """Make this version of the field's key, unless somebody else just did."""
    kek = key_encryption_key()
    row = IndexKey(
        name=field,
        version=version,
        wrapped=kek.wrap(AESGCM.generate_key(256), context=context(field, version)),
        kek_version=kek.version,
        settled_at=timezone.now() if version == 1 else None,
    )
    IndexKey.objects.bulk_create([row], ignore_conflicts=True)


def settle(field: str, version: int) -> None:
    """Every index of this field is under that version now: none of an earlier one is looked for any more."""
    IndexKey.objects.filter(name=field, version=version).update(settled_at=timezone.now())
    forget()


def forget() -> None:
    """Forget what this process knows of index keys, as a new process."""
    _chains.clear()
    _unwrap.cache_clear()


def context(field: str, version: int) -> bytes:
    """What the wrapping of a version is bound to."""
    return f"index|{field}|{version}".encode()


READ = """
SELECT name, version, wrapped, kek_version, settled_at FROM vault_indexkey WHERE name = ANY(%b::text[])
ORDER BY name, version
"""


def _read(fields: Collection[str]) -> dict[str, Chain]:
    keys: dict[str, list[bytes]] = {}
    settled: dict[str, int] = {}
    with planned_cursor(router.db_for_read(IndexKey)) as cursor:
        cursor.execute(READ, [Texts(fields)])
        rows = cursor.fetchall()
    for name, version, wrapped, kek_version, settled_at in rows:
        keys.setdefault(name, []).append(_unwrap(name, version, bytes(wrapped), kek_version))
        if settled_at or version == 1:
            settled[name] = version
    return {name: Chain(tuple(found), settled[name]) for name, found in keys.items()}


@lru_cache(maxsize=512)
def _unwrap(field: str, version: int, wrapped: bytes, kek_version: int) -> bytes:
    return key_encryption_key().unwrap(wrapped, context=context(field, version), version=kek_version)


def _hash(key: bytes, content: bytes) -> bytes:
    return authenticate(key, content)[:INDEX_BYTES]
