"""Who must not come back is found, and nobody else."""

import pytest

from pipeline.accept import accept
from privacy import requests
from privacy.erasure import erase
from privacy.models import Suppression
from privacy.suppression import add, suppressed
from records.envelope import Envelope, message_hash
from tests.privacy.cast import (
    HOUSEHOLD_PHONE,
    NOW,
    OFFICER,
    SECOND_OFFICER,
    Person,
    World,
    index_of,
    known_source_profiles,
)

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def listed(alice: Person) -> tuple[str, bytes]:
    """Alice's e-mail, on the list."""
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    pair = ("email", index_of("email", alice.email))
    assert add([pair], request=request, now=NOW) == 1
    return pair


def test_a_listed_pair_is_suppressed(listed: tuple[str, bytes]) -> None:
    assert suppressed([listed]) == {listed}


def test_the_same_index_in_another_namespace_is_not(listed: tuple[str, bytes]) -> None:
    assert suppressed([("phone", listed[1])]) == set()


def test_a_lifted_pair_is_not(listed: tuple[str, bytes]) -> None:
    Suppression.objects.update(lifted_at=NOW)
    assert suppressed([listed]) == set()


def test_nothing_asked_is_nothing_found(db: None) -> None:
    assert suppressed([]) == set()


def test_a_batch_is_asked_for_at_once(listed: tuple[str, bytes], django_assert_num_queries: object) -> None:
    batch = {listed, *(("email", index.to_bytes(16, "big")) for index in range(2_000))}
    with django_assert_num_queries(2):  # type: ignore[operator]  # the lock, and the question
        assert suppressed(batch) == {listed}


def envelope(position: int, fields: dict[str, str]) -> Envelope:
    return Envelope(
        position=position,
        message_hash=message_hash(f"again {position}"),
        kind="purchase",
        event="Order Completed",
        occurred_at=NOW,
        fields=fields,
    )


def test_p04_an_erased_person_is_refused_at_the_door_and_the_household_is_not(
    alice: Person, bob: Person, world: World
) -> None:
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    erase(requests.approve(request, actor=SECOND_OFFICER, now=NOW), actor=SECOND_OFFICER, now=NOW)
    again = [
        envelope(0, {"customer_number": alice.customer_number}),
        envelope(1, {"customer_number": "cn-new", "email": alice.email.upper()}),
        envelope(2, {"customer_number": bob.customer_number, "phone": HOUSEHOLD_PHONE}),
    ]
    acceptance = accept(world.till, again, door="test", now=NOW)
    assert (acceptance.stored, acceptance.refused) == (1, 2)
    assert known_source_profiles() == set(bob.source_profiles)
