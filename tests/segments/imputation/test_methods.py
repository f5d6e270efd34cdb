"""What a missing value is taken to be: exact values, and that it never speaks of fewer than twenty."""

import statistics
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segments.imputation.methods import LEAST, MEAN, MEDIAN, MOST_FREQUENT, in_tens, statistic

numbers = st.integers(0, 400) | st.floats(-1e6, 1e6, allow_nan=False)


@pytest.mark.parametrize(
    ("method", "values", "expected"),
    [
        (MEDIAN, [7] * 20, 7),
        (MEDIAN, [1] * 5 + [7] * 20 + [9] * 6, 7),
        # Of twenty different values the median is their mean: no one person's value is repeated.
        (MEDIAN, list(range(20)), 9.5),
        (MEDIAN, list(range(21)), 10.0),
        (MEDIAN, [0] * 30 + list(range(1, 21)) + [1000] * 30, 10.0),
        # Nineteen have the middle value; the twentieth in the middle has another.
        (MEDIAN, [0] + [7] * 19, 6.7),
        # Between two middle values, each of twenty.
        (MEDIAN, [2] * 20 + [5] * 20, 3.5),
        (MEAN, [1] * 10 + [2] * 10, 1.5),
        (MEAN, [10] * 20 + [11], 10.0),
        (MEAN, [1e15] + [0.5] * 19, 5e13),
        (MOST_FREQUENT, ["GB"] * 20 + ["DE"] * 19, "GB"),
        (MOST_FREQUENT, ["GB"] * 20 + ["DE"] * 20, "DE"),
        (MOST_FREQUENT, [True] * 20 + [False] * 20, False),
        (MOST_FREQUENT, [True] * 21 + [False] * 20, True),
    ],
)
def test_exact_values(method: str, values: list[float | str], expected: float | str) -> None:
    found = statistic(method, Counter(values))
    assert (found, type(found)) == (expected, type(expected))


def test_two_means_in_a_row_do_not_tell_who_left() -> None:
    most, others = 98_765.43, [17.5] * 20
    with_them, without = (statistic(MEAN, Counter(values)) for values in ([*others, most], others))
    assert isinstance(with_them, float)
    assert isinstance(without, float)
    told = in_tens(21) * with_them - in_tens(20) * without
    assert abs(told - most) > most / 50
    assert [in_tens(count) for count in (0, 19, 20, 21, 29, 30, 105)] == [0, 19, 20, 20, 20, 30, 100]


@pytest.mark.parametrize("method", [MEDIAN, MEAN, MOST_FREQUENT])
def test_of_fewer_than_twenty_there_is_none(method: str) -> None:
    assert statistic(method, Counter([True] * 19)) is None
    assert statistic(method, Counter([True] * 20)) is not None
    assert statistic(method, Counter()) is None


def test_the_most_frequent_value_is_one_of_twenty_people() -> None:
    assert statistic(MOST_FREQUENT, Counter(["GB"] * 19 + ["DE"] * 18 + ["FR"] * 17)) is None


@given(st.lists(numbers, min_size=LEAST, max_size=80))
def test_a_median_lies_among_the_twenty_in_the_middle(values: list[float]) -> None:
    found = statistic(MEDIAN, Counter(values))
    ordered = sorted(values)
    start = (len(values) - LEAST) // 2
    low, high = ordered[start], ordered[len(values) - start - 1]
    # Two digits that count are at most a twentieth off.
    slack = max(abs(low), abs(high)) / 20
    assert low - slack <= found <= high + slack


@given(st.lists(st.integers(0, 3), min_size=LEAST, max_size=200))
def test_a_value_of_twenty_in_the_middle_is_the_exact_median(values: list[int]) -> None:
    exact = statistics.median(values)
    if Counter(values)[exact] >= LEAST and statistics.median_low(values) == statistics.median_high(values):
        assert statistic(MEDIAN, Counter(values)) == exact


@given(st.lists(numbers, min_size=LEAST, max_size=80), st.randoms())
def test_the_order_of_people_changes_nothing(values: list[float], random: "object") -> None:
    shuffled = list(values)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    for method in (MEDIAN, MEAN):
        assert statistic(method, Counter(values)) == statistic(method, Counter(shuffled))


@given(st.lists(st.sampled_from("abcd"), max_size=120))
def test_what_is_told_is_seen_of_twenty(values: list[str]) -> None:
    found = statistic(MOST_FREQUENT, Counter(values))
    most = max(Counter(values).values(), default=0)
    assert (found is None) == (most < LEAST)
    assert found is None or Counter(values)[found] == most
