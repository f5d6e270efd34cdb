import numpy as np

from identity.matching import People, Person, candidate_pairs
from identity.matching.pairs import in_one
from identity.matching.widen import ALL_WITH_ALL, widened

MANY = ALL_WITH_ALL + 100


def _pairs(persons: list[Person]) -> set[tuple[int, int]]:
    people = People.build(range(len(persons)), persons)
    return {(int(a), int(b)) for a, b in widened(people, in_one(*candidate_pairs(people)[0].T))[0]}


def test_few_people_are_compared_all_with_all() -> None:
    assert _pairs([Person(family_name="Berg"), Person(family_name="Dorn"), Person()]) == {(0, 1), (0, 2), (1, 2)}


def test_a_rare_value_alone_makes_a_pair_and_a_common_one_does_not() -> None:
    others = [Person(city="Ulm", identifier=f"{number:06}") for number in range(100, MANY)]
    found = _pairs([*others, Person(city="Bonn", identifier="777777"), Person(city="Rome", identifier="77-7777 ")])
    assert not found
    found = _pairs([*others, Person(city="Bonn", identifier="777778"), Person(city="Rome", identifier="77-7778")])
    assert found == {(len(others), len(others) + 1)}


def test_pairs_come_once_and_in_order() -> None:
    persons = [Person(given_name="Ann", family_name=f"Berg{number // 2}", city="Ulm") for number in range(MANY)]
    people = People.build(range(MANY), persons)
    narrow = candidate_pairs(people)[0]
    pairs, known = widened(people, in_one(*narrow.T))
    assert (pairs[known] == narrow).all()
    pairs = pairs.astype(np.int64)
    flat = pairs[:, 0] * MANY + pairs[:, 1]
    assert (np.diff(flat) > 0).all()
    assert (pairs[:, 0] < pairs[:, 1]).all()


def test_all_who_agree_in_everything_hang_together() -> None:
    """More than a block may hold: each is paired with the next."""
    count = MANY
    twins = [Person(given_name="Ann", family_name="Moser", birth_date="1980-03-04")] * 300
    others = [Person(given_name=f"G{row}x", family_name=f"F{row}y", city="Ulm") for row in range(count - 300)]
    found = _pairs([*twins, *others, Person(), Person()])
    assert {(row, row + 1) for row in range(299)} <= found
    assert (count, count + 1) not in found


def test_names_in_each_others_field_are_enough_where_they_are_rare() -> None:
    others = [Person(given_name="Ann", family_name="Berg") for _ in range(MANY)]
    swapped = [Person(given_name="Kordula", family_name="Zwick"), Person(given_name="Zwik", family_name="Kordula")]
    assert (MANY, MANY + 1) in _pairs([*others, *swapped])
