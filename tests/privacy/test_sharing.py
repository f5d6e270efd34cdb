"""Who else bears a person's identifiers, and asking for them as well."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from uuid import UUID

import pytest

from identity import ledger
from identity.models import Profile
from privacy import requests, sharing, subjects
from privacy.requests import NotOpen
from privacy.sharing import NotShared
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
    settle,
)

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def found(person: Person) -> dict[object, list[str]]:
    """Whom this person shares what with, by namespace."""
    shared = sharing.sharing(subjects.find(person.profile)).profiles
    return {profile: sorted(namespace for namespace, _ in pairs) for profile, pairs in shared.items()}


def test_the_other_of_the_household_is_found_by_the_shared_phone_alone(alice: Person, bob: Person) -> None:
    assert found(alice) == {bob.profile: ["phone"]}
    (pairs,) = sharing.sharing(subjects.find(alice.profile)).profiles.values()
    assert pairs == {("phone", index_of("phone", HOUSEHOLD_PHONE))}


def test_whoever_shares_nothing_is_not_found(world: World, alice: Person) -> None:
    carol = Person("carol")
    at_shop = arrive(carol, world.shop, stable="account_id", fields={"account_id": carol.account_id})
    assign_to_new_profile(at_shop, carol)
    assert found(alice) == {}


def test_a_second_account_shares_the_stable_key_and_the_device_and_comes_first(
    world: World, alice: Person, bob: Person
) -> None:
    alice_again = Person("alice_again")
    at_till = arrive(alice_again, world.shop, stable=None, fields={"customer_number": alice.customer_number})
    at_home = arrive(alice_again, world.shop, stable=None, fields={"device_id": alice.device})
    assign_to_new_profile(at_till, alice_again)
    assign(at_home, alice_again.profile)
    assert list(found(alice).items()) == [
        (alice_again.profile, ["customer_number", "device_id"]),
        (bob.profile, ["phone"]),
    ]
    assert found(alice_again) == {alice.profile: ["customer_number", "device_id"]}


def test_a_bearer_that_left_its_profile_counts_where_it_is_now(alice: Person, bob: Person) -> None:
    made = ledger.split(bob.source_profiles[1], actor=OFFICER, reason="two people", now=NOW)
    assert found(alice) == {made: ["phone"]}
    ledger.merge(alice.profile, made, actor=OFFICER, reason="one person", now=NOW)
    assert found(alice) == {}


def test_what_a_crowd_bears_says_nothing(
    world: World, alice: Person, bob: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "CROWD", 1)
    dora = settle(Person("dora"), world)
    shared = sharing.sharing(subjects.find(alice.profile))
    assert (shared.profiles, shared.crowds) == ({}, {"phone": 1})
    assert dora.profile not in shared.profiles


def test_finding_costs_the_same_however_many_bear_it(
    world: World, alice: Person, bob: Person, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    subject = subjects.find(alice.profile)
    with django_assert_num_queries(5):
        sharing.sharing(subject)
    settle(Person("dora"), world)
    with django_assert_num_queries(5):
        sharing.sharing(subject)


def test_the_same_is_asked_for_another_profile_on_the_same_clock(alice: Person, bob: Person) -> None:
    earlier = NOW - timedelta(days=9)
    first = requests.receive(
        "erasure", profile_id=alice.profile, actor=OFFICER, regulation="ccpa", received_at=earlier, now=NOW
    )
    added = sharing.ask_as_well(first, bob.profile, actor=SECOND_OFFICER, now=NOW)
    assert (added.kind, added.profile_id, added.regulation, added.received_at, added.due_date) == (
        *("erasure", bob.profile, "ccpa", earlier),
        first.due_date,
    )
    assert (added.opened_by, added.state, added.verified_at) == (SECOND_OFFICER, "open", None)
    assert [step.what for step in requests.steps(first)] == ["opened", "another profile added"]
    assert requests.steps(added)[-1].detail == {"request": str(first.pk)}


def test_asked_twice_it_is_one_request(alice: Person, bob: Person) -> None:
    first = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    added = sharing.ask_as_well(first, bob.profile, actor=OFFICER, now=NOW)
    assert (added.verification, added.verified_by) == (first.verification, OFFICER)
    assert sharing.ask_as_well(first, bob.profile, actor=OFFICER, now=NOW) == added
    assert sharing.asked_already([bob.profile], kind="erasure") == {bob.profile: added}
    assert sharing.asked_already([bob.profile], kind="access") == {}


def test_nobody_is_added_who_shares_nothing_and_nothing_to_what_is_over(
    world: World, alice: Person, bob: Person
) -> None:
    carol = Person("carol")
    at_shop = arrive(carol, world.shop, stable="account_id", fields={"account_id": carol.account_id})
    assign_to_new_profile(at_shop, carol)
    first = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    with pytest.raises(NotShared):
        sharing.ask_as_well(first, carol.profile, actor=OFFICER, now=NOW)
    requests.reject(first, reason="not the person", actor=OFFICER, now=NOW)
    with pytest.raises(NotOpen):
        sharing.ask_as_well(first, bob.profile, actor=OFFICER, now=NOW)
    assert [step.what for step in requests.steps(first)] == ["opened", "rejected"]


def assign_to_new_profile(source_profile: UUID, person: Person) -> None:
    Profile.objects.create(id=person.profile, created_at=NOW)
    assign(source_profile, person.profile)
