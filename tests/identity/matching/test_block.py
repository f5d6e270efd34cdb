from itertools import combinations

import pytest

from identity.matching import KEYS, People, Person, SkippedBlock, blocking_keys, blocking_keys_of, candidate_pairs
from tests.identity.matching import cast


def test_one_name_in_two_scripts_shares_keys() -> None:
    greek = Person(given_name="Κωνσταντίνος", family_name="Παπαδόπουλος", birth_date="1980-03-04", postcode="10431")
    latin = Person(given_name="Konstantinos", family_name="Papadopoulos", birth_date="1980-03-04", postcode="10431")
    assert blocking_keys(greek) == blocking_keys(latin)


def test_every_key_joins_two_fields_or_more() -> None:
    assert all(len(set(fields)) >= 2 for fields in KEYS)


def test_keys_read_as_fields_and_values() -> None:
    keys = blocking_keys(Person(family_name="Müller", birth_date="1980-03-04"))
    assert keys == {"family_sound+birth_date:MLR|1980-03-04"}


@pytest.mark.parametrize("lonely", [Person(email="anna@example.org"), Person(birth_date="1980-03-04"), Person()])
def test_one_field_makes_no_key(lonely: Person) -> None:
    assert blocking_keys(lonely) == frozenset()


def test_the_domain_of_a_provider_makes_no_key() -> None:
    ann = Person(given_name="Ann", email="ann@post.example")
    by_local, by_domain = "email_local+given_initial:ann|a", "email_domain+given_class:post.example|anna"
    assert blocking_keys_of([ann], providers={"work.example"}) == [{by_local, by_domain}]
    assert blocking_keys_of([ann], providers={"post.example"}) == [{by_local}]


def test_batch_and_online_find_the_same_pairs() -> None:
    persons, _ = cast.town(60)
    people = People.build(range(len(persons)), persons)
    pairs, skipped = candidate_pairs(people)
    keys = [blocking_keys(person) for person in persons]
    sharing = [[i, j] for i, j in combinations(range(len(persons)), 2) if keys[i] & keys[j]]
    assert pairs.tolist() == sharing
    assert skipped.skipped == ()


def namesakes(count: int, *, dated: bool) -> People:
    persons = [
        Person(
            given_name="Ann",
            family_name="Lee",
            city="Leeds",
            birth_date=f"{1930 + number}-03-{number % 28 + 1:02d}" if dated else None,
        )
        for number in range(count)
    ]
    return People.build(range(count), persons)


def test_an_oversized_block_is_split_by_another_field() -> None:
    pairs, skipped = candidate_pairs(namesakes(30, dated=True), max_block=10)
    assert skipped.skipped == ()
    assert skipped.split >= 1
    assert len(pairs) < 30 * 29 / 2


def test_a_block_that_nothing_splits_is_reported() -> None:
    pairs, skipped = candidate_pairs(namesakes(30, dated=False), max_block=10)
    assert len(pairs) == 0
    assert skipped.skipped == (SkippedBlock(("both_sounds", "city"), 30),)
    assert skipped.pairs == 435


def test_no_people_have_no_pairs() -> None:
    pairs, skipped = candidate_pairs(People.build([], []))
    assert pairs.shape == (0, 2)
    assert skipped.split == 0


def test_a_key_of_too_many_pairs_is_split_by_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.matching.block._CHEAP", 100)
    crowd = [
        Person(given_name="Ann", family_name="Moser", city="Ulm", postcode=f"{number // 3}") for number in range(60)
    ]
    people = People.build(range(len(crowd)), crowd)
    pairs, skipped = candidate_pairs(people)
    assert {(a, b) for a, b in pairs.tolist()} == {
        (a, b) for a in range(60) for b in range(a + 1, 60) if a // 3 == b // 3
    }
    assert skipped.split > 0
    assert skipped.skipped == ()
