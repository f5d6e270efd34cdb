"""Readers of files: each yields rows with their line, and what could not be read with its reason.

What a file is, its bytes say: its format, whether it is packed, its encoding. Its name is only asked between CSV and
JSON lines.
"""

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import PurePath
from types import ModuleType
from typing import BinaryIO, Protocol, cast

from records.readers import delimited, ndjson
from records.readers.charset import UTF8, Recoded, Sample, known
from records.readers.lines import LONGEST_LINE
from records.readers.packed import MAGIC as GZIP
from records.readers.packed import Unpacked
from records.readers.position import START, NotReadable, Position, Row, Rows

__all__ = ["CSV", "NDJSON", "PARQUET", "START", "Nature", "NotReadable", "Position", "Reader", "Row", "Rows"]


class Reader(Protocol):
    """Gives the rows of UTF-8 text from there on; a line of more than `most` bytes is a reject."""

    def __call__(self, file: BinaryIO, start: Position = START, *, most: int = LONGEST_LINE) -> Rows: ...


CSV, NDJSON, PARQUET = "csv", "ndjson", "parquet"
READERS: dict[str, Reader] = {CSV: delimited.read, NDJSON: ndjson.read}
JSON_ENDINGS = frozenset({".ndjson", ".jsonl", ".json"})
PARQUET_MAGIC = b"PAR1"
# What people send by mistake, by its first bytes.
OTHERS = {
    b"PK\x03\x04": "a ZIP archive or an Excel workbook; unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook; save it as CSV",
    b"%PDF": "a PDF; export the data as CSV",
    b"BZh": "packed with bzip2; unpack it, or pack it with gzip",
    b"\xfd7zXZ": "packed with xz; unpack it, or pack it with gzip",
    b"(\xb5/\xfd": "packed with zstd; unpack it, or pack it with gzip",
    b"7z\xbc\xaf": "a 7z archive; unpack it, or pack it with gzip",
    b"ORC": "an ORC file; export it as Parquet",
    b"Obj\x01": "an Avro file; export it as Parquet",
}
PIECE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Nature:
    """What a file is, and by what it is known again: `digest` is the SHA-256 of all its bytes, if it was asked for."""

    format: str
    packed: bool
    encoding: str
    size: int
    digest: str


def examine(file: BinaryIO, *, name: str = "", encoding: str = "", region: str = "", to_know: bool = True) -> Nature:
    """What this file is, after one look at all of it. Raises `NotReadable`, saying why and what to do.

    `encoding` is taken as given; without it the encoding is found, with the region's code page as a first guess. Unless
    it is `to_know` again, there is no digest, which is most of the work.
    """
    encoding = known(encoding) if encoding else ""
    digest, size, sample = hashlib.sha256(), 0, Sample()
    file.seek(0)
    first = file.read(PIECE)
    packed = first.startswith(GZIP)
    is_parquet = first.startswith(PARQUET_MAGIC)
    _must_be_known(first)
    for piece in _pieces(file, first):
        if to_know:
            digest.update(piece)
        size += len(piece)
        if not packed and not is_parquet:
            sample.feed(piece)
    if packed:
        _sample_unpacked(file, size, sample)
    file.seek(0)
    if is_parquet:
        return Nature(PARQUET, False, "", size, digest.hexdigest() if to_know else "")
    if packed:
        _must_be_known(sample.head)
        if sample.head.startswith(PARQUET_MAGIC):
            raise NotReadable("this is a Parquet file packed with gzip; unpack it, it is packed inside already")
    encoding = encoding or sample.encoding(region)
    format = _format(sample.head.decode(encoding, "replace"), name)
    return Nature(format, packed, encoding, size, digest.hexdigest() if to_know else "")


def rows_of(file: BinaryIO, nature: Nature, start: Position = START, *, most: int | None = None) -> Rows:
    """The rows of this file from there on; one of more than `most` bytes is a reject, and is not even parsed.

    Raises `NotReadable`, also while they are read.
    """
    if nature.format == PARQUET:
        rows: Rows = _parquet().read(file, start, most=most, size=nature.size)
        return rows
    return READERS[nature.format](text_of(file, nature), start, most=most or LONGEST_LINE)


def columns_of(file: BinaryIO, nature: Nature) -> list[str]:
    """The names of the columns, where the file names them once for all. Raises `NotReadable`."""
    if nature.format == PARQUET:
        names: list[str] = _parquet().columns(file)
        return names
    return delimited.columns(text_of(file, nature)) if nature.format == CSV else []


def text_of(file: BinaryIO, nature: Nature) -> BinaryIO:
    """The file's text as UTF-8, unpacked."""
    file.seek(0)
    text = cast(BinaryIO, io.BufferedReader(Unpacked(file, size=nature.size), PIECE)) if nature.packed else file
    if nature.encoding == UTF8:
        return text
    return cast(BinaryIO, io.BufferedReader(Recoded(cast(io.BufferedIOBase, text), nature.encoding), PIECE))


def _parquet() -> ModuleType:
    """The reader of Parquet: with Arrow, that takes longer to load than all the others, and most files are none."""
    return import_module("records.readers.parquet")


def _pieces(file: BinaryIO, first: bytes) -> Iterator[bytes]:
    piece = first
    while piece:
        yield piece
        piece = file.read(PIECE)


def _sample_unpacked(file: BinaryIO, size: int, sample: Sample) -> None:
    file.seek(0)
    text = io.BufferedReader(Unpacked(file, size=size), PIECE)
    while piece := text.read(PIECE):
        sample.feed(piece)


def _must_be_known(head: bytes) -> None:
    for magic, what in OTHERS.items():
        if head.startswith(magic):
            raise NotReadable(f"this is {what}")


def _format(head: str, name: str) -> str:
    text = head.lstrip("\ufeff \t\r\n")
    if not text:
        raise NotReadable("the file is empty; its first line must name the columns")
    named = PurePath(PurePath(name).stem if name.casefold().endswith(".gz") else name).suffix.casefold()
    if text.startswith("["):
        raise NotReadable("this is one JSON array; write each of its objects on a line of its own")
    if text.startswith("{") or named in JSON_ENDINGS:
        return NDJSON
    if text.startswith("<"):
        raise NotReadable("this is XML or HTML; give CSV, JSON lines or Parquet")
    return CSV
