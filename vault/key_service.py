"""The key-encryption key under a key service: each version lies in the key store, wrapped by a key that never leaves
the service.

One call to the service opens a version; it then stays in memory for minutes (envelope encryption), so that a batch of
thousands of people costs no call at all. See docs/decisions/key-services.md.
"""

from typing import Protocol

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault.models import WrappingKey


class KeyServiceFailed(RuntimeError):
    """The key service refused or did not answer. Nothing is opened and nothing is sealed until it does."""


class KeyService(Protocol):
    """A key service; both calls raise `KeyServiceFailed`."""

    name: str
    key: str

    def wrap(self, secret: bytes, *, context: str) -> bytes:
        """The secret under the service's key, bound to the context."""

    def unwrap(self, wrapped: bytes, *, context: str) -> bytes:
        """The secret again, in the same context only."""


class ServiceKeys:
    """Versions of the key-encryption key that one service wraps."""

    def __init__(self, service: KeyService) -> None:
        self.name = service.name
        self._service = service

    def numbers(self) -> set[int]:
        """The versions that this service wraps."""
        return set(WrappingKey.objects.filter(service=self.name).values_list("version", flat=True))

    def read(self, version: int) -> bytes:
        """The 32 bytes of a version, by one call to the service."""
        row = WrappingKey.objects.get(version=version, service=self.name)
        return self._service.unwrap(bytes(row.wrapped), context=_context(version))

    def make(self, version: int) -> None:
        """Make this version, unless somebody else just did."""
        wrapped = self._service.wrap(AESGCM.generate_key(256), context=_context(version))
        row = WrappingKey(version=version, service=self.name, service_key=self._service.key, wrapped=wrapped)
        WrappingKey.objects.bulk_create([row], ignore_conflicts=True)

    def retire(self, version: int) -> None:
        """Delete this version for good."""
        WrappingKey.objects.filter(version=version, service=self.name).delete()


def _context(version: int) -> str:
    return f"onym key-encryption key, version {version}"
