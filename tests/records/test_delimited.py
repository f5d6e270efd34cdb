"""Delimited text: every separator that people use, and a broken row costs only itself."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.envelope import Reject, Way
from records.readers import delimited
from records.readers.delimited import LINES_A_ROW, LONGEST_HEADER, NoHeader
from records.readers.lines import LONGEST_LINE

ALICE, BOB = {"name": "Alice", "city": "Leeds"}, {"name": "Bob", "city": "York"}


def read(text: str | bytes) -> list[tuple[int, dict[str, object]] | Reject]:
    return list(delimited.read(io.BytesIO(text if isinstance(text, bytes) else text.encode())))


def rows_of(text: str | bytes) -> list[dict[str, object]]:
    items = read(text)
    assert not [item for item in items if isinstance(item, Reject)], items
    return [item[1] for item in items if not isinstance(item, Reject)]


def told(text: str | bytes) -> list[dict[str, object] | tuple[int, str]]:
    """Rows as they are, rejects as line and code."""
    return [(item.position, item.code) if isinstance(item, Reject) else item[1] for item in read(text)]


@pytest.mark.parametrize(
    "text",
    [
        "name,city\nAlice,Leeds\nBob,York\n",
        "name;city\nAlice;Leeds\nBob;York\n",
        "name\tcity\nAlice\tLeeds\nBob\tYork\n",
        "name|city\nAlice|Leeds\nBob|York\n",
        " name  city\n Alice Leeds\n  Bob   York\n",
        "\ufeffname,city\nAlice,Leeds\nBob,York\n",
        "name,city\r\nAlice,Leeds\r\nBob,York\r\n",
        "name,city\nAlice,Leeds\nBob,York",
        'name,city\n"Alice","Leeds"\n Bob , York \n',
        "name,city\n\nAlice,Leeds\n  \nBob,York\n\n",
        'name,"city"\nAlice,Leeds\nBob,York\n',
    ],
)
def test_people_are_read_whatever_sets_the_columns_apart(text: str) -> None:
    assert rows_of(text) == [ALICE, BOB]


def test_lines_are_numbered_as_an_editor_does() -> None:
    items = read('name,city\nAlice,"Le\neds"\n\nBob,York\n')
    assert [item[0] for item in items if not isinstance(item, Reject)] == [2, 5]


def test_quotes_may_hold_separators_quotes_and_lines() -> None:
    assert rows_of('name,city\n"Alice, or ""Ally""","Le\r\neds"\n') == [
        {"name": 'Alice, or "Ally"', "city": "Le\r\neds"}
    ]


def test_an_empty_cell_is_nothing() -> None:
    assert rows_of("name,city\nAlice,\n") == [{"name": "Alice", "city": None}]


def test_a_single_column_is_a_csv_of_one() -> None:
    assert rows_of("name\nAlice Example\n") == [{"name": "Alice Example"}]


def test_columns_without_a_name_are_passed_over() -> None:
    assert rows_of("name,,city,\nAlice,x,Leeds,y\n") == [ALICE]


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("Carol", "The row has 1 cells; the header names 2."),
        ("Carol,Hull,extra", "The row has 3 cells; the header names 2."),
        ('"Carol"s,Hull', "The row cannot be read as CSV: ',' expected after '\"'."),
        ('"Carol,Hull', "A quote is opened and not closed; close it or double it."),
        ("Carol,Hull\rYork", "The row cannot be read as CSV"),
        ("Carol," + "x" * 200_000, "The row cannot be read as CSV: field larger than field limit (131072)."),
    ],
)
def test_a_broken_row_costs_only_itself(broken: str, why: str) -> None:
    first, reject, last = read(f"name,city\nAlice,Leeds\n{broken}\nBob,York\n")
    assert (first, last) == ((2, ALICE), (4, BOB))
    assert isinstance(reject, Reject)
    assert (reject.position, reject.code, reject.body) == (3, "broken_row", f"{broken}\n".encode())
    assert reject.message.startswith(why)


def test_rows_with_unclosed_quotes_one_after_another_cost_only_themselves() -> None:
    text = 'name,city\n"Carol,Hull\nAlice,Leeds\n"Dave,Hull\n"Erin,Hull\nBob,York\n'
    assert told(text) == [(2, "broken_row"), ALICE, (4, "broken_row"), (5, "broken_row"), BOB]


def test_an_unclosed_quote_does_not_swallow_a_long_file() -> None:
    text = 'name,city\n"Carol,Hull\n' + "Alice,Leeds\n" * 100 + '"Bob",York\n'
    assert told(text) == [(2, "broken_row"), *[ALICE] * 100, BOB]


def test_no_more_than_a_few_lines_are_held_for_an_open_quote() -> None:
    file = io.BytesIO(b'name,city\n"Carol,Hull\n' + b"Alice,Leeds\n" * 1_000)
    assert isinstance(next(iter(delimited.read(file))), Reject)
    assert file.tell() == len(b'name,city\n"Carol,Hull\n' + b"Alice,Leeds\n" * LINES_A_ROW)


def test_an_unclosed_quote_at_the_end_costs_only_itself() -> None:
    assert told('name,city\nAlice,Leeds\n"Carol,Hull\nBob,York') == [ALICE, (3, "broken_row"), BOB]


def test_what_is_not_utf8_costs_only_itself_and_names_the_byte() -> None:
    items = read(b"name,city\nAlice,Leeds\nZo\xeb,York\nBob,York\n")
    reject = items[1]
    assert isinstance(reject, Reject)
    assert (reject.position, reject.code, reject.body) == (3, "invalid_utf8", b"Zo\xeb,York\n")
    assert reject.message == "The row is not UTF-8: its byte 3 cannot be read."
    assert [items[0], items[2]] == [(2, ALICE), (4, BOB)]


def test_a_row_of_several_lines_that_is_not_utf8_is_one_row() -> None:
    assert told(b'name,city\n"Zo\xeb\nExample",York\nBob,York\n') == [(2, "invalid_utf8"), BOB]
    assert told(b'name,city\n"Carol,Hull\nAlice,Leeds\nZo\xeb","York\n') == [
        (2, "broken_row"),
        ALICE,
        (4, "broken_row"),
    ]


def test_columns_set_apart_by_spaces_may_be_broken_too() -> None:
    text = b"name city\nAlice Leeds\nCarol\nZo\xeb York\nBob York\n"
    assert told(text) == [ALICE, (3, "broken_row"), (4, "invalid_utf8"), BOB]


@pytest.mark.parametrize("size", [LONGEST_LINE, LONGEST_LINE + 5, 3 * LONGEST_LINE])
def test_a_huge_line_costs_only_itself(size: int) -> None:
    # Its rest, taken for a row of its own, would be a person nobody sent.
    tail = "\nMallory,Hull"
    huge = "Carol," + "x" * (size - 20) + ",Mallory,Hull" + "x"
    text = f"name,city\nAlice,Leeds\n{huge}{'x' * 20}\nBob,York{tail}\n"
    items = read(text)
    reject = items[1]
    assert isinstance(reject, Reject)
    assert (reject.position, reject.code, reject.body) == (3, "too_large", None)
    assert reject.size == len(huge) + 21
    assert told(text) == [ALICE, (3, "too_large"), BOB, {"name": "Mallory", "city": "Hull"}]


def test_a_huge_line_within_open_quotes_is_not_lost() -> None:
    text = 'name,city\n"Carol,Hull\n' + "x" * (LONGEST_LINE + 5) + "\nBob,York\n"
    assert told(text) == [(2, "broken_row"), (3, "too_large"), BOB]


@pytest.mark.parametrize(("length", "kept"), [(LONGEST_HEADER - 4, True), (LONGEST_HEADER - 3, False)])
def test_a_broken_row_keeps_a_header_of_bounded_length(length: int, kept: bool) -> None:
    long = "x" * length
    (reject,) = read(f"name,{long}\nAlice\n")
    assert isinstance(reject, Reject)
    assert reject.way == (Way(columns=["name", long], separator=",") if kept else Way())


def test_a_header_alone_has_no_rows() -> None:
    assert read("name,city\n") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "the file is empty"),
        (b"\n", "the first line is empty"),
        (b"\xef\xbb\xbf\nAlice\n", "the first line is empty"),
        (b",,\nAlice,Leeds,\n", "the first line is empty"),
        (b"na\xefme,city\n", "the first line is not UTF-8"),
        ("name,city\n".encode("utf-16"), "the first line is not UTF-8"),
        (b"name,city,name\nAlice,Leeds,Ally\n", "columns 1 and 3 have the same name"),
        (
            ",".join(f"c{n}" for n in range(2_001)).encode(),
            "the first line names 2,001 columns; at most 2,000 are read",
        ),
        (",".join([*map(str, range(1_999)), "7"]).encode(), "columns 8 and 2000 have the same name"),
        (b'"name,city\nAlice,Leeds\n', "the first line cannot be read as CSV"),
        (b"name,city\rAlice,Leeds\r", "the first line cannot be read as CSV"),
        (b"x" * (LONGEST_LINE + 1), "the first line is too long"),
    ],
)
def test_a_file_without_a_header_says_so(text: bytes, why: str) -> None:
    with pytest.raises(NoHeader, match=why):
        read(text)


@given(st.lists(st.binary(max_size=40), max_size=12))
def test_any_bytes_are_read_or_refused_and_good_rows_survive(lines: list[bytes]) -> None:
    broken = b"\n".join(line.replace(b"\n", b"") for line in lines)
    # Thirty-one good lines behind it: an open quote reaches no further than thirty.
    found = told(b"name,city\n" + broken + b"\n" + b"Alice,Leeds\n" * 31)
    assert found[-1] == ALICE
    if broken.count(b'"') == 0:
        assert found[-31:] == [ALICE] * 31
