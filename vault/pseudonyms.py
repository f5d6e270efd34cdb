"""Pseudonyms: how a recipient knows a person, for one purpose; another recipient, or purpose, knows another id.

26 characters of `abcdefghijklmnopqrstuvwxyz234567` (Base32, RFC 4648, lower case, unpadded): the first 128 bits of
HMAC-SHA256 (RFC 2104) under a key for that recipient and purpose, kept in the key store and never rotated, for a
recipient goes on knowing people by these ids. Without the key nobody gets from one to the person, nor from one
recipient's ids to another's.
"""

import hmac
from base64 import b32encode
from collections.abc import Iterable
from uuid import UUID

from vault import kept_keys

LENGTH = 26
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
MAC_BYTES = 16


def pseudonym(id: UUID, *, recipient: str, purpose: str) -> str:
    """The pseudonym of this profile or source profile for this recipient and purpose: always the same one."""
    return pseudonyms([id], recipient=recipient, purpose=purpose)[0]


def pseudonyms(ids: Iterable[UUID], *, recipient: str, purpose: str) -> list[str]:
    """The pseudonyms of many, in order."""
    _, key = kept_keys.newest(key_name(recipient=recipient, purpose=purpose))
    return [b32encode(hmac.digest(key, id.bytes, "sha256")[:MAC_BYTES]).decode().rstrip("=").lower() for id in ids]


def key_name(*, recipient: str, purpose: str) -> str:
    """The name of the key; the recipient's length stands in it, so that no two pairs share a name."""
    return f"pseudonym|{len(recipient)}|{recipient}|{purpose}"
