"""The quarantine keeps what cannot be taken in sealed, says why, and ends."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from records import quarantine
from records.envelope import Reject, message_hash
from records.models import QuarantinedRecord, Source
from tests.privacy.scan import hits
from tests.records.cast import NOW
from vault import keys
from vault.grants import Actor, issue
from vault.models import DataKey
from vault.sealing import NotGranted, Place, Sealed, open_sealed

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

BODY = b'{"email": "alice.canary@example.com"}'


def reject(body: bytes | None = BODY, **different: object) -> Reject:
    sound = {
        "position": 3,
        "code": "absurd_date",
        "field": "timestamp",
        "message": "'timestamp' lies before 1970.",
        "body": body,
        "size": len(BODY),
        "message_hash": message_hash(BODY),
    }
    return Reject(**{**sound, **different})  # type: ignore[arg-type]


def opened(row: QuarantinedRecord, *, under: UUID) -> bytes:
    grant = issue([under], actor=Actor.machine("test"), purpose="service", reason="test", now=timezone.now())
    assert row.sealed is not None
    place = Place("records_quarantinedrecord", "sealed", row.id)
    return open_sealed([Sealed(row.id, place, row.sealed)], grant)[0]


def test_a_reject_is_kept_with_its_reason_under_a_key_of_its_own(shop: Source) -> None:
    quarantine.keep([reject(), reject()], shop, door="http", now=NOW)
    first, second = QuarantinedRecord.objects.order_by("id")
    assert (first.source, first.reason, first.field, first.message) == (
        shop,
        "absurd_date",
        "timestamp",
        "'timestamp' lies before 1970.",
    )
    assert (first.line, first.size, bytes(first.message_hash)) == (3, 37, message_hash(BODY))
    assert (first.received_at, first.expires_at) == (NOW, NOW + timedelta(days=30))
    assert opened(first, under=first.id) == BODY
    assert set(DataKey.objects.values_list("id", flat=True)) == {first.id, second.id}
    with pytest.raises(NotGranted):
        opened(first, under=second.id)


def test_nothing_of_it_stands_in_any_column(shop: Source) -> None:
    quarantine.keep([reject()], shop, door="http", now=NOW)
    assert hits(["canary"]) == {}


def test_of_an_oversize_one_only_hash_and_size_are_kept(shop: Source) -> None:
    quarantine.keep([reject(None, size=5_000_000)], shop, door="http", now=NOW)
    row = QuarantinedRecord.objects.get()
    assert (row.sealed, row.size, bytes(row.message_hash)) == (None, 5_000_000, message_hash(BODY))
    assert DataKey.objects.count() == 0


def test_names_and_reasons_are_cut_to_what_fits(shop: Source) -> None:
    quarantine.keep([reject(field="f" * 500 + "\0", message="m\0" * 500)], shop, door="http", now=NOW)
    row = QuarantinedRecord.objects.get()
    assert (row.field, row.message) == ("f" * 80, "m" * 150)


def test_it_ends_with_its_keys_when_its_time_is_over(shop: Source) -> None:
    quarantine.keep([reject()], shop, door="http", now=NOW - timedelta(days=30))
    quarantine.keep([reject()], shop, door="http", now=NOW - timedelta(days=29))
    ended, stays = QuarantinedRecord.objects.order_by("received_at")
    assert quarantine.end(now=NOW) == 1
    assert QuarantinedRecord.objects.get() == stays
    with pytest.raises(keys.KeyMissing):
        keys.fetch([ended.id])
    assert opened(stays, under=stays.id) == BODY
    assert quarantine.end(now=NOW) == 0
