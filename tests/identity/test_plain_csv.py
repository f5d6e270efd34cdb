"""A CSV without quotes is read in one go only where each of its lines is a row."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from identity.plain_csv import read_plain
from records.readers import delimited

cells = st.text("ab \t\\é0", max_size=4)


def plain(path: Path, content: bytes) -> list[tuple[str, ...]] | None:
    path.write_bytes(content)
    with path.open("rb") as file:
        found = read_plain(path, file, delimited.header(file))
    return None if found is None else found.rows()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(cells, min_size=1, max_size=3), min_size=1, max_size=5), st.sampled_from(("\n", "\r\n")))
def test_rows_of_the_same_width_are_read_and_no_others(tmp_path: Path, rows: list[list[str]], end: str) -> None:
    content = end.join(["x,y", *(",".join(row) for row in rows)]) + end
    expected = [tuple(row) for row in rows] if all(len(row) == 2 for row in rows) else None
    assert plain(tmp_path / "some.csv", content.encode()) == expected


@pytest.mark.parametrize(
    "content",
    [
        b"a,b\n,\n\n,,\n",
        b"a,b\n1\n1,2,3\n",
        b"a,b\n1,2,3\n1\n",
        b"a,b\n1,2\r3\n",
        b"a,b\n1,2\r\r\n",
        b"a,b\n1,2\r",
        b"a,b\n1,2\n\n",
        b'a,b\n1,"2"\n',
        b"a,b\n1,\x00\n",
        b"a,b\n1,\xff\n",
        b"a,b\n\xef\xbb\xbf1,2\n",
        b"a,b\n",
        b"a\n1\n",
        b"a\tb\n1\t2\n\t\n",
        b"a,b\n" + b"x" * 65_536 + b"," + b"y" * 65_536 + b"\n",
    ],
)
def test_what_must_be_looked_at_line_by_line(tmp_path: Path, content: bytes) -> None:
    assert plain(tmp_path / "some.csv", content) is None


def test_a_row_and_its_end_may_lie_in_two_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [("ä", str(number)) for number in range(30)]
    content = "\ufeffsep=;\r\na;b\r\n" + "\r\n".join(";".join(row) for row in rows)
    for size in range(1, 9):
        monkeypatch.setattr("identity.plain_csv._PIECE", size)
        assert plain(tmp_path / "some.csv", content.encode()) == rows
        assert plain(tmp_path / "some.csv", content.encode() + b"\r") is None


def test_the_last_line_needs_no_end(tmp_path: Path) -> None:
    assert plain(tmp_path / "some*.csv", b"a,b\n1,2\n, 4") == [("1", "2"), ("", " 4")]
