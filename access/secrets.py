"""Secrets that programs present: 256 random bits, shown once, kept only as a SHA-256 digest."""

import hashlib
import secrets
from dataclasses import dataclass


@dataclass(frozen=True)
class Secret:
    """A new secret: its text (shown once), its digest (kept), and a hint to recognize it by."""

    text: str
    digest: bytes
    hint: str


def new_secret(prefix: str) -> Secret:
    """A new secret whose text starts with the prefix."""
    text = f"{prefix}_{secrets.token_urlsafe(32)}"
    return Secret(text=text, digest=digest(text), hint=text[: len(prefix) + 5])


def digest(text: str) -> bytes:
    """What is kept of a secret. A fast hash is enough: 256 random bits cannot be guessed."""
    return hashlib.sha256(text.encode()).digest()
