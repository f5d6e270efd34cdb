"""The key-encryption key: wraps every other key, has versions, and is itself never in a database in the clear."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.module_loading import import_string

from vault.key_files import KeyFiles
from vault.key_service import ServiceKeys

NONCE_BYTES = 12
# For how long a version stays in memory, and for how long a process may overlook that there is a newer one.
KEPT_FOR = 300.0
CURRENT_FOR = 15.0

SERVICES = {"transit": "vault.transit.Transit", "aws": "vault.aws_kms.AwsKms"}


class KeyVersionMissing(LookupError):
    """A key was wrapped by a version of the key-encryption key that is not at hand any more."""


class Home(Protocol):
    """Where versions of the key-encryption key live: files, or the key store under a key service."""

    name: str

    def numbers(self) -> set[int]: ...

    def read(self, version: int) -> bytes: ...

    def make(self, version: int) -> None: ...

    def retire(self, version: int) -> None: ...


class KeyRing:
    """Every version of the key-encryption key that can be reached; new ones are made in the first home."""

    def __init__(self, homes: Sequence[Home]) -> None:
        self.homes = homes
        self._ciphers: dict[int, tuple[float, AESGCM]] = {}
        self._current = (0.0, 0)

    def current(self) -> "KeyEncryptionKey":
        """The newest version, made when there is none; another process's newer one is noticed within seconds."""
        seen_at, version = self._current
        if not version or time.monotonic() - seen_at > CURRENT_FOR:
            version = max(self.numbers(), default=0) or self.make()
            self._current = (time.monotonic(), version)
        return KeyEncryptionKey(version, self.cipher(version), self)

    def cipher(self, version: int) -> AESGCM:
        """One version, kept in memory for minutes. Raises `KeyVersionMissing`, `vault.key_service.KeyServiceFailed`."""
        read_at, cipher = self._ciphers.get(version, (0.0, None))
        if cipher is None or time.monotonic() - read_at > KEPT_FOR:
            self._ciphers.pop(version, None)
            cipher = AESGCM(self._home(version).read(version))
            self._ciphers[version] = (time.monotonic(), cipher)
        return cipher

    def numbers(self) -> set[int]:
        """The versions that there are."""
        return set().union(*(home.numbers() for home in self.homes))

    def make(self) -> int:
        """A new version, in the first home; it wraps from now on. Returns its number."""
        version = max(self.numbers(), default=0) + 1
        self.homes[0].make(version)
        self._current = (0.0, 0)
        return version

    def retire(self, version: int) -> None:
        """Delete a version for good: what it alone wraps can never be opened again."""
        self._home(version).retire(version)
        self._ciphers.pop(version, None)
        self._current = (0.0, 0)

    def home(self, version: int) -> str:
        """The name of the home of a version."""
        return self._home(version).name

    def _home(self, version: int) -> Home:
        for home in self.homes:
            if version in home.numbers():
                return home
        raise KeyVersionMissing(
            f"version {version} of the key-encryption key is not at hand: it was retired, or lies in a file or key "
            "service that this process is not told of (ONYM_KEK_FILE, ONYM_KEY_SERVICE)"
        )


@dataclass(frozen=True)
class KeyEncryptionKey:
    """Wraps keys under one version, and unwraps them under the version that wrapped them."""

    version: int
    _cipher: AESGCM = field(repr=False)
    _ring: KeyRing = field(repr=False)

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """The key under AES-256-GCM, bound to its context."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, context)

    def unwrap(self, wrapped: bytes, *, context: bytes, version: int) -> bytes:
        """The key again; raises `cryptography.exceptions.InvalidTag` on another context or a changed byte.

        Raises `KeyVersionMissing` and `vault.key_service.KeyServiceFailed` as well: nothing is opened then.
        """
        cipher = self._cipher if version == self.version else self._ring.cipher(version)
        return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)


@lru_cache
def key_ring() -> KeyRing:
    """The configured versions of this process. Those in files are found even where a key service is configured."""
    files = KeyFiles(settings.KEK_FILE)
    if files.name == settings.KEY_SERVICE:
        return KeyRing([files])
    return KeyRing([ServiceKeys(import_string(SERVICES[settings.KEY_SERVICE])()), files])


def key_encryption_key() -> KeyEncryptionKey:
    """The key-encryption key that wraps now."""
    return key_ring().current()
