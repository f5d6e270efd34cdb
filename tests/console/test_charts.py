"""Charts: shares add up, scales read well, and nothing divides by zero."""

from datetime import date

import pytest

from console.charts import Point, around, bars_of, columns_of, compact, line_of, nice_ceiling, parts_of
from console.profile.evidence import of_levels, waterfall


def test_parts_are_shares_of_the_whole() -> None:
    assert [(part.name, part.percent) for part in parts_of({"a": 3, "b": 0, "c": 1})] == [("a", 75), ("c", 25)]
    assert parts_of({"a": 0}) == []


def test_the_longest_bar_is_full() -> None:
    assert [bar.percent for bar in bars_of([("a", 5), ("b", 10)])] == [50, 100]
    assert [bar.percent for bar in bars_of([("a", 0)])] == [0]
    assert bars_of([]) == []


def test_columns_cover_every_day() -> None:
    columns = columns_of({date(2026, 5, 3): {"x": 6, "y": 2}}, last=date(2026, 5, 4), days=3)
    assert [(bar.label, bar.value, bar.percent) for bar in columns.bars] == [
        ("May 2", 0, 0),
        ("May 3", 8, 100),
        ("May 4", 0, 0),
    ]
    assert columns.marks == [(0, "0"), (50, "4"), (100, "8")]
    assert (columns.first, columns.last, columns.total) == ("May 2", "May 4", 8)


@pytest.mark.parametrize(
    ("value", "ceiling"), [(0, 1), (1, 1), (7, 8), (11, 15), (137, 150), (30_508, 40_000), (99, 100)]
)
def test_scales_end_at_a_number_that_reads_well(value: float, ceiling: float) -> None:
    assert nice_ceiling(value) == ceiling


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (0.5, "0.5"), (950, "950"), (1_200, "1.2k"), (40_000, "40k"), (3_400_000, "3.4M")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert compact(value) == text


def test_a_line_fills_its_box() -> None:
    assert line_of([1, 3, 2], width=10, height=4) == "0.0,4.0 5.0,0.0 10.0,2.0"
    assert line_of([5, 5], width=10, height=4) == "0.0,4.0 10.0,4.0"
    assert line_of([1], width=10, height=4) == ""


def test_the_first_place_around_is_on_top() -> None:
    first, second = around(2, center=Point(0, 0), across=10, down=5)
    assert (round(first.x, 6), first.y, second.y) == (0, -5, 5)


def test_each_bar_of_the_evidence_begins_where_the_last_one_ended() -> None:
    pieces = waterfall([["given_name", "exact", 6.0], ["phone", "different", -2.0], ["email", "exact", 4.0]])
    assert [(piece.start, piece.length, piece.tone) for piece in pieces] == [
        (0, 75, "good"),
        (50, 25, "bad"),
        (50, 50, "good"),
    ]
    against = waterfall([["phone", "different", -2.0]])
    assert [(piece.start, piece.length) for piece in against] == [(0, 100)]
    assert waterfall([]) == []


def test_the_evidence_adds_up_from_its_starting_point() -> None:
    evidence = of_levels([["prior", "before any evidence", -12.2], ["email", "exact", 15.2], ["phone", "exact", 6.7]])
    assert (round(evidence.total, 1), evidence.complete) == (9.7, True)
    assert [name for name, _ in evidence.hints] == ["Starting point"]
    assert not of_levels([["email", "exact", 15.2]]).complete
