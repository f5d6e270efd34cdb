"""What a file is, its bytes say; what is none of ours is named, with the way out."""

import gzip
import io
import os
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow
import pytest
from pyarrow import parquet

from records.envelope import Reject
from records.readers import CSV, NDJSON, PARQUET, NotReadable, Position, examine, packed, rows_of
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
