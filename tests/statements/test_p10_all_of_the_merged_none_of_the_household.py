"""Erasing a merged profile erases all its source identities, and nothing of another member of the household."""

import pytest

from identity import ledger
from identity.models import Match, Profile
from identity.profiles import source_profiles, where_now
from privacy import requests
from privacy.erasure import erase
from privacy.models import Tombstone
from tests.privacy.cast import (
    HOUSEHOLD_PHONE,
    NOW,
    OFFICER,
    SECOND_OFFICER,
    Person,
    World,
    arrive,
    assign,
    index_of,
    known_source_profiles,
    make_world,
    settle,
)
from tests.privacy.scan import hits, rows
from tests.statements.sabotage import Sabotage
from vault import keys
from vault.ids import new_id
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/subjects.py",
    "    own = set(source_profiles(profile_now))",
    "    own = set(source_profiles(profile_now)[:2])",
)


@pytest.fixture
def world(db: None) -> World:
    return make_world()


def merged(world: World) -> tuple[Person, Person]:
    """Alice, known at the shop, the till and by an appliance; and Alice at work, who turned out to be her."""
    alice, at_work = settle(Person("alice"), world), Person("alice_at_work")
    Profile.objects.create(id=at_work.profile, created_at=NOW)
    there = arrive(at_work, world.shop, stable="account_id", fields={"account_id": at_work.account_id})
    at_work.source_profiles = [there]
    assign(there, at_work.profile)
    ledger.merge(alice.profile, at_work.profile, actor=OFFICER, reason="same person", now=NOW)
    return alice, at_work


def erase_all(person: Person) -> None:
    request = requests.open("erasure", profile_id=person.profile, actor=OFFICER, now=NOW)
    erase(requests.approve(request, actor=SECOND_OFFICER, now=NOW), actor=SECOND_OFFICER, now=NOW)


def test_p10_every_identity_of_the_merged_goes_whichever_id_is_named(world: World) -> None:
    alice, at_work = merged(world)
    everyone = alice.source_profiles + at_work.source_profiles
    assert known_source_profiles() == set(everyone)
    erase_all(at_work)
    assert known_source_profiles() == set()
    assert not DataKey.objects.filter(id__in=everyone).exists()
    assert hits([*everyone, *alice.canaries, *at_work.canaries]) == {}
    assert (where_now(alice.profile), where_now(at_work.profile)) == (None, None)
    assert set(Tombstone.objects.values_list("profile_id", flat=True)) == {alice.profile, at_work.profile}


def test_p10_nothing_of_bob_who_shares_her_phone(world: World) -> None:
    alice, _ = merged(world)
    bob = settle(Person("bob"), world)
    left, right = sorted((alice.source_profiles[1], bob.source_profiles[1]))
    Match.objects.create(
        id=new_id(), left_id=left, right_id=right, reason="phone", probability=0.4, evidence={"phone": "exact"},
        state="rejected", model_version="1", found_at=NOW,
    )  # fmt: skip
    his = [*bob.source_profiles, bob.profile, "bobcanary", "bob canary", *bob.canaries]
    phone = index_of("phone", HOUSEHOLD_PHONE).hex()
    before, bearing = rows(his), len(rows([phone])["default:public.records_identifier"])
    erase_all(alice)
    after = rows(his)
    assert before.pop("default:public.identity_match") != after.pop("default:public.identity_match")
    assert after == before
    assert (bearing, len(rows([phone])["default:public.records_identifier"])) == (2, 1)
    assert known_source_profiles() == set(bob.source_profiles)
    assert set(keys.fetch(bob.source_profiles)) == set(bob.source_profiles)
    assert source_profiles(bob.profile) == sorted(bob.source_profiles[:2])
