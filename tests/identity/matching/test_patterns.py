"""Patterns counted in a table are those that sorting finds."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.matching import patterns
from identity.matching.levels import COMPARISONS
from identity.matching.patterns import patterns_of

rows = st.lists(
    st.tuples(*(st.integers(-1, len(comparison.levels) - 1) for comparison in COMPARISONS[:4])), max_size=40
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows)
def test_each_pattern_once(monkeypatch: pytest.MonkeyPatch, few: list[tuple[int, ...]]) -> None:
    levels = np.full((len(few), len(COMPARISONS)), -1, dtype=np.int8, order="F")
    levels[:, :4] = np.array(few, dtype=np.int8).reshape(-1, 4)
    for enough in (10_000, 0):
        monkeypatch.setattr(patterns, "_FEW", enough)
        found = patterns_of(levels)
        shown = sorted({*few})
        assert found.levels[:, :4].tolist() == [list(row) for row in shown]
        assert (found.levels[found.of] == levels).all()
        assert found.counts.tolist() == [few.count(row) for row in shown]


@given(rows, st.data())
def test_some_of_the_pairs_are_counted_alone(few: list[tuple[int, ...]], data: st.DataObject) -> None:
    levels = np.full((len(few), len(COMPARISONS)), -1, dtype=np.int8, order="F")
    levels[:, :4] = np.array(few, dtype=np.int8).reshape(-1, 4)
    some = np.array(data.draw(st.lists(st.booleans(), min_size=len(few), max_size=len(few))), dtype=np.bool_)
    tally, alone = patterns_of(levels).among(some), patterns_of(levels[some])
    assert tally.levels.tolist() == alone.levels.tolist()
    assert tally.counts.tolist() == alone.counts.tolist()
