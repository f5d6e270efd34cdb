"""Lines of a file, numbered, of bounded length; some may be put back to be read again."""

from collections import deque
from collections.abc import Sequence
from typing import BinaryIO

from msgspec.structs import replace

from records.envelope import Reject, Unreadable
from records.readers.position import Position

LONGEST_LINE = 1_000_000

Line = tuple[int, bytes]


class Lines:
    """Reads a file line by line. A line beyond all measure is skipped as a whole and costs only itself.

    A line of more than `most` bytes, which may be set in between, is not given either.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.most = LONGEST_LINE
        self._file = file
        self._again: deque[Line | Reject] = deque()
        self._number = 0
        self._offset = 0

    @property
    def position(self) -> Position:
        """Behind the last line that was given and not put back."""
        return Position(self.offset, self._number - len(self._again))

    @property
    def offset(self) -> int:
        """How many bytes of the file were given and not put back."""
        return self._offset - sum(map(_size, self._again)) if self._again else self._offset

    def go_on(self, position: Position) -> None:
        """Read on from there."""
        self._file.seek(position.offset)
        self._again.clear()
        self._offset, self._number = position.offset, position.line

    def next(self) -> Line | Reject | None:
        """The next line with its number; a reject for one that is too long; None at the end."""
        if self._again:
            return self._again.popleft()
        line = self._file.readline(LONGEST_LINE)
        if not line:
            return None
        self._number += 1
        self._offset += len(line)
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            return self._skip_rest(line)
        if len(line) > self.most:
            return _too_large(len(line), self.most).as_reject(self._number, line, keep=False)
        return self._number, line

    def put_back(self, lines: Sequence[Line | Reject]) -> None:
        """Let these lines, the last ones read, be read again."""
        self._again.extendleft(reversed(lines))

    def _skip_rest(self, start: bytes) -> Reject:
        size = len(start)
        while rest := self._file.readline(LONGEST_LINE):
            size += len(rest)
            self._offset += len(rest)
            if rest.endswith(b"\n"):
                break
        return replace(_too_large(size, self.most).as_reject(self._number, start, keep=False), size=size)


def _too_large(size: int, most: int) -> Unreadable:
    return Unreadable("too_large", "", f"The line has {size} bytes; at most {min(most, LONGEST_LINE)}.")


def _size(line: Line | Reject) -> int:
    return line.size if isinstance(line, Reject) else len(line[1])
