"""Work side by side gives what it gives one after the other."""

from threading import current_thread, main_thread

import pytest

from identity.matching.threads import ENOUGH_ROWS, begun, each


def _fails() -> None:
    raise ValueError("so it was")


@pytest.mark.parametrize("rows", [1, ENOUGH_ROWS])
def test_the_outcomes_keep_their_order(rows: int) -> None:
    assert each(lambda number: number * number, range(5), rows=rows) == [0, 1, 4, 9, 16]


def test_work_begun_is_done_beside_when_there_is_enough() -> None:
    assert begun(current_thread, rows=ENOUGH_ROWS)() is not main_thread()
    assert begun(current_thread, rows=1)() is main_thread()


@pytest.mark.parametrize("rows", [1, ENOUGH_ROWS])
def test_what_fails_beside_fails_where_it_is_asked_for(rows: int) -> None:
    outcome = begun(_fails, rows=rows)
    with pytest.raises(ValueError, match="so it was"):
        outcome()
