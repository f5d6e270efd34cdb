"""Sealed fields: AES-256-GCM, bound to table, column, row and source profile, and opened only with a grant."""

import os
from collections.abc import Callable, Mapping, Sequence, Set
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand
from django.utils import timezone
from msgspec import Struct

from vault import audit, keys
from vault.grants import Grant

VERSION = b"\x01"
NONCE_BYTES = 12
BODY = 1 + NONCE_BYTES
DIGEST_BYTES = 16


class NotGranted(PermissionError):
    """Somebody tried to open sealed fields that the grant does not cover."""


class Place(Struct, frozen=True):
    """Where a sealed field stands: moved elsewhere, it does not open."""

    table: str
    column: str
    row: UUID

    def bound_to(self, key_id: UUID) -> bytes:
        return b"|".join((self.table.encode(), self.column.encode(), self.row.bytes, key_id.bytes))


class Sealed(Struct, frozen=True):
    """A ciphertext, its place, the source profile whose key opens it, and the field that it is the value of."""

    key_id: UUID
    place: Place
    ciphertext: bytes | memoryview
    field: str = ""

    @property
    def called(self) -> str:
        """What the audit log calls it: its field of the data dictionary, else its table and column."""
        return self.field or f"{self.place.table}.{self.place.column}"


class Shelf(Struct, frozen=True):
    """Ciphertexts of one source profile that stand in one column: rows by the bytes of their ids, and the fields that
    they hold: one each, or all of them several."""

    key_id: UUID
    table: str
    column: str
    rows: Sequence[bytes]
    fields: Sequence[str]
    ciphertexts: Sequence[bytes]

    def apart(self) -> list[Sealed]:
        """The same one by one."""
        return [
            Sealed(self.key_id, Place(self.table, self.column, UUID(bytes=row)), ciphertext)
            for row, ciphertext in zip(self.rows, self.ciphertexts, strict=True)
        ]


class Sealer:
    """Seals under data keys that are at hand; it can open nothing."""

    def __init__(self, data_keys: Mapping[UUID, bytes]) -> None:
        self._data_keys = data_keys
        self._ciphers: dict[UUID, AESGCM] = {}
        self._digest_keys: dict[UUID, hmac.HMAC] = {}

    def seal(self, key_id: UUID, place: Place, plaintext: bytes) -> bytes:
        """The plaintext as version, nonce, ciphertext and tag."""
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            cipher = self._ciphers[key_id] = AESGCM(self._data_keys[key_id])
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + cipher.encrypt(nonce, plaintext, place.bound_to(key_id))

    def digest(self, key_id: UUID, field: str, value: str) -> bytes:
        """Tells whether this source profile has had this value in this field; says nothing across source profiles."""
        keyed = self._digest_keys.get(key_id)
        if keyed is None:
            derived = HKDFExpand(hashes.SHA256(), 32, b"onym digest").derive(self._data_keys[key_id])
            keyed = self._digest_keys[key_id] = hmac.HMAC(derived, hashes.SHA256())
        mac = keyed.copy()
        mac.update(f"{field}\0{value}".encode())
        return mac.finalize()[:DIGEST_BYTES]


def open_sealed(sealed: Sequence[Sealed], grant: Grant, *, action: str = "read") -> list[bytes]:
    """The plaintexts, in order, after the read has been written to the audit log.

    Raises `NotGranted` when the grant does not cover every one of them, `vault.keys.KeyMissing` when a key is gone,
    `cryptography.exceptions.InvalidTag` when a ciphertext was changed or moved. If the audit entry cannot be
    written, nothing is opened.
    """
    if not _admit({item.key_id for item in sealed}, {item.called for item in sealed}, grant, action):
        return []
    ciphers = {id: AESGCM(key) for id, key in keys.fetch({item.key_id for item in sealed}).items()}
    try:
        return [_open(ciphers[item.key_id], item) for item in sealed]
    except InvalidTag:
        before = _ciphers_before(sealed)
        if not before:
            raise
    return [_open_under_either(ciphers[item.key_id], before.get(item.key_id), item) for item in sealed]


def open_what_opens(sealed: Sequence[Sealed], grant: Grant, *, action: str = "read") -> list[bytes | None]:
    """The plaintexts, in order, and None for each whose key is gone or that was damaged; granted and audited alike.

    For work on many people, which must not end at one of them. Raises `NotGranted`.
    """
    if not _admit({item.key_id for item in sealed}, {item.called for item in sealed}, grant, action):
        return []
    ciphers = _ciphers_present({item.key_id for item in sealed})
    return _again(sealed, [_open_if_whole(ciphers.get(item.key_id), item) for item in sealed])


def open_shelves(shelves: Sequence[Shelf], grant: Grant, *, action: str = "read") -> list[list[bytes | None]]:
    """The same of many values of each source profile, in a fraction of the time: for each shelf its plaintexts."""
    key_ids = {shelf.key_id for shelf in shelves}
    if not _admit(key_ids, {field for shelf in shelves for field in shelf.fields}, grant, action):
        return []
    ciphers = _ciphers_present(key_ids)
    return [_open_shelf(ciphers.get(shelf.key_id), shelf) for shelf in shelves]


def _open_shelf(cipher: AESGCM | None, shelf: Shelf) -> list[bytes | None]:
    before, after = f"{shelf.table}|{shelf.column}|".encode(), b"|" + shelf.key_id.bytes
    try:
        if cipher and all(ciphertext[:1] == VERSION for ciphertext in shelf.ciphertexts):
            return [
                cipher.decrypt(ciphertext[1:BODY], ciphertext[BODY:], before + row + after)
                for row, ciphertext in zip(shelf.rows, shelf.ciphertexts, strict=True)
            ]
    except InvalidTag:
        pass
    sealed = shelf.apart()
    return _again(sealed, [_open_if_whole(cipher, item) for item in sealed])


def _ciphers_present(key_ids: Set[UUID]) -> dict[UUID, AESGCM]:
    return {id: AESGCM(key) for id, key in keys.fetch_present(key_ids).items()}


def _again(sealed: Sequence[Sealed], opened: list[bytes | None]) -> list[bytes | None]:
    """What was opened, and under the key from before a rotation that has not ended what was not."""
    closed = [item for item, plaintext in zip(sealed, opened, strict=True) if plaintext is None]
    before = _ciphers_before(closed) if closed else {}
    if not before:
        return opened
    return [
        _open_if_whole(before.get(item.key_id), item) if plaintext is None else plaintext
        for item, plaintext in zip(sealed, opened, strict=True)
    ]


def left_behind(sealed: Sequence[Sealed]) -> list[Sealed]:
    """Those of these that do not open under the key of now: a rotation has still to re-seal them, or they are damaged.

    No plaintext is handed out, so no grant is needed.
    """
    ciphers = {id: AESGCM(key) for id, key in keys.fetch_present({item.key_id for item in sealed}).items()}
    return [item for item in sealed if _open_if_whole(ciphers.get(item.key_id), item) is None]


# Either of the two: all or an error, or None for what does not open.
Opening = Callable[..., Sequence[bytes | None]]


def _admit(key_ids: Set[UUID], fields: Set[str], grant: Grant, action: str) -> bool:
    """Whether there is anything to open, once the grant covers it and the audit log knows of it."""
    if not grant.covers(key_ids, now=timezone.now()):
        raise NotGranted(f"the grant for '{grant.purpose}' does not cover all that was asked for, or has ended")
    if key_ids:
        audit.write(grant, key_ids, action=action, fields=fields)
    return bool(key_ids)


def _ciphers_before(sealed: Sequence[Sealed]) -> dict[UUID, AESGCM]:
    """The keys of these from before a rotation that has not ended."""
    return {id: AESGCM(key) for id, key in keys.fetch_previous({item.key_id for item in sealed}).items()}


def _open_under_either(cipher: AESGCM, before: AESGCM | None, item: Sealed) -> bytes:
    """In the middle of a rotation, what it has not reached yet opens under the key from before."""
    if before is None:
        return _open(cipher, item)
    try:
        return _open(cipher, item)
    except InvalidTag:
        return _open(before, item)


def _open_if_whole(cipher: AESGCM | None, item: Sealed) -> bytes | None:
    try:
        return _open(cipher, item) if cipher else None
    except InvalidTag:
        return None


def _open(cipher: AESGCM, item: Sealed) -> bytes:
    ciphertext = bytes(item.ciphertext)
    if ciphertext[:1] != VERSION:
        raise InvalidTag
    return cipher.decrypt(ciphertext[1:BODY], ciphertext[BODY:], item.place.bound_to(item.key_id))
