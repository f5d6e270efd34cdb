"""Who must not come back is found, and nobody else."""

from datetime import timedelta

import pytest

from pipeline.accept import accept
from privacy import requests, suppression_clear
from privacy.erasure import erase
from privacy.models import Suppression
from privacy.suppression import Asked, add, barred
from privacy.suppression_hashes import BLIND, KEY, Kind, Token, name_form, plain, tokens_of, wanted_by, with_name
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
from vault import kept_keys

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def bars(**fields: str) -> set[str]:
    return barred([Asked(fields, NOW)])[0]


@pytest.fixture
def listed(alice: Person) -> str:
    """Alice's e-mail, on the list."""
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    assert len(add([plain("email", alice.email)], request=request, now=NOW)) == 1
    return alice.email


def test_a_listed_identifier_bars(listed: str) -> None:
    assert bars(email=listed) == {"email"}


def test_the_same_text_in_another_namespace_does_not(listed: str) -> None:
    assert bars(account_id=listed) == set()


def test_nothing_asked_is_nothing_found(db: None) -> None:
    assert barred([]) == []
    assert bars(given_name="Alice") == set()


def test_what_was_listed_under_an_older_version_of_the_key_still_bars(listed: str) -> None:
    kept_keys.make_next(KEY)
    assert bars(email=listed) == {"email"}
    request = requests.open("erasure", profile_id=None, actor=OFFICER, now=NOW)
    assert [hash.version for hash in add([plain("phone", "+442079460777")], request=request, now=NOW)] == [2]
    assert bars(email=listed, phone="+442079460777") == {"email", "phone"}


def test_what_was_listed_before_the_list_had_keys_still_bars(alice: Person) -> None:
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    Suppression.objects.create(
        version=BLIND, namespace="email", index=index_of("email", alice.email), request=request, created_at=NOW
    )
    assert bars(email=alice.email) == {"email"}


def test_a_lifted_identifier_bars_what_happened_before(listed: str) -> None:
    Suppression.objects.update(lifted_at=NOW)
    later = Asked({"email": listed}, NOW + timedelta(seconds=1))
    assert barred([Asked({"email": listed}, NOW), later]) == [{"email"}, set()]


def test_a_batch_is_asked_for_at_once(listed: str, django_assert_num_queries: object) -> None:
    batch = [Asked({"email": listed}, NOW), *(Asked({"email": f"{one}@example.com"}, NOW) for one in range(2_000))]
    bars(email="warm@example.com")
    with django_assert_num_queries(3):  # type: ignore[operator]  # the lock, how long the list is, and the question
        assert barred(batch) == [{"email"}, *([set()] * 2_000)]


@pytest.mark.parametrize(
    ("spelling", "same"),
    [("CN-7001-A", "cn-7001-a"), ("cn-7001-a ", "cn-7001-a"), ("Cn-7001-A", "Cn-7001-A")],
)
def test_a_key_is_compared_without_case_unless_it_mixes_them(spelling: str, same: str) -> None:
    assert plain("customer_number", spelling) == Token("customer_number", same)


def test_a_record_is_looked_for_by_its_names_too(db: None) -> None:
    fields = {"phone": HOUSEHOLD_PHONE, "given_name": "Zoë-Ann", "family_name": "O'Hara", "birth_date": "1984-05-06"}
    assert {token.kind: token.text for token in tokens_of(fields)} == {
        "phone": HOUSEHOLD_PHONE,
        "phone#index": index_of("phone", HOUSEHOLD_PHONE).hex(),
        "phone+name": f"{HOUSEHOLD_PHONE}\0zoeann|ohara",
        "phone+birth_date": f"{HOUSEHOLD_PHONE}\x001984-05-06",
    }


def envelope(position: int, fields: dict[str, str]) -> Envelope:
    return Envelope(
        position=position,
        message_hash=message_hash(f"again {position}"),
        kind="purchase",
        event="Order Completed",
        occurred_at=NOW,
        fields=fields,
    )


def test_an_erased_person_is_refused_at_the_door_and_the_household_is_not(
    alice: Person, bob: Person, world: World
) -> None:
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    erase(requests.approve(request, actor=SECOND_OFFICER, now=NOW), actor=SECOND_OFFICER, now=NOW)
    again = [
        envelope(0, {"customer_number": alice.customer_number}),
        envelope(1, {"customer_number": "cn-new", "email": alice.email.upper()}),
        envelope(2, {"customer_number": bob.customer_number, "phone": HOUSEHOLD_PHONE}),
        envelope(3, {"customer_number": "cn-2", "phone": HOUSEHOLD_PHONE, "family_name": alice.family_name.upper()}),
    ]
    acceptance = accept(world.till, again, door="test", now=NOW)
    assert (acceptance.stored, acceptance.refused) == (1, 3)
    assert known_source_profiles() == set(bob.source_profiles)


def test_what_was_clear_is_looked_for_again_when_the_list_has_grown(alice: Person) -> None:
    assert bars(email=alice.email) == set()
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    add([plain("email", alice.email)], request=request, now=NOW)
    assert bars(email=alice.email) == {"email"}
    assert bars(email=alice.email) == {"email"}


def test_what_is_clear_alone_is_looked_for_with_each_name(alice: Person) -> None:
    request = requests.open("erasure", profile_id=alice.profile, actor=OFFICER, now=NOW)
    add([with_name("phone", HOUSEHOLD_PHONE, name_form("Alice", "Archer"))], request=request, now=NOW)
    assert bars(phone=HOUSEHOLD_PHONE) == set()
    assert bars(phone=HOUSEHOLD_PHONE, given_name="Bob", family_name="Archer") == set()
    assert bars(phone=HOUSEHOLD_PHONE, given_name="Alice", family_name="Archer") == {"phone"}
    assert bars(phone=HOUSEHOLD_PHONE) == set()


def test_a_clear_identifier_is_not_asked_for_twice(listed: str, django_assert_num_queries: object) -> None:
    batch = [Asked({"email": f"clear.{one}@example.com"}, NOW) for one in range(3)]
    assert barred(batch) == [set()] * 3
    with django_assert_num_queries(2):  # type: ignore[operator]  # the lock, and how long the list is
        assert barred(batch) == [set()] * 3


def test_the_kinds_of_the_list_are_read_anew_when_it_has_grown() -> None:
    clear, email, phone = suppression_clear.Clear(), Kind(1, "email"), Kind(1, "phone")
    (one,) = wanted_by({"email": "alice@example.com"})
    assert clear.kinds(at=1, read=lambda: frozenset({email})) == {email}
    clear.note({one}, at=1)
    assert clear.kinds(at=1, read=frozenset) == {email}
    assert clear.unknown([one], at=1) == set()
    assert clear.kinds(at=2, read=lambda: frozenset({email, phone})) == {email, phone}
    assert clear.unknown([one], at=2) == {one}


def test_only_so_many_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression_clear, "MOST", 2)
    clear, (one, other) = suppression_clear.Clear(), wanted_by({"email": "alice@example.com", "phone": "+442079460111"})
    third = one._replace(value="another")
    clear.kinds(at=1, read=frozenset)
    clear.note({one, other}, at=1)
    assert clear.unknown([one, other, third], at=1) == {third}
    clear.note({third}, at=1)
    assert clear.unknown([one, other, third], at=1) == {one, other}
    clear.note({one}, at=2)
    assert clear.unknown([one], at=1) == {one}
