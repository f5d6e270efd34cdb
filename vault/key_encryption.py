"""The key-encryption key: wraps every other key, and is itself never in a database."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

NONCE_BYTES = 12


class KeyEncryptionKey(Protocol):
    """Wraps and unwraps keys; a local file in development, a key service in production."""

    version: int

    def wrap(self, key: bytes, *, context: bytes) -> bytes: ...

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes: ...


class LocalKeyEncryptionKey:
    """A 256-bit key in a file that only its owner can read; made at first use."""

    version = 1

    def __init__(self, path: Path) -> None:
        self._cipher = AESGCM(_read_or_make(path))

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """The key under AES-256-GCM, bound to its context."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, *, context: bytes) -> bytes:
        """The key again; raises `cryptography.exceptions.InvalidTag` on another context or a changed byte."""
        return self._cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)


@lru_cache
def key_encryption_key() -> KeyEncryptionKey:
    """The configured key-encryption key of this process."""
    return LocalKeyEncryptionKey(settings.KEK_FILE)


def _read_or_make(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    made = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    handle = os.open(path, os.O_RDONLY) if path.exists() else None
    if handle is None:
        # Written whole elsewhere and linked into place: a second process never reads half a key.
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(AESGCM.generate_key(256))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(made, path)
        except FileExistsError:
            pass
        finally:
            made.unlink()
        handle = os.open(path, os.O_RDONLY)
    with os.fdopen(handle, "rb") as file:
        return file.read()
