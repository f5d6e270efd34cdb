"""The suppression list holds keyed hashes alone: no search of all phones finds one; each version of its key counts."""

import hashlib
import hmac
import os

import pytest
from django.db import connection

from outbox import signing
from privacy import requests
from privacy.models import Suppression
from privacy.suppression import Asked, add, barred
from privacy.suppression_hashes import BLIND, KEY, Kind, hashes_of, plain, wanted_by
from tests.statements.sabotage import Sabotage
from vault import kept_keys
from vault.blind import blind_index
from vault.models import IndexKey, KeptKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/suppression_hashes.py",
    "    versions = kept_keys.all_versions(KEY)",
    "    versions = dict([kept_keys.newest(KEY)])",
)
# Mobile numbers of one British operator: a block of a hundred thousand, searched in every way below.
SPACE = [f"+44770090{number:05}" for number in range(100_000)]
ERASED = SPACE[31_337]


@pytest.fixture
def listed(db, now):
    """A phone number, listed under the first version of the key, and an e-mail under the second."""
    request = requests.open("erasure", profile_id=None, actor="officer-1", now=now)
    add([plain("phone", ERASED)], request=request, now=now)
    kept_keys.make_next(KEY)
    add([plain("email", "alice@example.com")], request=request, now=now)
    return [(row.version, bytes(row.index)) for row in Suppression.objects.order_by("id")]


def matches(listed, attempt):
    """Whether trying the whole space in this way finds anything that stands on the list."""
    on_list = {index for _, index in listed}
    return any(hash in on_list or hash[:16] in on_list for hash in map(attempt, SPACE))


def test_p05_without_the_key_the_whole_phone_space_matches_none(listed):
    wrong, content = os.urandom(32), "phone\0{}".format
    attempts = {
        "plain": lambda phone: hashlib.sha256(phone.encode()).digest(),
        "as the list writes it": lambda phone: hashlib.sha256(content(phone).encode()).digest(),
        "another key": lambda phone: hmac.digest(wrong, content(phone).encode(), "sha256"),
        "no key": lambda phone: hmac.digest(b"", content(phone).encode(), "sha256"),
        "the index key": lambda phone: blind_index("phone", phone),
    }
    assert [name for name, attempt in attempts.items() if matches(listed, attempt)] == []
    key = kept_keys.key(KEY, 1)
    assert matches(listed, lambda phone: hmac.digest(key, content(phone).encode(), "sha256"))


def test_p05_all_versions_are_checked(listed, now):
    asked = Asked({"phone": ERASED, "email": "alice@example.com"}, now)
    assert [version for version, _ in listed] == [1, 2]
    assert barred([asked]) == [{"phone", "email"}]
    (wanted,) = wanted_by({"phone": ERASED})
    listed_kinds = {Kind(1, "phone"), Kind(2, "phone")}
    assert {hash.version for hash in hashes_of([wanted], listed_kinds)[wanted]} - {BLIND} == {1, 2}


def test_p05_rows_hold_hashes_alone(listed):
    with connection.cursor() as cursor:
        cursor.execute("SELECT privacy_suppression::text FROM privacy_suppression")
        text = "".join(row[0] for row in cursor.fetchall())
    assert ERASED not in text
    assert ERASED.encode().hex() not in text
    assert "alice" not in text
    assert [len(index) for _, index in listed] == [32, 32]


def test_p05_its_keys_are_in_the_key_store_and_no_index_keys(listed):
    assert KeptKey.objects.filter(name=KEY).using("keystore").count() == 2
    assert not IndexKey.objects.filter(name__icontains="suppress").exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.tables WHERE table_name = 'vault_keptkey'")
        assert cursor.fetchone()[0] == 0
    assert signing.KEY != KEY
