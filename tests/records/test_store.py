"""What is stored: records appended, identifiers and attributes once each, and everything about a person sealed."""

from datetime import timedelta
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from django.db import DatabaseError, connection, transaction

from records.models import Attribute, Identifier, Record, Source, SourceProfile
from records.reading import open_attributes, open_identifiers, open_records
from tests.privacy.scan import hits
from tests.records.cast import ALICE, NOW, keep, leave, said, stranger
from vault.blind import blind_index
from vault.sealing import NotGranted

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def alice(crm: Source) -> UUID:
    id = stranger(crm)
    keep(crm, id, said(**ALICE, raw={"email": " Alice.Canary@example.com"}))
    return id


def test_a_record_holds_what_is_plain_and_seals_the_rest(alice: UUID, crm: Source) -> None:
    record = Record.objects.get()
    assert (record.source_id, record.source_profile_id, record.kind, record.event) == (
        crm.id,
        alice,
        "purchase",
        "Purchase",
    )
    assert (record.received_at, record.occurred_at, record.properties, record.flags) == (NOW, NOW, {"amount": 12.5}, [])
    assert open_records([record], leave(alice))[record.id] == {
        "fields": ALICE,
        "raw": {"email": " Alice.Canary@example.com"},
    }
    assert record.cleaned == ["email:email/1"]


def test_nothing_about_a_person_stands_in_any_column(alice: UUID) -> None:
    assert hits([value for name, value in ALICE.items() if name != "country"]) == {}
    assert hits(["canary", "192.0.2.77", "1980-05", "sw1a"]) == {}


def test_the_scan_would_find_it(alice: UUID) -> None:
    SourceProfile.objects.filter(id=alice).update(postcode_area="SW1A 1AA")
    assert hits(["SW1A 1AA"]) == {"default:public.records_sourceprofile": 1}


def test_what_is_generalized_stays_plain(alice: UUID) -> None:
    row = SourceProfile.objects.get()
    assert (row.birth_year, row.postcode_area, row.country) == (1980, "SW", "GB")


def test_identifiers_and_attributes_are_told_apart(alice: UUID) -> None:
    identifiers = open_identifiers([alice], leave(alice))[alice]
    attributes = open_attributes([alice], leave(alice))[alice]
    assert {item.namespace: item.value for item in identifiers} == {
        name: ALICE[name] for name in ("customer_number", "email", "phone")
    }
    assert {item.field: item.value for item in attributes} == {
        name: ALICE[name]
        for name in ("given_name", "family_name", "birth_date", "street", "postcode", "city", "country")
    }
    assert all(item.verified for item in identifiers)


def test_seen_again_is_one_row_with_its_span(crm: Source) -> None:
    id = stranger(crm)
    for days in (5, 9, 2, 7):
        keep(crm, id, said(days_ago=days, email="alice@example.com", city="Leeds"))
    (email,) = open_identifiers([id], leave(id))[id]
    (city,) = open_attributes([id], leave(id))[id]
    for seen in (email, city):
        assert (seen.first_seen_at, seen.last_seen_at) == (NOW - timedelta(days=9), NOW - timedelta(days=2))
    latest = Record.objects.get(occurred_at=NOW - timedelta(days=2))
    assert city.record_id == latest.id
    row = SourceProfile.objects.get()
    assert (row.first_seen_at, row.last_seen_at) == (NOW - timedelta(days=9), NOW)


def test_within_a_batch_it_is_the_same(crm: Source) -> None:
    id = stranger(crm)
    keep(crm, id, *(said(days_ago=days, email="alice@example.com", city="Leeds") for days in (5, 9, 2, 7)))
    (email,) = open_identifiers([id], leave(id))[id]
    (city,) = open_attributes([id], leave(id))[id]
    for seen in (email, city):
        assert (seen.first_seen_at, seen.last_seen_at) == (NOW - timedelta(days=9), NOW - timedelta(days=2))
    assert city.record_id == Record.objects.get(occurred_at=NOW - timedelta(days=2)).id


def test_spellings_of_an_email_are_one_identifier(crm: Source) -> None:
    id = stranger(crm)
    keep(crm, id, said(email="alice+shop@example.com"), said(email="alice@example.com"))
    assert Identifier.objects.count() == 1
    assert bytes(Identifier.objects.get().index) == blind_index("email", "alice@example.com")


def test_an_older_address_that_comes_late_does_not_win(crm: Source) -> None:
    id = stranger(crm, seen_at=NOW - timedelta(days=300))
    keep(crm, id, said(days_ago=3, postcode="LS1 1AA", country="GB", birth_date="1980-05-04"))
    keep(crm, id, said(days_ago=200, postcode="10115", country="DE", birth_date="1979-01-01"))
    row = SourceProfile.objects.get()
    assert (row.postcode_area, row.country, row.birth_year) == ("LS", "GB", 1980)
    keep(crm, id, said(days_ago=1, postcode="M1 1AE"))
    assert SourceProfile.objects.get().postcode_area == "M"


def test_what_comes_late_fills_what_was_missing(crm: Source) -> None:
    id = stranger(crm, seen_at=NOW - timedelta(days=300))
    keep(crm, id, said(days_ago=3, email="alice@example.com"))
    keep(crm, id, said(days_ago=200, postcode="10115", country="DE"))
    row = SourceProfile.objects.get()
    assert (row.postcode_area, row.country, row.birth_year) == ("10", "DE", None)


def test_identifiers_of_a_browser_are_unverified_until_a_server_says_so(browser: Source, crm: Source) -> None:
    id = stranger(browser)
    keep(browser, id, said(email="alice@example.com"))
    assert not Identifier.objects.get().verified
    keep(crm, id, said(email="alice@example.com"))
    keep(browser, id, said(email="alice@example.com"))
    assert Identifier.objects.get().verified


def test_a_value_says_nothing_across_people(crm: Source) -> None:
    for _ in range(2):
        keep(crm, stranger(crm), said(city="Leeds"))
    digests = [bytes(digest) for digest in Attribute.objects.values_list("digest", flat=True)]
    assert len(set(digests)) == 2


def test_a_record_without_anything_personal_seals_nothing(crm: Source) -> None:
    keep(crm, stranger(crm), said(country="GB"))
    assert Record.objects.get().sealed is None


def test_sealed_content_opens_only_where_it_stands(alice: UUID, crm: Source) -> None:
    keep(crm, alice, said(email="alice@example.org"))
    first, second = Identifier.objects.filter(namespace="email").order_by("id")
    Identifier.objects.filter(id=first.id).update(sealed=bytes(second.sealed))
    with pytest.raises(InvalidTag):
        open_identifiers([alice], leave(alice))


def test_sealed_content_opens_only_with_a_grant(alice: UUID, crm: Source) -> None:
    bob = stranger(crm)
    keep(crm, bob, said(email="bob@example.com", city="York"))
    for read in (open_identifiers, open_attributes):
        with pytest.raises(NotGranted):
            read([alice, bob], leave(alice))
    with pytest.raises(NotGranted):
        open_records(Record.objects.all(), leave(alice))


@pytest.mark.parametrize("change", ["UPDATE records_record SET event = 'x'", "DELETE FROM records_record"])
def test_records_are_append_only(alice: UUID, change: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    assert Record.objects.get().event == "Purchase"


def test_only_an_erasure_deletes_records_and_even_it_changes_none(alice: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.erasing = 'on'")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute("UPDATE records_record SET event = 'x'")
        cursor.execute("DELETE FROM records_record")
    assert Record.objects.count() == 0
