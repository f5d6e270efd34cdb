"""A field that does not decrypt is an error, whatever is wrong with it: the stored bytes are never handed out."""

from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from msgspec.structs import replace

from records.models import Identifier
from records.reading import open_identifiers
from tests.senders import send_rows
from tests.statements.sabotage import Sabotage
from vault import keys
from vault.keys import KeyMissing
from vault.models import DataKey
from vault.sealing import Place, Sealed, Sealer, open_sealed, open_what_opens

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "vault/sealing.py",
    "    if ciphertext[:1] != VERSION:\n        raise InvalidTag",
    "    if ciphertext[:1] != VERSION:\n        return ciphertext",
)
PLACE = Place("records_identifier", "sealed", UUID(int=7))
EMAIL = b"alice@example.com"


@pytest.fixture
def sealed(alice):
    return Sealed(alice, PLACE, Sealer(keys.fetch([alice])).seal(alice, PLACE, EMAIL))


def damaged(ciphertext: bytes) -> list[bytes]:
    """Every byte changed once, every length cut to, and what was never sealed at all."""
    changed = [
        ciphertext[:at] + bytes([ciphertext[at] ^ bit]) + ciphertext[at + 1 :]
        for at in range(len(ciphertext))
        for bit in (1, 128)
    ]
    cut = [ciphertext[:length] for length in range(len(ciphertext))]
    return [*changed, *cut, ciphertext + b"\0", EMAIL, b"", b"\x01" + EMAIL, b"\0" * 64]


def test_p43_whatever_was_changed_raises_and_nothing_comes_back(sealed, alice, leave):
    grant = leave(alice)
    for ciphertext in damaged(bytes(sealed.ciphertext)):
        with pytest.raises((InvalidTag, ValueError)):
            open_sealed([replace(sealed, ciphertext=ciphertext)], grant)


def test_p43_one_damaged_field_among_many_fails_them_all(sealed, alice, leave):
    with pytest.raises(InvalidTag):
        open_sealed([sealed, replace(sealed, ciphertext=EMAIL), sealed], leave(alice))


def test_p43_where_a_batch_goes_on_the_damaged_field_is_none(sealed, alice, leave):
    items = [sealed, replace(sealed, ciphertext=EMAIL)]
    assert open_what_opens(items, leave(alice)) == [EMAIL, None]


def test_p43_a_wrong_key_raises(sealed, alice, bob, leave):
    wrapped = DataKey.objects.get(id=bob)
    DataKey.objects.filter(id=alice).update(wrapped=wrapped.wrapped, kek_version=wrapped.kek_version)
    with pytest.raises(InvalidTag):
        open_sealed([sealed], leave(alice))


def test_p43_a_missing_key_raises(sealed, alice, leave):
    keys.destroy([alice])
    with pytest.raises(KeyMissing):
        open_sealed([sealed], leave(alice))


def test_p43_plaintext_written_into_a_sealed_column_is_not_read_as_if_it_were_sealed(crm, now, leave):
    send_rows(
        crm,
        {"customer_number": "C-1", "email": EMAIL.decode(), "updated_at": "2026-11-20T10:00:00Z"},
        now=now,
    )
    known = Identifier.objects.get(namespace="email")
    Identifier.objects.filter(id=known.id).update(sealed=b"mallory@example.com")
    with pytest.raises((InvalidTag, ValueError)):
        open_identifiers([known.source_profile_id], leave(known.source_profile_id))
