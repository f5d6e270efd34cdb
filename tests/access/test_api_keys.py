"""API keys: shown once, kept hashed, found while they live."""

import hashlib
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from access import api_keys
from access.api_keys import SCOPES, Revoked, TooLong, UnknownScope
from access.models import ApiKey

pytestmark = pytest.mark.django_db


def test_it_is_found_by_its_text_alone(now):
    till, text = api_keys.add("till", purposes=["service"])
    web, _ = api_keys.add("web", purposes=["service"])
    assert api_keys.find(text, now=now) == till
    assert till != web
    assert text.startswith("onym_")
    assert len(text) == 48
    for other in (text[:-1], text.upper(), till.hint, str(till.id), bytes(till.digest).hex(), "", "€\0"):
        assert api_keys.find(other, now=now) is None


def test_only_a_hash_is_kept():
    key, text = api_keys.add("till", purposes=["service"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT row::text FROM access_apikey AS row")
        row = cursor.fetchone()[0]
    assert "till" in row
    assert text not in row
    assert text.removeprefix("onym_") not in row
    assert bytes(ApiKey.objects.get().digest) == hashlib.sha256(text.encode()).digest()
    assert key.hint == text[:9]


def test_it_holds_what_it_was_given(now):
    _, text = api_keys.add("till", purposes=["service", "analytics"], scopes=["profiles:read"])
    found = api_keys.find(text, now=now)
    assert (found.scopes, found.purposes) == (["profiles:read"], ["service", "analytics"])


def test_by_default_it_has_every_scope_but_those_that_somebody_chooses_by_name():
    scopes = api_keys.add("till", purposes=["service"])[0].scopes
    assert set(SCOPES) - set(scopes) == {"profiles:write", "identity:write", "recipients:write", "sources:write"}


def test_it_ends_when_it_expires(now):
    _, text = api_keys.add("till", purposes=["service"], expires_at=now)
    assert api_keys.find(text, now=now - timedelta(microseconds=1)) is not None
    assert api_keys.find(text, now=now) is None


def test_it_ends_when_it_is_revoked_and_the_first_time_counts(now):
    key, text = api_keys.add("till", purposes=["service"])
    api_keys.revoke(key, now=now)
    api_keys.revoke(key, now=now + timedelta(days=1))
    assert api_keys.find(text, now=now) is None
    assert ApiKey.objects.get().revoked_at == now


def test_revoking_one_leaves_the_others(now):
    key, _ = api_keys.add("till", purposes=["service"])
    _, text = api_keys.add("web", purposes=["service"])
    api_keys.revoke(key, now=now)
    assert api_keys.find(text, now=now) is not None


def test_an_unknown_scope_makes_no_key():
    with pytest.raises(UnknownScope, match="unknown scope 'profiles:paint'; choose from profiles:read, "):
        api_keys.add("till", purposes=["service"], scopes=["profiles:read", "profiles:paint"])
    assert ApiKey.objects.count() == 0


@pytest.mark.parametrize("name", ["till", "", "x" * 81])
def test_a_name_is_needed_and_taken_once(name):
    api_keys.add("till", purposes=["service"])
    with pytest.raises(ValidationError) as refused:
        api_keys.add(name, purposes=["service"])
    assert list(refused.value.message_dict) == ["name"]
    assert ApiKey.objects.count() == 1


def test_its_use_is_noted_at_most_once_a_minute(now):
    _, text = api_keys.add("till", purposes=["service"])

    def used_at(after: timedelta):
        api_keys.find(text, now=now + after)
        return ApiKey.objects.get().last_used_at - now

    assert used_at(timedelta()) == timedelta()
    assert used_at(timedelta(seconds=60)) == timedelta()
    assert used_at(timedelta(seconds=61)) == timedelta(seconds=61)


def test_the_use_of_a_dead_key_is_not_noted(now):
    key, text = api_keys.add("till", purposes=["service"])
    api_keys.revoke(key, now=now)
    api_keys.find(text, now=now)
    assert ApiKey.objects.get().last_used_at is None


def test_a_rotated_key_has_another_text_and_the_old_one_holds_for_the_overlap(now):
    key, text = api_keys.add("till", purposes=["service"])
    renewed = api_keys.rotate(key, now=now, overlap=timedelta(hours=2))
    assert api_keys.find(text, now=now + timedelta(hours=2, microseconds=-1)) == key
    assert api_keys.find(text, now=now + timedelta(hours=2)) is None
    assert api_keys.find(renewed, now=now) == key
    kept = ApiKey.objects.get()
    assert (kept.hint, kept.expires_at) == (renewed[:9], now + timedelta(days=365))
    assert api_keys.ends_at(kept, text) == now + timedelta(hours=2)
    assert api_keys.ends_at(kept, renewed) == now + timedelta(days=365)


def test_only_one_old_secret_holds(now):
    key, first = api_keys.add("till", purposes=["service"])
    second = api_keys.rotate(key, now=now)
    third = api_keys.rotate(key, now=now)
    assert [api_keys.find(text, now=now) for text in (first, second, third)] == [None, key, key]


def test_a_leaked_key_is_rotated_without_overlap(now):
    key, text = api_keys.add("till", purposes=["service"])
    api_keys.rotate(key, now=now, overlap=timedelta())
    assert api_keys.find(text, now=now) is None


def test_a_revoked_key_opens_with_neither_secret_and_is_not_rotated(now):
    key, text = api_keys.add("till", purposes=["service"])
    renewed = api_keys.rotate(key, now=now)
    api_keys.revoke(key, now=now)
    assert [api_keys.find(one, now=now) for one in (text, renewed)] == [None, None]
    with pytest.raises(Revoked, match="stays revoked"):
        api_keys.rotate(key, now=now)


def test_no_key_lives_and_no_old_secret_holds_for_ever(now):
    with pytest.raises(TooLong, match="732 days at most"):
        api_keys.add("till", purposes=["service"], expires_at=timezone.now() + timedelta(days=800))
    key, _ = api_keys.add("till", purposes=["service"])
    with pytest.raises(TooLong, match="14 days at most"):
        api_keys.rotate(key, now=now, overlap=timedelta(days=15))
