"""Gzip: unpacked as it is read, and only so far as it is believed."""

import gzip
import io
import zlib
from typing import BinaryIO

from records.readers.position import NotReadable

MAGIC = b"\x1f\x8b"
# Text shrinks to a tenth or a twentieth; what grows beyond this is made to fill disks and days.
MOST_TIMES = 200
ALWAYS_ALLOWED = 100_000_000
PIECE = 256 * 1024


def most_of(size: int) -> int:
    """How many bytes may come out of a packed file of this size."""
    return max(ALWAYS_ALLOWED, MOST_TIMES * size)


class Unpacked(io.RawIOBase):
    """What a gzip file holds. Raises `NotReadable` where it is broken, or unpacks to more than can be meant."""

    def __init__(self, file: BinaryIO, *, size: int) -> None:
        self._gzip = gzip.GzipFile(fileobj=file)
        self._most = most_of(size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            piece = self._gzip.read1(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise NotReadable("the gzip file is cut or damaged; pack it again") from None
        if self._gzip.tell() > self._most:
            raise NotReadable(
                f"the gzip file unpacks to more than {MOST_TIMES} times its size, as no export does; send it unpacked"
            )
        buffer[: len(piece)] = piece
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Found by unpacking up to it."""
        if whence == io.SEEK_CUR and offset == 0:
            return self._gzip.tell()
        return self._gzip.seek(offset, whence)

    def tell(self) -> int:
        return self._gzip.tell()
