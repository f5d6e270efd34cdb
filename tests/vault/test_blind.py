"""Blind indexes find equal values of one field, and tell nothing without the key."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from vault import blind
from vault.blind import blind_index, blind_indexes
from vault.key_encryption import key_encryption_key
from vault.models import IndexKey

EMAIL = "alice@example.com"


@pytest.fixture(autouse=True)
def _forget_keys() -> Iterator[None]:
    """As a new process: index keys are read from the key store."""
    blind.forget()
    yield
    blind.forget()


@pytest.mark.django_db(databases=["keystore"])
def test_it_is_the_same_in_every_process():
    index = blind_index("email", EMAIL)
    blind.forget()
    assert blind_index("email", EMAIL) == index
    assert len(index) == 16
    assert IndexKey.objects.filter(name="email").count() == 1


@pytest.mark.django_db(databases=["keystore"])
def test_it_differs_by_field_and_by_value():
    indexes = {blind_index("email", EMAIL), blind_index("phone", EMAIL), blind_index("email", "bob@example.com")}
    assert len(indexes) == 3


@pytest.mark.django_db(databases=["keystore"])
def test_it_is_keyed():
    assert blind_index("email", EMAIL) != hashlib.sha256(EMAIL.encode()).digest()[:16]


@pytest.mark.django_db(databases=["keystore"])
def test_many_are_as_one_by_one_in_order():
    values = [EMAIL, "bob@example.com", EMAIL, "zoë@example.com"]
    assert blind_indexes("email", values) == [blind_index("email", value) for value in values]


@pytest.mark.django_db(databases=["keystore"])
def test_the_key_is_kept_wrapped_and_bound_to_its_field():
    blind_index("email", EMAIL)
    (key,), row = blind.chain_of("email").keys, IndexKey.objects.get(name="email")
    assert key not in bytes(row.wrapped)
    assert key_encryption_key().unwrap(bytes(row.wrapped), context=b"index|email|1", version=row.kek_version) == key


class _Both:
    """A key-encryption key at which two threads wait for each other before either keeps its key."""

    version = 1

    def __init__(self) -> None:
        self.barrier = Barrier(2, timeout=10)

    def wrap(self, key: bytes, *, context: bytes) -> bytes:
        wrapped = key_encryption_key().wrap(key, context=context)
        self.barrier.wait()
        return wrapped

    def unwrap(self, wrapped: bytes, *, context: bytes, version: int) -> bytes:
        return key_encryption_key().unwrap(wrapped, context=context, version=version)


@pytest.mark.django_db(databases=["keystore"], transaction=True)
def test_two_that_meet_a_new_field_at_once_use_one_key(monkeypatch):
    both = _Both()
    monkeypatch.setattr(blind, "key_encryption_key", lambda: both)

    def make(_: int) -> bytes:
        try:
            return blind.fresh_chains(["loyalty_number"])["loyalty_number"].keys
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(make, range(2))
    assert first == second
    assert IndexKey.objects.filter(name="loyalty_number").count() == 1
