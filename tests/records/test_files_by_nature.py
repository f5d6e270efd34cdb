"""What a file is, its bytes say; what is none of ours is named, with the way out."""

import gzip
import io
import os
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import orjson
import pyarrow
import pytest
from pyarrow import parquet

from records.envelope import Reject
from records.readers import CSV, NDJSON, PARQUET, Nature, NotReadable, Position, examine, packed, rows_of
from records.readers import parquet as parquet_reader
from records.readers.position import START

TEXT = "name,city\n" + "".join(f"Alice {number},Leeds\n" for number in range(5_000))
OBJECTS = "".join(f'{{"name": "Alice {number}", "city": "Leeds"}}\n' for number in range(5_000))


def table(rows: int, group: int) -> bytes:
    """A Parquet file of so many rows, in groups of that size."""
    file = io.BytesIO()
    content = pyarrow.table({"name": [f"Alice {number}" for number in range(rows)], "city": ["Leeds"] * rows})
    parquet.write_table(content, file, row_group_size=group)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "format", "is_packed"),
    [
        (TEXT.encode(), CSV, False),
        (gzip.compress(TEXT.encode(), mtime=0), CSV, True),
        (gzip.compress(TEXT.encode("utf-16"), mtime=0), CSV, True),
        (OBJECTS.encode(), NDJSON, False),
        (gzip.compress(OBJECTS.encode(), mtime=0), NDJSON, True),
        (table(5_000, 1_000), PARQUET, False),
    ],
)
@pytest.mark.parametrize("name", ["", "data.bin", "sales.txt.gz"])
def test_a_file_is_known_by_its_bytes(content: bytes, format: str, is_packed: bool, name: str) -> None:
    file = io.BytesIO(content)
    nature = examine(file, name=name)
    assert (nature.format, nature.packed, nature.size) == (format, is_packed, len(content))
    rows = [row for _, row in rows_of(file, nature)]
    assert rows == [{"name": f"Alice {number}", "city": "Leeds"} for number in range(5_000)]


@pytest.mark.parametrize("content", [TEXT.encode(), gzip.compress(TEXT.encode(), mtime=0), table(5_000, 1_000)])
def test_what_need_not_be_known_again_has_no_digest(content: bytes) -> None:
    file = io.BytesIO(content)
    assert examine(file, to_know=False) == replace(examine(file), digest="")
    assert len(examine(file).digest) == 64


@pytest.mark.parametrize(
    "content",
    [TEXT.encode(), gzip.compress(TEXT.encode(), mtime=0), OBJECTS.encode(), table(5_000, 700), table(5_000, 9_000)],
)
@pytest.mark.parametrize("taken", [1, 699, 700, 701, 3_333, 4_999])
def test_reading_goes_on_where_it_stopped(content: bytes, taken: int) -> None:
    file = io.BytesIO(content)
    nature = examine(file)
    items = rows_of(file, nature)
    first = [next(items) for _ in range(taken)]
    rest = list(rows_of(file, nature, items.position))
    assert [*first, *rest] == list(rows_of(file, nature))


def test_reading_goes_on_behind_a_row_that_was_given_up() -> None:
    file = io.BytesIO(b'name,city\nAlice,Leeds\nBob,"York\nCarol,Leeds\nDan,"Bath\n\nEve,Hull\n')
    nature = examine(file)
    whole = list(rows_of(file, nature))
    for taken in range(1, len(whole)):
        items = rows_of(file, nature)
        first = [next(items) for _ in range(taken)]
        assert [*first, *rows_of(file, nature, items.position)] == whole


def test_values_of_parquet_are_those_of_json() -> None:
    file = io.BytesIO()
    row = {
        "born": date(1980, 5, 4),
        "at": datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
        "total": Decimal("12.50"),
        "number": 7,
        "rate": 0.5,
        "member": True,
        "nothing": None,
        "key": b"abc",
        "address": {"city": "Leeds", "since": date(2020, 1, 2)},
        "tags": ["a", "b"],
    }
    parquet.write_table(pyarrow.Table.from_pylist([row]), file)
    assert list(rows_of(file, examine(file))) == [
        (
            1,
            {
                **row,
                "born": "1980-05-04",
                "at": "2026-11-20T10:00:00+00:00",
                "total": "12.50",
                "key": "abc",
                "address": {"city": "Leeds", "since": "2020-01-02"},
            },
        )
    ]


def test_a_cell_that_has_no_value_here_costs_only_its_row() -> None:
    file = io.BytesIO()
    columns = {
        "number": [1, 2, 3, 4],
        "at": pyarrow.array([0, 10**12, 10**12, 0], pyarrow.timestamp("s")),
        "name": pyarrow.array([b"Alice", b"Bob", b"Bob", b"\xff"]).view(pyarrow.string()),
    }
    parquet.write_table(pyarrow.table(columns), file)
    first, *others = rows_of(file, examine(file))
    assert first == (1, {"number": 1, "at": "1970-01-01T00:00:00", "name": "Alice"})
    rejects = [other for other in others if isinstance(other, Reject)]
    assert [(one.position, one.code, one.field) for one in rejects] == [
        (2, "unreadable", "at"),
        (3, "unreadable", "at"),
        (4, "unreadable", "name"),
    ]
    assert rejects[0].body == b'{"number":2,"name":"Bob"}'


def a_zip() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo("sales.csv"), TEXT)
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "the file is empty; its first line must name the columns"),
        (b"\xef\xbb\xbf", "the file is empty; its first line must name the columns"),
        (b" \n\n", "the file is empty; its first line must name the columns"),
        (gzip.compress(b"", mtime=0), "the file is empty; its first line must name the columns"),
        (a_zip(), "this is a ZIP archive or an Excel workbook; unpack it, or save it as CSV"),
        (gzip.compress(a_zip(), mtime=0), "this is a ZIP archive or an Excel workbook; unpack it, or save it as CSV"),
        (b"%PDF-1.7", "this is a PDF; export the data as CSV"),
        (b'[{"name": "Alice"}]', "this is one JSON array; write each of its objects on a line of its own"),
        (b"<?xml version='1.0'?>", "this is XML or HTML; give CSV, JSON lines or Parquet"),
        (os.urandom(8).hex().encode() + bytes(range(32)) * 40, "this is no text; give CSV, JSON lines or Parquet"),
        (
            gzip.compress(table(5, 5), mtime=0),
            "this is a Parquet file packed with gzip; unpack it, it is packed inside already",
        ),
        (gzip.compress(TEXT.encode(), mtime=0)[:-20], "the gzip file is cut or damaged; pack it again"),
        (
            gzip.compress(TEXT.encode(), mtime=0).replace(b"\x00", b"\x01"),
            "the gzip file is cut or damaged; pack it again",
        ),
        (table(50, 5)[:-30], "this is not a whole Parquet file; export it again"),
        (b"name,name\nAlice,Bob\n", "columns 1 and 2 have the same name; give each its own"),
        (
            b"Smith,+44 20 7946 0018\nJones,+44 20 7946 0019\n",
            "the first line must name the columns, and its column 2 looks like data; add a header",
        ),
    ],
)
def test_what_cannot_be_read_is_named_with_the_way_out(content: bytes, why: str) -> None:
    file = io.BytesIO(content)
    with pytest.raises(NotReadable) as raised:
        list(rows_of(file, examine(file)))
    assert str(raised.value) == why


def test_an_array_is_named_whatever_its_file_is_called() -> None:
    with pytest.raises(NotReadable, match="this is one JSON array"):
        examine(io.BytesIO(b'[{"name": "Alice"}]'), name="people.json")


def test_a_bomb_is_put_away_before_it_is_unpacked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "ALWAYS_ALLOWED", 1_000_000)
    bomb = gzip.compress(b"name,city\n" + b"0" * 50_000_000, mtime=0)
    with pytest.raises(NotReadable, match="unpacks to more than 200 times its size, as no export does; send it unpac"):
        examine(io.BytesIO(bomb))


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_reader, "parquet", None)
    file = io.BytesIO(table(5, 5))
    with pytest.raises(NotReadable, match=r"reading Parquet needs pyarrow; install it with: pip install --no-deps"):
        rows_of(file, examine(file))


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (b"sep=;\nname;city\nAlice;Leeds\n", ["name", "city"]),
        (b'"name, first";city\nAlice;Leeds\n', ["name, first", "city"]),
        (b"name|city\nAlice|Leeds\n", ["name", "city"]),
        (b"name\tcity\nAlice\tLeeds\n", ["name", "city"]),
    ],
)
def test_the_dialect_is_found(text: bytes, columns: list[str]) -> None:
    file = io.BytesIO(text)
    ((_, row),) = rows_of(file, examine(file))
    assert row == dict(zip(columns, ["Alice", "Leeds"], strict=True))


def test_the_start_is_the_start() -> None:
    assert Position() == START


@pytest.mark.parametrize(
    ("before", "row"),
    [("name,city\n", "{},Leeds\n"), ("name city\n", "{} Leeds\n"), ("", '{{"name": "{}", "city": "Leeds"}}\n')],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_lines_that_are_too_long_for_their_source_are_not_parsed(before: str, row: str, pack: Any) -> None:
    text = before + "".join(row.format(name) for name in ("Alice", "x" * 990 + "a", "x" * 990 + "b", "Bob"))
    file = io.BytesIO(pack(text.encode()))
    nature = examine(file)
    first, *rejects, last = rows_of(file, nature, most=900)
    assert (first[1], last[1]) == ({"name": "Alice", "city": "Leeds"}, {"name": "Bob", "city": "Leeds"})  # type: ignore[index]
    size = len(row.format("x" * 991))
    assert [(one.code, one.body, one.size) for one in rejects] == [("too_large", None, size)] * 2  # type: ignore[union-attr]
    assert rejects[0].message == f"The line has {size} bytes; at most 900."  # type: ignore[union-attr]
    assert rejects[0].message_hash != rejects[1].message_hash  # type: ignore[union-attr]
    items = rows_of(file, nature, most=900)
    assert [next(items), next(items)] == [first, rejects[0]]
    assert list(rows_of(file, nature, items.position, most=900)) == [rejects[1], last]


def test_a_header_may_be_longer_than_a_row() -> None:
    names = [f"column_{number}" for number in range(200)]
    file = io.BytesIO(",".join(names).encode() + b"\n" + b",".join([b"1"] * 200) + b"\n")
    assert list(rows_of(file, examine(file), most=900)) == [(2, dict.fromkeys(names, "1"))]


def written(**columns: Any) -> tuple[io.BytesIO, Nature]:
    """A Parquet file with these columns."""
    file = io.BytesIO()
    parquet.write_table(pyarrow.table(columns), file, compression="zstd")
    return file, examine(file)


HUGE = "x" * 5_000


@pytest.mark.parametrize(
    "large",
    [
        [HUGE, "b", HUGE],
        pyarrow.array([HUGE, "b", HUGE]).dictionary_encode(),
        pyarrow.array([HUGE.encode(), b"b", HUGE.encode()], pyarrow.large_binary()),
        [[HUGE], ["b"], [HUGE]],
        [{"of": {"it": HUGE}}, {"of": {"it": "b"}}, {"of": {"it": HUGE}}],
        [[{"it": HUGE}] * 3, [{"it": "b"}], [{"it": HUGE}, None]],
        [[7] * 6_000, [7], [7] * 6_000],
        [[None] * 6_000, [], [None] * 6_000],
        pyarrow.array(
            [[("it", HUGE)], [("it", "b")], [("it", HUGE)]], pyarrow.map_(pyarrow.string(), pyarrow.string())
        ),
        pyarrow.array([[HUGE, "x"], ["b", "b"], [HUGE, "x"]], pyarrow.list_(pyarrow.string(), 2)),
    ],
)
def test_rows_of_parquet_that_are_too_large_cost_only_themselves(large: Any) -> None:
    file, nature = written(name=["Alice", "Bob", "Carol"], large=large)
    whole = list(rows_of(file, nature))
    first, second, third = rows_of(file, nature, most=4_000)
    assert second == whole[1]
    assert isinstance(first, Reject)
    assert isinstance(third, Reject)
    assert (first.position, first.code, first.body, third.position) == (1, "too_large", None, 3)
    assert first.size > 5_000
    assert first.message_hash != third.message_hash
    assert list(rows_of(file, nature, most=4_000)) == [first, second, third]
    # Nothing is too large that would not be as text: an object with its names is longer than its values.
    assert all(
        reject.size <= len(orjson.dumps(row)) for reject, (_, row) in zip((first, third), whole[::2], strict=True)
    )  # type: ignore[misc]


def test_rows_of_parquet_are_the_same_whatever_their_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    names = [None if number % 7 == 0 else f"Alice {number % 10}" for number in range(3_000)]
    tags = [[name, "x"] if name else None for name in names]
    file, nature = written(name=names, tags=tags, number=list(range(3_000)))
    rows = [(at, {"name": names[at - 1], "tags": tags[at - 1], "number": at - 1}) for at in range(1, 3_001)]
    assert list(rows_of(file, nature)) == rows
    monkeypatch.setattr(parquet_reader, "SLICE_BYTES", 100)
    assert list(rows_of(file, nature, most=90)) == rows


def test_a_parquet_file_that_unpacks_to_more_than_can_be_meant_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "ALWAYS_ALLOWED", 1_000_000)
    why = "the Parquet file unpacks to more than 200 times its size, as no export does; send it as CSV"
    file, nature = written(name=["x" * 2_000_000])
    with pytest.raises(NotReadable) as raised:
        rows_of(file, nature)
    assert str(raised.value) == why
    file, nature = written(name=[HUGE] * 1_000)
    rows = rows_of(file, nature)
    with pytest.raises(NotReadable) as raised:
        list(rows)
    assert str(raised.value) == why


@pytest.mark.parametrize("most", [32_768, None])
def test_what_stands_once_in_a_parquet_file_stands_once_in_memory(most: int | None) -> None:
    file, nature = written(card=["x" * 500_000] * 190, cards=[["x" * 500_000] * 2] * 190)
    usual = pyarrow.default_memory_pool()
    pool = pyarrow.proxy_memory_pool(usual)
    pyarrow.set_memory_pool(pool)
    try:
        with pytest.raises(NotReadable):
            list(rows_of(file, nature, most=most))
    finally:
        pyarrow.set_memory_pool(usual)
    assert 1_000_000 < pool.max_memory() < 10_000_000


def test_a_parquet_file_with_endless_lists_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_reader, "MOST_ELEMENTS", 100_000)
    file, nature = written(name=[[7] * 200_000])
    with pytest.raises(
        NotReadable, match="the lists in the Parquet file have too many elements; export it with smalle"
    ):
        rows_of(file, nature)
    file, nature = written(name=[[7] * 99_000])
    assert len(list(rows_of(file, nature))) == 1


def test_a_parquet_file_of_too_many_columns_is_refused() -> None:
    file, nature = written(**{f"c{number}": [1] for number in range(2_001)})
    with pytest.raises(NotReadable, match="the file has 2,001 columns; at most 2,000 are read"):
        rows_of(file, nature)
