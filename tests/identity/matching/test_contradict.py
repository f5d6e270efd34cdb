"""Pairs whose levels are known contradict themselves as those that are compared for it."""

import numpy as np

from identity.matching import Model, People, candidate_pairs, cluster, compare, contradicts
from identity.matching.contradict import compared_contradict
from identity.matching.patterns import patterns_of
from tests.identity.matching.cast import town


def test_known_levels_tell_the_same() -> None:
    persons, _ = town(400)
    people, model = People.build(range(len(persons)), persons), Model.default()
    pairs, _ = candidate_pairs(people)
    patterns = patterns_of(compare(people, pairs))
    expected = np.flatnonzero(contradicts(people, model, pairs))
    assert compared_contradict(people, model, pairs, patterns, np.arange(len(pairs))).tolist() == expected.tolist()
    every_third = np.arange(0, len(pairs), 3)
    told = compared_contradict(people, model, pairs, patterns, every_third)
    assert told.tolist() == [place for place in expected.tolist() if place % 3 == 0]
    assert 100 < len(expected) < len(pairs) - 100


def test_without_housemates_nothing_contradicts() -> None:
    persons, _ = town(30)
    people, model = People.build(range(len(persons)), persons), Model.default()
    pairs, _ = candidate_pairs(people)
    alone = Model(**{name: getattr(model, name) for name in model.__slots__} | {"housemates": False})
    patterns = patterns_of(compare(people, pairs))
    assert not len(compared_contradict(people, alone, pairs, patterns, np.arange(len(pairs))))


def test_edges_that_are_clear_are_not_asked_again() -> None:
    """Of four rows that are all alike the pairs are clear but for one, which is asked once its row is to be joined."""
    pairs = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]], dtype=np.int32)
    bits = np.array([9.0, 8.0, 7.0, 6.0, 5.0, 1.0])
    asked = []

    def never(rows: np.ndarray) -> np.ndarray:
        asked.append(rows.tolist())
        return np.zeros(len(rows), dtype=np.bool_)

    labels = cluster(4, pairs, bits, link_threshold=0.5, contradicts=never, clear_above=2.0)
    assert labels.tolist() == [0, 0, 0, 0]
    assert asked == [[[0, 3], [1, 3], [2, 3]]]
