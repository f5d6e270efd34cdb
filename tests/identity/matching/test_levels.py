"""Levels of many pairs at once."""

import numpy as np

from identity.matching.levels import ADDRESS, NO_EVIDENCE, leave_out, most_alike


def test_what_is_unknown_is_no_evidence() -> None:
    levels = np.array([0, 3, 2, NO_EVIDENCE], dtype=np.int8)
    leave_out(levels, np.array([True, True, False, False]))
    assert levels.tolist() == [NO_EVIDENCE, NO_EVIDENCE, 2, NO_EVIDENCE]


def test_the_most_alike_counts() -> None:
    shown = most_alike(
        ADDRESS, same_city=np.array([True, True, False, False]), same_address=np.array([True, False, True, False])
    )
    assert [ADDRESS.levels[level] for level in shown] == ["same_address", "same_city", "same_address", "different"]
    assert shown.dtype == np.int8
