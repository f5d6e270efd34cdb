"""A backup of the data without the key store decrypts nobody, even for whoever has the key-encryption key."""

import pytest

from consent.decide import decide
from identity.models import Profile
from records.models import Identifier, SourceProfile
from records.reading import open_attributes, open_identifiers
from tests.pipeline.cast import seed_purposes
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage
from tests.statements.stolen import dump
from vault import kept_keys
from vault.grants import Actor
from vault.key_encryption import key_encryption_key
from vault.keys import KeyMissing
from vault.models import DataKey, IndexKey, KeptKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)

SABOTAGE = Sabotage(
    "cdp/routers.py",
    'for name in ("datakey", "indexkey",',
    'for name in ("indexkey",',
)


@pytest.fixture
def person(crm, now):
    seed_purposes()
    kept_keys.make_for_installation()
    send_rows(
        crm,
        {
            "customer_number": "C-1",
            "email": "alice@example.com",
            "given_name": "Alice",
            "updated_at": "2026-11-20T10:00:00Z",
        },
        now=now,
    )
    process(now)
    return SourceProfile.objects.get().id


def test_p07_the_backup_holds_the_person_and_no_key(person):
    backup = dump("default")
    assert str(person).encode() in backup
    assert bytes(Identifier.objects.first().sealed).hex().encode() in backup
    for model in (DataKey, IndexKey, KeptKey):
        wrapped = [bytes(key) for key in model.objects.values_list("wrapped", flat=True)]
        assert wrapped
        assert not any(key.hex().encode() in backup for key in wrapped)


def test_p07_every_wrapped_key_is_in_the_key_stores_own_backup(person):
    backup = dump("keystore")
    assert bytes(DataKey.objects.get(id=person).wrapped).hex().encode() in backup


def test_p07_without_the_key_store_nothing_opens(person, now):
    grant = decide([person], purpose="security", at=now, actor=Actor.machine("test"), reason="test")
    assert open_identifiers([person], grant)
    assert key_encryption_key().version
    DataKey.objects.all().delete()
    assert Profile.objects.exists()
    for read in (open_identifiers, open_attributes):
        with pytest.raises(KeyMissing):
            read([person], grant)
