"""Every file below a folder, byte by byte; what is compressed is searched as it is and unpacked."""

import bz2
import gzip
import lzma
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from privacy.scans import FILE, Scanned
from privacy.search import Search

PIECE = 1 << 20
PACKED: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\x00": lzma.open}
ZIP = b"PK\x03\x04"
SPOILED = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError)


def scan_folder(folder: Path, search: Search, *, unscanned: list[str]) -> Iterator[tuple[Path, Scanned]]:
    """Search each file below the folder. What cannot be read is added to `unscanned`."""
    for path in sorted(_files(folder, unscanned)):
        try:
            yield path, scan_file(path, search)
        except FileNotFoundError:
            continue  # it was there a moment ago, and is gone: the database makes and deletes files all the time
        except SPOILED as error:
            unscanned.append(f"file {path}: {type(error).__name__}")


def scan_file(path: Path, search: Search) -> Scanned:
    """Search one file, and what is packed in it."""
    size = hits = 0
    for stream in _streams(path):
        with stream:
            read, found = _search(stream, search)
            size, hits = size + read, hits + found
    return Scanned(FILE, str(path), parts=1, bytes=size, values=hits)


def _files(folder: Path, unscanned: list[str]) -> Iterator[Path]:
    """The regular files below a folder; links are not followed, since what they lead to is searched where it is."""

    def cannot(error: OSError) -> None:
        unscanned.append(f"folder {error.filename}: {type(error).__name__}")

    for parent, _, names in os.walk(folder, onerror=cannot):
        for name in names:
            path = Path(parent, name)
            try:
                kind = path.lstat().st_mode
            except FileNotFoundError:
                continue
            if stat.S_ISREG(kind):
                yield path
            elif stat.S_ISLNK(kind):
                unscanned.append(f"link {path}: not followed")


def _streams(path: Path) -> Iterator[IO[bytes]]:
    """The file itself, then what is packed in it."""
    file = path.open("rb")
    start = file.peek(8)[:8]
    yield file
    for magic, unpack in PACKED.items():
        if start.startswith(magic):
            yield unpack(path, "rb")
    if start.startswith(ZIP):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield archive.open(name)


def _search(stream: IO[bytes], search: Search) -> tuple[int, int]:
    """How many bytes, and how many hits; a value across two pieces is found once."""
    read = hits = 0
    before = b""
    while piece := stream.read(PIECE):
        read += len(piece)
        hits += search.in_stream(before + piece, overlap=len(before))
        before = (before + piece)[-search.longest :]
    return read, hits
