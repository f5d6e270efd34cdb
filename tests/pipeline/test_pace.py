"""A worker takes more at a time the longer the queue is, up to a bound."""

from pipeline.pace import Pace


def sizes(pace: Pace, *counts: int) -> list[int]:
    """What it takes after each of these counts."""
    found = []
    for count in counts:
        pace.took(count)
        found.append(pace.size)
    return found


def test_where_much_waits_it_takes_twice_as_much_each_time_up_to_the_bound() -> None:
    assert sizes(Pace(200, 1_000), 200, 400, 800, 1_000) == [400, 800, 1_000, 1_000]


def test_where_less_came_than_was_asked_for_it_takes_little_again() -> None:
    assert sizes(Pace(200, 1_000), 200, 400, 799) == [400, 800, 200]


def test_nothing_at_all_ends_the_turn() -> None:
    pace = Pace(200, 1_000)
    assert pace.took(1)
    assert not pace.took(0)
    assert pace.size == 200
