"""A CSV read at once has the cells that reading it row by row finds, or is not read at once."""

from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.at_once import read_at_once
from records.readers import delimited

cells = st.text("ab ,;\"'\n\r\t\\é0", max_size=5)


def at_once(path: Path, content: bytes) -> dict[str, list[str]] | None:
    path.write_bytes(content)
    with path.open("rb") as file:
        found = read_at_once(path, file)
    return None if found is None else {name: column.to_list() for name, column in found.items()}


def row_by_row(path: Path) -> dict[str, list[object]]:
    with path.open("rb") as file:
        rows = list(delimited.read(file))
    with path.open("rb") as file:
        names = [name for name in delimited.columns(file) if name]
    assert all(isinstance(row, tuple) for row in rows)
    return {name: [row[1][name] for row in rows if isinstance(row, tuple)] for name in names}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cells, min_size=2, max_size=3), max_size=5), st.sampled_from(("\n", "\r\n")))
def test_what_is_read_at_once(tmp_path: Path, rows: list[list[str]], end: str) -> None:
    path = tmp_path / "some.csv"
    found = at_once(path, end.join(["x,y", *(",".join(row) for row in rows)]).encode())
    if found is not None:
        assert {name: [cell.strip() or None for cell in column] for name, column in found.items()} == row_by_row(path)


def test_quoted_and_plain_rows_keep_their_order(tmp_path: Path) -> None:
    content = b'sep=;\r\nname;;city\r\n"Moser; Ann";1;Ulm\r\n\r\nBo;2;"the ""old"" town"\r\nCy;3;\r\n'
    assert at_once(tmp_path / "some.csv", content) == {
        "name": ["Moser; Ann", "Bo", "Cy"],
        "city": ["Ulm", 'the "old" town', ""],
    }


@pytest.mark.parametrize(
    "content",
    [
        b"a b\n1 2\n",
        b"a,b\n1\n",
        b"a,b\n1,2,3\n",
        b'a,b\n"1,2\n',
        b'a,b\n"one\nmore",2\n',
        b'a,b\n"1"x,2\n',
        b"a,b\n1,\xff\n",
        b"a,b\n1\r,2\n",
    ],
)
def test_what_must_be_looked_at_row_by_row(tmp_path: Path, content: bytes) -> None:
    assert at_once(tmp_path / "some.csv", content) is None


def test_a_quote_within_a_cell_swallows_no_line(tmp_path: Path) -> None:
    content = b'a,b,c,d,e\nx,24" wide,"one\nmore",19" or so,z\n'
    assert at_once(tmp_path / "some.csv", content) is None


def test_a_name_like_a_pattern_is_a_name(tmp_path: Path) -> None:
    (tmp_path / "people1.csv").write_text("n\n7\n8\n")
    assert at_once(tmp_path / "people[1].csv", b"n\n1\n") == {"n": ["1"]}
    assert at_once(tmp_path / "people*.csv", b"n\n2\n") == {"n": ["2"]}


def test_a_cell_too_long_for_the_reader_is_left_to_it(tmp_path: Path) -> None:
    assert at_once(tmp_path / "some.csv", b"a,b\n1," + b"x" * 131_072 + b"\n") is None


def test_a_single_column(tmp_path: Path) -> None:
    assert at_once(tmp_path / "some.csv", b"name\nAnn\n\nBo\n") == {"name": ["Ann", "Bo"]}


def test_many_lines_are_read_in_portions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("identity.at_once._LINES_AT_ONCE", 3)
    rows = [f'"{number}",x' if number % 4 == 0 else f"{number},y" for number in range(10)]
    found = at_once(tmp_path / "some.csv", "\n".join(["n,kind", *rows]).encode())
    assert found == {"n": [str(number) for number in range(10)], "kind": list("xyyyxyyyxy")}


def test_columns_are_texts(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_bytes(b"n\n1\n2\n")
    with path.open("rb") as file:
        found = read_at_once(path, file)
    assert found is not None
    assert found["n"].dtype == pl.String
