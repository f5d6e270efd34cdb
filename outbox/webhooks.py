"""Standard Webhooks 1.0: how a hand-over is signed, and how a signed answer is checked.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md: the content is
`id.timestamp.body`; `v1` is HMAC-SHA256 under the recipient's secret (written `whsec_` and base64), `v1a` Ed25519 under
the installation's key (`whpk_`). While a secret is exchanged both sign, separated by a space.
"""

import base64
import binascii
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta

from outbox import signing
from vault.signatures import authenticate, is_authentic

TOLERANCE = timedelta(minutes=5)
LONGEST_TIMESTAMP = 12
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class NotAuthentic(PermissionError):
    """The signature of a message is missing, false or too old; the message says which."""


def headers(id: str, body: bytes, *, secrets: Collection[bytes], now: datetime) -> dict[str, str]:
    """The three headers that sign this body: under each secret, and under the installation's key."""
    timestamp = str(int(now.timestamp()))
    content = _content(id, timestamp, body)
    signatures = [f"v1,{_base64(authenticate(secret, content))}" for secret in secrets]
    signatures.append(f"v1a,{_base64(signing.sign(content))}")
    return {ID: id, TIMESTAMP: timestamp, SIGNATURE: " ".join(signatures)}


def check(given: Mapping[str, str], body: bytes, *, secrets: Collection[bytes], now: datetime) -> None:
    """Raises `NotAuthentic` unless one of the secrets signed this body within five minutes of now."""
    id, timestamp, signatures = (given.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    if not (id and timestamp and signatures):
        raise NotAuthentic(f"the headers {ID}, {TIMESTAMP} and {SIGNATURE} are needed")
    readable = timestamp.isdecimal() and len(timestamp) <= LONGEST_TIMESTAMP
    if not readable or abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
        raise NotAuthentic(f"{TIMESTAMP} is more than five minutes away from now")
    content = _content(id, timestamp, body)
    codes = [code for version, code in map(_split, signatures.split(" ")) if version == "v1"]
    if not any(is_authentic(secret, content, code) for secret in secrets for code in codes):
        raise NotAuthentic(f"no signature in {SIGNATURE} was made with this secret")


def written(secret: bytes) -> str:
    """A secret as it is shown and configured."""
    return f"whsec_{_base64(secret)}"


def secret_in(text: str) -> bytes:
    """The secret that is written so. Raises `ValueError`."""
    prefix, underscore, encoded = text.strip().partition("_")
    if (prefix, underscore) != ("whsec", "_"):
        raise ValueError("a secret begins with whsec_")
    return base64.b64decode(encoded, validate=True)


def public_key() -> str:
    """The installation's public key as it is shown and configured."""
    return f"whpk_{_base64(signing.public_key())}"


def _content(id: str, timestamp: str, body: bytes) -> bytes:
    return f"{id}.{timestamp}.".encode() + body


def _split(signature: str) -> tuple[str, bytes]:
    version, _, code = signature.partition(",")
    try:
        return version, base64.b64decode(code, validate=True)
    except (binascii.Error, ValueError):
        return "", b""


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
