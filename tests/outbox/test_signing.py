"""What the installation signs anybody can verify; what recipients get is signed as Standard Webhooks 1.0 says."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from outbox import signing, webhooks
from outbox.webhooks import NotAuthentic
from vault import kept_keys
from vault.models import KeptKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SECRET, OLD_SECRET = b"s" * 32, b"o" * 32
BODY = b'{"kind":"person.erase"}'


def test_the_signature_verifies_with_the_public_key_and_nothing_else() -> None:
    signature = signing.sign(BODY)
    Ed25519PublicKey.from_public_bytes(signing.public_key()).verify(signature, BODY)
    assert signing.verify(BODY, signature)
    assert not signing.verify(BODY + b" ", signature)
    assert not signing.verify(BODY, bytes([signature[0] ^ 1]) + signature[1:])


def test_the_private_key_lies_wrapped_in_the_key_store() -> None:
    signing.public_key()
    row = KeptKey.objects.get(name=signing.KEY)
    assert signing._private_key() not in bytes(row.wrapped)
    assert len(row.wrapped) == 12 + 32 + 16


def test_a_kept_key_has_versions_that_stay() -> None:
    first = kept_keys.newest("test")
    assert kept_keys.make_next("test") == 2
    assert (kept_keys.key("test", 1), kept_keys.newest("test")[0]) == (first[1], 2)
    assert list(kept_keys.all_versions("test")) == [1, 2]
    with pytest.raises(kept_keys.UnknownVersion):
        kept_keys.key("test", 3)


def test_the_example_of_the_standard() -> None:
    """The values of the specification's reference libraries."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = webhooks.headers("msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', secrets=[secret], now=at)
    assert headers["webhook-signature"].split(" ")[0] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_is_exchanged_either_verifies() -> None:
    headers = webhooks.headers("1", BODY, secrets=[SECRET, OLD_SECRET], now=NOW)
    assert [one.partition(",")[0] for one in headers["webhook-signature"].split(" ")] == ["v1", "v1", "v1a"]
    webhooks.check(headers, BODY, secrets=[SECRET], now=NOW)
    webhooks.check(headers, BODY, secrets=[OLD_SECRET], now=NOW)


def test_the_installation_signs_as_well() -> None:
    headers = webhooks.headers("1", BODY, secrets=[], now=NOW)
    signature = base64.b64decode(headers["webhook-signature"].removeprefix("v1a,"))
    assert signing.verify(f"1.{headers['webhook-timestamp']}.".encode() + BODY, signature)


@pytest.mark.parametrize("minutes", [-5, 5])
def test_five_minutes_are_tolerated(minutes: int) -> None:
    headers = webhooks.headers("1", BODY, secrets=[SECRET], now=NOW)
    webhooks.check(headers, BODY, secrets=[SECRET], now=NOW + timedelta(minutes=minutes))
    with pytest.raises(NotAuthentic):
        webhooks.check(headers, BODY, secrets=[SECRET], now=NOW + timedelta(minutes=minutes, seconds=minutes / 5))


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "2"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "²"},
        {"webhook-signature": "v1,???"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1," + base64.b64encode(b"x" * 32).decode()},
    ],
)
def test_what_was_changed_is_not_authentic(change: dict[str, str]) -> None:
    headers = webhooks.headers("1", BODY, secrets=[SECRET], now=NOW)
    with pytest.raises(NotAuthentic):
        webhooks.check(headers | change, BODY, secrets=[SECRET], now=NOW)
