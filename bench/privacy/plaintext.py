"""The plaintext twin: the product as it is, but for a vault that seals, hashes and keeps no keys.

Grants and the audit log stay: what is compared is the cost of encryption, not that of asking and of writing down.
"""

import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from types import ModuleType
from uuid import UUID

from django.utils import timezone

from vault import audit, blind, keys, sealing
from vault.grants import Grant
from vault.sealing import NotGranted, Place, Sealed


class PlaintextSealer:
    """Returns what it is given."""

    def __init__(self, data_keys: Mapping[UUID, object]) -> None:
        pass

    def seal(self, key_id: UUID, place: Place, plaintext: bytes) -> bytes:
        return plaintext

    def digest(self, key_id: UUID, field: str, value: str) -> bytes:
        return f"{field}\0{value}".encode()


def open_plaintext(sealed: Sequence[Sealed], grant: Grant, *, action: str = "read") -> list[bytes]:
    """The same refusal and the same audit entry as the real one's."""
    key_ids = {item.key_id for item in sealed}
    if not grant.covers(key_ids, now=timezone.now()):
        raise NotGranted(grant.purpose)
    if not sealed:
        return []
    audit.write(grant, key_ids, action=action)
    return [bytes(item.ciphertext) for item in sealed]


def no_keys(ids: Iterable[UUID]) -> dict[UUID, bytes]:
    """What stands for the keys of these."""
    return dict.fromkeys(ids, b"")


def destroy_nothing(ids: Collection[UUID]) -> int:
    return 0


def plain_index(field: str, value: str) -> bytes:
    return value.encode()


def plain_indexes(field: str, values: Iterable[str]) -> list[bytes]:
    return [value.encode() for value in values]


def open_what_is_there(sealed: Sequence[Sealed], grant: Grant, *, action: str = "read") -> list[bytes | None]:
    return list(open_plaintext(sealed, grant, action=action))


def only_index(field: str, value: str) -> list[bytes]:
    return [value.encode()]


TWIN: dict[ModuleType, dict[str, object]] = {
    sealing: {
        "Sealer": PlaintextSealer,
        "open_sealed": open_plaintext,
        "open_what_opens": open_what_is_there,
    },
    keys: {
        **dict.fromkeys(("make", "fetch", "fetch_or_make", "fetch_to_seal", "fetch_present"), no_keys),
        "destroy": destroy_nothing,
    },
    blind: {
        "blind_index": plain_index,
        "blind_indexes": plain_indexes,
        "indexes_in_force": only_index,
        "every_index": only_index,
    },
}


def install() -> None:
    """Put the twin in place, in every module that has imported what it replaces. Fails on a name that is gone."""
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
