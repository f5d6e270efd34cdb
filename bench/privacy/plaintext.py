"""The plaintext twin: the product as it is, but for a vault that seals, hashes and keeps no keys.

Grants and the audit log stay: what is compared is the cost of encryption, not that of asking and of writing down.
"""

import sys
from collections.abc import Collection, Iterable, Mapping
from types import ModuleType
from uuid import UUID

from vault import blind, index_columns, keys, sealing
from vault.sealing import NONCE_BYTES, VERSION, Place

BEFORE = VERSION + bytes(NONCE_BYTES)


class PlaintextSealer:
    """Puts the version and an empty nonce before what it is given, where the real one has them."""

    def __init__(self, data_keys: Mapping[UUID, object]) -> None:
        pass

    def seal(self, key_id: UUID, place: Place, plaintext: bytes) -> bytes:
        return BEFORE + plaintext

    def digest(self, key_id: UUID, field: str, value: str) -> bytes:
        return f"{field}\0{value}".encode()


class PlaintextCipher:
    """Decrypts to what it is given."""

    def __init__(self, key: bytes) -> None:
        pass

    def decrypt(self, nonce: bytes, body: bytes, bound_to: bytes) -> bytes:
        return body


def no_keys(ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """What stands for the keys of these."""
    return dict.fromkeys(ids, b"")


def destroy_nothing(ids: Collection[UUID]) -> int:
    return 0


def plain_index(field: str, value: str) -> bytes:
    return value.encode()


def plain_indexes(field: str, values: Iterable[str]) -> list[bytes]:
    return [value.encode() for value in values]


def only_index(field: str, value: str) -> list[bytes]:
    return [value.encode()]


def plain_to_write(values: Collection[tuple[str, str]]) -> dict[tuple[str, str], bytes]:
    return {pair: pair[1].encode() for pair in values}


TWIN: dict[ModuleType, dict[str, object]] = {
    sealing: {"Sealer": PlaintextSealer},
    keys: {
        **dict.fromkeys(("make", "fetch", "fetch_or_make", "fetch_to_seal", "fetch_present"), no_keys),
        "destroy": destroy_nothing,
    },
    index_columns: {"indexes_to_write": plain_to_write},
    blind: {
        "blind_index": plain_index,
        "blind_indexes": plain_indexes,
        "indexes_in_force": only_index,
        "every_index": only_index,
    },
}


def install() -> None:
    """Put the twin in place, in every module that has imported what it replaces. Fails on a name that is gone."""
    sealing.AESGCM = PlaintextCipher  # there alone: keys of other kinds stay wrapped
    for module, functions in TWIN.items():
        for name, twin in functions.items():
            if not hasattr(module, name):
                raise LookupError(f"{module.__name__}.{name} is gone: give the plaintext twin its successor")
            _replace(getattr(module, name), twin)


def _replace(original: object, twin: object) -> None:
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()):
            if value is original:
                setattr(module, name, twin)
