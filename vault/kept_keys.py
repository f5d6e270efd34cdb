"""Keys that are kept as long as the installation, each under a name: they stand outside the rotation of index keys.

A new version is made when one is asked for; all earlier ones stay, because what they signed or hashed must still be
checked: signatures of the installation, the suppression list, secrets shared with recipients. They lie in the key
store, wrapped by the key-encryption key.
"""

import os
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache

from vault.key_encryption import key_encryption_key
from vault.models import KeptKey

KEY_BYTES = 32
SIGNING, SUPPRESSION = INSTALLATION = ("installation signing key", "suppression list")


class UnknownVersion(LookupError):
    """There is no such version of this key."""


def make_for_installation() -> None:
    """Make the keys that every installation has, before its first backup: one made later would be missing there.

    Safe to repeat.
    """
    for name in INSTALLATION:
        newest(name)


def newest(name: str) -> tuple[int, bytes]:
    """The newest version of this key, made at first use."""
    versions = all_versions(name)
    if not versions:
        _make(name, 1)
        versions = all_versions(name)
    version = max(versions)
    return version, versions[version]


def kept_or_made(name: str, make: Callable[[], bytes]) -> bytes:
    """The newest version of a key that is no plain 32 bytes, such as a private RSA key; made like this at first use."""
    versions = all_versions(name)
    if not versions:
        _keep(name, 1, make())
        versions = all_versions(name)
    return versions[max(versions)]


def key(name: str, version: int) -> bytes:
    """One version of this key. Raises `UnknownVersion`."""
    versions = all_versions(name)
    if version not in versions:
        raise UnknownVersion(f"there is no version {version} of key '{name}'")
    return versions[version]


def all_versions(name: str) -> dict[int, bytes]:
    """Every version of this key, the oldest first; none when it was never made."""
    rows = KeptKey.objects.filter(name=name).order_by("version").values_list("version", "wrapped", "kek_version")
    return {version: _unwrap(name, version, bytes(wrapped), kek) for version, wrapped, kek in rows}


def make_next(name: str) -> int:
    """A new version of this key, used from now on; the others stay. Returns its number."""
    return keep_next(name, os.urandom(KEY_BYTES))


def keep_next(name: str, secret: bytes) -> int:
    """Keep a secret, of whoever made it, as the next version of this key. Returns its number."""
    version = max(all_versions(name), default=0) + 1
    _keep(name, version, secret)
    # Whoever kept another one at the same instant may have been first.
    return version if key(name, version) == secret else keep_next(name, secret)


def counting(name: str, version: int, *, old_until: datetime | None, now: datetime) -> list[bytes]:
    """The secrets that count now, the newest first: until that instant the one before this version counts as well."""
    versions = all_versions(name)
    numbers = [version, version - 1] if old_until and now < old_until else [version]
    return [versions[number] for number in numbers if number in versions]


def destroy_all(name: str) -> None:
    """Destroy every version of this key: nothing is checked with it any more."""
    KeptKey.objects.filter(name=name).delete()


def destroy(name: str, *, before: int) -> int:
    """Destroy the versions of this key before that one: for secrets that were exchanged. Returns how many."""
    return KeptKey.objects.filter(name=name, version__lt=before).delete()[0]


def context(name: str, version: int) -> bytes:
    """What the wrapping of a version is bound to."""
    return f"kept|{name}|{version}".encode()


def _make(name: str, version: int) -> None:
    _keep(name, version, os.urandom(KEY_BYTES))


def _keep(name: str, version: int, secret: bytes) -> None:
    kek = key_encryption_key()
    wrapped = kek.wrap(secret, context=context(name, version))
    row = KeptKey(name=name, version=version, wrapped=wrapped, kek_version=kek.version)
    KeptKey.objects.bulk_create([row], ignore_conflicts=True)


@lru_cache(maxsize=256)
def _unwrap(name: str, version: int, wrapped: bytes, kek_version: int) -> bytes:
    return key_encryption_key().unwrap(wrapped, context=context(name, version), version=kek_version)
