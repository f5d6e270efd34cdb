"""Source profiles are found by their source's stable key, or made."""

from datetime import timedelta
from uuid import UUID

import pytest

from records import source_profiles
from records.models import SINGLE, Identifier, Source, SourceProfile
from records.source_profiles import Found, Newcomer
from tests.crossing import cross
from tests.records.cast import NOW
from vault.ids import new_id

pytestmark = pytest.mark.django_db

ALICE, BOB = b"alice's key 0001", b"bob's key 000001"


def test_a_stable_key_is_one_source_profile_for_ever(crm: Source) -> None:
    first, made = source_profiles.find_or_make(crm, {ALICE: NOW - timedelta(days=3), BOB: NOW}, now=NOW)
    assert made == {found.id for found in first.values()}
    again, made_again = source_profiles.find_or_make(crm, {ALICE: NOW}, now=NOW)
    assert (again, made_again) == ({ALICE: first[ALICE]}, set())
    row = SourceProfile.objects.get(id=first[ALICE].id)
    assert (row.kind, row.first_seen_at, row.created_at) == ("customer", NOW - timedelta(days=3), NOW)


@pytest.mark.django_db(transaction=True)
def test_two_that_meet_somebody_new_at_once_find_the_same(crm: Source) -> None:
    def meet() -> tuple[dict[bytes, Found], set[UUID]]:
        return source_profiles.find_or_make(crm, {ALICE: NOW}, now=NOW)

    (first, made), (second, made_again) = cross(meet, meet)
    assert first == second
    assert (made, made_again) == ({first[ALICE].id}, set())


@pytest.mark.parametrize(
    ("client_side", "verified", "is_firm"), [(True, False, True), (False, False, False), (False, True, True)]
)
def test_a_stable_key_is_known_once_it_is_noted_as_firmly_as_its_source_says_it(
    client_side: bool, verified: bool, is_firm: bool, crm: Source
) -> None:
    crm.client_side = client_side
    made, _ = source_profiles.find_or_make(crm, {ALICE: NOW - timedelta(days=3)}, now=NOW)
    alice, seen_at = made[ALICE].id, NOW - timedelta(days=2)
    assert source_profiles.find(crm, [ALICE]) == {ALICE: Found(alice)}
    row = Identifier(id=new_id(), source_profile_id=alice, namespace=crm.stable_key, index=ALICE, verified=verified)
    row.sealed, row.first_seen_at, row.last_seen_at = b"", seen_at, seen_at
    row.save()
    assert source_profiles.find(crm, [ALICE]) == {ALICE: Found(alice, seen_at if is_firm else None)}


def test_sources_do_not_share_stable_keys(crm: Source, shop: Source) -> None:
    there, _ = source_profiles.find_or_make(crm, {ALICE: NOW}, now=NOW)
    here, _ = source_profiles.find_or_make(shop, {ALICE: NOW}, now=NOW)
    assert there[ALICE] != here[ALICE]


def test_whoever_has_no_stable_key_is_somebody_new_each_time(crm: Source) -> None:
    newcomers = [Newcomer(new_id(), SINGLE, None, NOW) for _ in range(2)]
    assert source_profiles.make(crm, newcomers, now=NOW) == {newcomer.id for newcomer in newcomers}


def test_the_forgotten_are_gone_and_nobody_else(crm: Source) -> None:
    found, _ = source_profiles.find_or_make(crm, {ALICE: NOW, BOB: NOW}, now=NOW)
    source_profiles.forget([found[ALICE].id])
    source_profiles.forget([])
    assert SourceProfile.objects.get().id == found[BOB].id
