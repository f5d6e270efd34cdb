"""Rows of a file, one after the other, and where reading would go on after the last one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from records.envelope import Reject

Row = tuple[int, dict[str, object]]


class NotReadable(ValueError):
    """The file as a whole cannot be read; the message says why and what to do, and holds nothing of its content."""


@dataclass(frozen=True, slots=True)
class Position:
    """So many bytes of the text are read (of a Parquet file: rows), and so many lines."""

    offset: int = 0
    line: int = 0


START = Position()


class Rows:
    """What a reader gives, in order.

    `position` is where another reader goes on with what has not been given yet. `size` grows with each by its bytes of
    text: of Parquet, by as many as its values would be, at least.
    """

    def __init__(
        self, items: Iterator[Row | Reject], *, position: Callable[[], Position], size: Callable[[], int]
    ) -> None:
        self._items = items
        self._position = position
        self._size = size

    def __iter__(self) -> Iterator[Row | Reject]:
        return self

    def __next__(self) -> Row | Reject:
        return next(self._items)

    @property
    def position(self) -> Position:
        return self._position()

    @property
    def size(self) -> int:
        return self._size()
