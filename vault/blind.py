"""Blind indexes: keyed hashes that find equal values without storing them (HMAC-SHA256, RFC 2104, truncated)."""

import hmac
from collections.abc import Iterable
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.key_encryption import key_encryption_key
from vault.models import IndexKey

INDEX_BYTES = 16


def blind_index(field: str, value: str) -> bytes:
    """The 16-byte blind index of a value under that field's own key. Only for fields of high entropy."""
    return hmac.digest(_key(field), value.encode(), "sha256")[:INDEX_BYTES]


def blind_indexes(field: str, values: Iterable[str]) -> list[bytes]:
    """The blind indexes of many values of one field, in order."""
    key = _key(field)
    return [hmac.digest(key, value.encode(), "sha256")[:INDEX_BYTES] for value in values]


@lru_cache(maxsize=64)
def _key(field: str) -> bytes:
    kek = key_encryption_key()
    context = f"index|{field}|1".encode()
    IndexKey.objects.bulk_create(
        [
            IndexKey(
                name=field,
                version=1,
                wrapped=kek.wrap(AESGCM.generate_key(256), context=context),
                kek_version=kek.version,
            )
        ],
        ignore_conflicts=True,
    )
    return kek.unwrap(bytes(IndexKey.objects.get(name=field, version=1).wrapped), context=context)
