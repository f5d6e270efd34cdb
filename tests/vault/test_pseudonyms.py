"""Pseudonyms: the same for one recipient and purpose, strangers to one another otherwise."""

import pytest

from vault import kept_keys
from vault.ids import new_id
from vault.models import KeptKey
from vault.pseudonyms import ALPHABET, LENGTH, key_name, pseudonym, pseudonyms

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def test_it_is_26_characters_of_lower_case_base32():
    text = pseudonym(new_id(), recipient="agency", purpose="marketing")
    assert (len(text), LENGTH) == (26, 26)
    assert set(text) <= set(ALPHABET)


def test_it_stays_the_same_and_many_are_as_one_by_one_in_order():
    ids = [new_id() for _ in range(20)]
    many = pseudonyms(ids, recipient="agency", purpose="marketing")
    assert many == [pseudonym(id, recipient="agency", purpose="marketing") for id in ids]
    assert len(set(many)) == 20


def test_the_key_is_kept_wrapped_under_recipient_and_purpose():
    pseudonym(new_id(), recipient="agency", purpose="marketing")
    row = KeptKey.objects.get(name__startswith="pseudonym|")
    assert (row.name, row.version) == ("pseudonym|6|agency|marketing", 1)
    assert kept_keys.key(row.name, 1) not in bytes(row.wrapped)


def test_no_two_pairs_share_a_key():
    assert key_name(recipient="a|b", purpose="c") != key_name(recipient="a", purpose="b|c")
