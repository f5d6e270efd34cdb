"""The key-encryption key in files: for development, and for installations without a key service.

Version 1 is the file itself (`kek`), version 2 stands beside it (`kek.2`), and so on: 32 random bytes each, readable by
the owner only.
"""

import os
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM


class KeyFiles:
    """Versions of the key-encryption key, a file each."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self._path = path

    def numbers(self) -> set[int]:
        """The versions that there are."""
        found = {1} if self._path.exists() else set()
        endings = (path.name[len(self._path.name) + 1 :] for path in self._path.parent.glob(f"{self._path.name}.*"))
        return found | {int(ending) for ending in endings if ending.isdecimal()}

    def read(self, version: int) -> bytes:
        """The 32 bytes of a version."""
        return self._file(version).read_bytes()

    def make(self, version: int) -> None:
        """Make this version, unless somebody else just did."""
        read_or_make(self._file(version))

    def retire(self, version: int) -> None:
        """Delete this version for good."""
        self._file(version).unlink()

    def _file(self, version: int) -> Path:
        return self._path if version == 1 else self._path.with_name(f"{self._path.name}.{version}")


def read_or_make(path: Path) -> bytes:
    """The key in this file, made at first use."""
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
