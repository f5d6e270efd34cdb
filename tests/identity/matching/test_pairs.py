"""What is sorted with its places, and pairs in one number, are what they stand for."""

from unittest import mock

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from identity.matching.column import MISSING, dense, side_by_side
from identity.matching.pairs import Runs, distinct, in_one, in_rows, pairs_within, places_within
from identity.matching.widen import _with_others

numbers = st.lists(st.integers(-2, 4) | st.integers(2**60, 2**62), max_size=30)
some_pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2**31 - 1)), max_size=20)


@given(numbers)
def test_equal_numbers_stand_side_by_side(values: list[int]) -> None:
    places, begins = side_by_side(np.array(values, dtype=np.int64))
    assert places.tolist() == sorted((at for at, value in enumerate(values) if value >= 0), key=lambda at: values[at])
    ordered = [values[at] for at in places]
    assert begins.tolist() == [at == 0 or ordered[at - 1] != value for at, value in enumerate(ordered)]
    known = sorted({value for value in values if value >= 0})
    codes = [known.index(value) if value >= 0 else MISSING for value in values]
    assert dense(np.array(values, dtype=np.int64)).tolist() == codes


@given(st.lists(st.integers(-1, 3), max_size=20), st.integers(1, 6))
def test_pairs_within_runs(values: list[int], most: int) -> None:
    blocks = np.array(values, dtype=np.int32)
    sharing = {
        (low, high)
        for high, value in enumerate(values)
        for low in range(high)
        if values[low] == value and value >= 0 and values.count(value) <= most
    }
    found = in_rows(Runs.of(blocks.astype(np.int64)).pairs(most)).tolist()
    assert len(found) == len(sharing)
    assert {tuple(pair) for pair in found} == sharing
    everyone = Runs.of(blocks.astype(np.int64), alone=False)
    assert sorted(everyone.sizes.tolist()) == sorted(
        values.count(value) for value in {*values} if value >= 0 and values.count(value) > 1
    )
    assert sorted(pairs_within(blocks).tolist()) == sorted(everyone.pairs(len(values) + 1).tolist())


@given(some_pairs, some_pairs)
def test_pairs_together_are_in_order_and_the_old_ones_are_found(
    old: list[tuple[int, int]], new: list[tuple[int, int]]
) -> None:
    flat, others = (distinct(in_one(*np.array(pairs, dtype=np.int64).reshape(-1, 2).T)) for pairs in (old, new))
    together, places = _with_others(flat, others)
    assert [tuple(pair) for pair in in_rows(together).tolist()] == sorted({*old, *new})
    assert [tuple(pair) for pair in in_rows(together[places]).tolist()] == sorted({*old})


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.data())
def test_pairs_within_labels_are_found_by_place(labels: list[int], data: st.DataObject) -> None:
    row = st.integers(0, len(labels) - 1)
    pairs = data.draw(st.lists(st.tuples(row, row), max_size=20))
    rows = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    with mock.patch("identity.matching.pairs._AT_ONCE", 3):
        found = places_within(np.array(labels, dtype=np.int32), rows)
    assert found.tolist() == [at for at, (one, other) in enumerate(pairs) if labels[one] == labels[other]]


def test_runs_of_chosen_rows() -> None:
    runs = Runs.of(np.array([5, 7, 5, 7, 7], dtype=np.int64))
    assert runs.among(runs.sizes > 2).rows.tolist() == [1, 3, 4]
    assert runs.of_rows(np.array([10, 11, 12, 13, 14])).rows.tolist() == [10, 12, 11, 13, 14]
