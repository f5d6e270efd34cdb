"""Short secrets of the installation's own, sealed under a kept key: what opens accounts, not what people are."""

import os
from base64 import b64decode, b64encode

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vault import kept_keys

NONCE_BYTES = 12


def seal(name: str, text: str) -> str:
    """The text under the newest version of the key of that name, in letters that any column takes."""
    version, key = kept_keys.newest(name)
    nonce = os.urandom(NONCE_BYTES)
    return f"{version}:{b64encode(nonce + AESGCM(key).encrypt(nonce, text.encode(), name.encode())).decode()}"


def unseal(name: str, sealed: str) -> str:
    """What was sealed under that name. Raises `cryptography.exceptions.InvalidTag` when it was changed."""
    version, _, content = sealed.partition(":")
    parts = b64decode(content)
    cipher = AESGCM(kept_keys.key(name, int(version)))
    return cipher.decrypt(parts[:NONCE_BYTES], parts[NONCE_BYTES:], name.encode()).decode()
