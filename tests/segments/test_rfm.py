"""Fifths of buyers."""

import itertools
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from segments.rfm import Rfm, quintiles, score, score_profiles
from tests.segments.factories import NOW, TODAY, did, person


@pytest.mark.parametrize(
    ("values", "fifths"),
    [
        ([], []),
        ([7], [3]),
        ([10, 20, 30, 40, 50], [1, 2, 3, 4, 5]),
        ([50, 10, 40, 20, 30], [5, 1, 4, 2, 3]),
        (list(range(10)), [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
        ([1, 1, 1, 1], [3, 3, 3, 3]),
        ([1, 1, 1, 1, 1, 1, 1, 1, 2, 9], [3, 3, 3, 3, 3, 3, 3, 3, 5, 5]),
    ],
)
def test_quintiles(values: list[float], fifths: list[int]) -> None:
    assert quintiles(values).tolist() == fifths


def test_less_is_better() -> None:
    assert quintiles([10, 20, 30, 40, 50], less_is_better=True).tolist() == [5, 4, 3, 2, 1]


def test_missing_values_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        quintiles([1.0, float("nan")])


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_quintiles_keep_the_order_and_equals_equal(values: list[int]) -> None:
    fifths = quintiles(values).tolist()
    pairs = sorted(zip(values, fifths, strict=True))
    assert all(1 <= fifth <= 5 for fifth in fifths)
    assert all(low[1] <= high[1] for low, high in itertools.pairwise(pairs))
    assert len(set(pairs)) == len(set(values))


@given(st.integers(1, 40))
def test_distinct_values_spread_evenly(size: int) -> None:
    fifths = quintiles(range(5 * size)).tolist()
    assert [fifths.count(fifth) for fifth in range(1, 6)] == [size] * 5


def test_score_joins_the_three() -> None:
    assert score([1, 30], frequency=[9, 1], monetary=[50.0, 80.0]) == [Rfm(4, 4, 2), Rfm(2, 2, 4)]
    assert str(Rfm(5, 4, 1)) == "541"


@pytest.mark.django_db(databases=["default", "keystore"])
def test_profiles_are_scored_as_of_a_day() -> None:
    alice, alices = person()
    bob, bobs = person()
    carol_who_bought_nothing, _ = person()
    dora_who_never_agreed, doras = person(agrees_to=())
    did(alices, "purchase", ago=10, count=3, amount="90")
    did(bobs, "purchase", ago=40, amount="20")
    did(bobs, "purchase", ago=1, count=50, amount="5000")
    did(doras, "purchase", ago=10, amount="70")
    everyone = [alice, bob, carol_who_bought_nothing, dora_who_never_agreed]
    assert score_profiles(everyone, as_of=TODAY - timedelta(days=5), now=NOW) == {
        alice: Rfm(4, 4, 4),
        bob: Rfm(2, 2, 2),
    }


@pytest.mark.django_db(databases=["default", "keystore"])
def test_the_command_counts_buyers_by_cell_and_names_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    for orders in (3, 1, 0):
        _, known = person()
        if orders:
            did(known, "purchase", ago=10 * orders, count=orders, amount=str(30 * orders))
    out = StringIO()
    call_command("rfm", stdout=out)
    assert out.getvalue() == "422  1\n244  1\n2 buyers of 3 profiles\n"


@pytest.mark.django_db(databases=["default", "keystore"])
def test_the_window_bounds_what_counts() -> None:
    alice, alices = person()
    did(alices, "purchase", ago=400, amount="90")
    assert score_profiles([alice], as_of=TODAY, now=NOW) == {}
    assert score_profiles([alice], as_of=TODAY, window=None, now=NOW) == {alice: Rfm(3, 3, 3)}
