"""Data keys: made once, fetched or missed, destroyed for good."""

import pytest
from cryptography.exceptions import InvalidTag

from tests.vault.conftest import hexes
from vault import keys
from vault.ids import new_id
from vault.keys import KeyMissing
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["keystore"])


def test_making_a_key_twice_keeps_the_first():
    alice, bob = new_id(), new_id()
    made = keys.make([alice])
    again = keys.make([alice, bob, bob])
    assert again[alice] == made[alice]
    assert set(again) == {alice, bob}
    assert again[alice] != again[bob]
    assert DataKey.objects.count() == 2


def test_a_key_is_256_bits_kept_wrapped():
    alice = new_id()
    key = keys.make([alice])[alice]
    assert len(key) == 32
    assert key not in bytes(DataKey.objects.get(id=alice).wrapped)


def test_making_none_makes_none():
    assert keys.make([]) == {}


def test_a_wrapped_key_moved_to_another_row_does_not_unwrap():
    alice, bob = new_id(), new_id()
    keys.make([alice, bob])
    DataKey.objects.filter(id=bob).update(wrapped=DataKey.objects.get(id=alice).wrapped)
    with pytest.raises(InvalidTag):
        keys.fetch([bob])


def test_a_missing_key_is_said_without_saying_whose():
    alice, nobody = new_id(), new_id()
    keys.make([alice])
    with pytest.raises(KeyMissing, match="1 of 2 data keys are not in the key store") as missed:
        keys.fetch([alice, nobody, nobody])
    assert not any(text in str(missed.value) for text in hexes([alice, nobody]))


def test_fetch_or_make_makes_only_what_is_missing():
    alice, bob = new_id(), new_id()
    hers = keys.make([alice])[alice]
    both = keys.fetch_or_make([alice, bob])
    assert both[alice] == hers
    assert keys.fetch([bob]) == {bob: both[bob]}


def test_a_destroyed_key_is_gone_and_a_new_one_is_another():
    alice, bob = new_id(), new_id()
    hers, his = keys.make([alice, bob])[alice], keys.fetch([bob])[bob]
    assert keys.destroy([alice, alice, new_id()]) == 1
    assert keys.destroy([alice]) == 0
    with pytest.raises(KeyMissing):
        keys.fetch([alice])
    assert keys.fetch([bob]) == {bob: his}
    assert keys.make([alice])[alice] != hers


def test_more_keys_are_destroyed_at_once_than_a_statement_has_parameters():
    assert keys.destroy([new_id() for _ in range(70_000)]) == 0
