"""The installation's signature: Ed25519, so that anybody can verify what it signed, and nobody else can sign."""

from vault import kept_keys, signatures

KEY = kept_keys.SIGNING


def sign(data: bytes) -> bytes:
    """The installation's 64-byte signature of the data."""
    return signatures.sign(_private_key(), data)


def public_key() -> bytes:
    """The 32 bytes with which anybody verifies the installation's signatures; made at first use."""
    return signatures.public_key_of(_private_key())


def verify(data: bytes, signature: bytes) -> bool:
    """Whether this installation signed the data so."""
    return signatures.verifies(public_key(), data, signature)


def _private_key() -> bytes:
    return kept_keys.newest(KEY)[1]
