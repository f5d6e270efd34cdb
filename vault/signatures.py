"""Signatures: Ed25519 (RFC 8032) with a key that the key store keeps, and HMAC-SHA256 (RFC 2104) with a shared one."""

import hmac
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC


def sign(private_key: bytes, data: bytes) -> bytes:
    """The 64-byte Ed25519 signature of the data under these 32 private bytes."""
    return Ed25519PrivateKey.from_private_bytes(private_key).sign(data)


def public_key_of(private_key: bytes) -> bytes:
    """The 32-byte public key that verifies what these private bytes sign."""
    return Ed25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def verifies(public_key: bytes, data: bytes, signature: bytes) -> bool:
    """Whether this signature of the data was made with that public key's private one."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def authenticate(secret: bytes, data: bytes) -> bytes:
    """The 32-byte HMAC-SHA256 of the data under a shared secret."""
    code = _keyed(secret).copy()
    code.update(data)
    return code.finalize()


@lru_cache(maxsize=256)
def _keyed(secret: bytes) -> HMAC:
    """The state of the hash once it has read its key: to make it anew takes as long as hashing what is short."""
    return HMAC(secret, SHA256())


def is_authentic(secret: bytes, data: bytes, code: bytes) -> bool:
    """Whether this code was made with the secret; takes the same time whatever the answer."""
    return hmac.compare_digest(authenticate(secret, data), code)
