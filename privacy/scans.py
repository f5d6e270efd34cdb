"""What the searches of tables, sealed fields and files have in common: what one place came to, and texts by parts."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

PART = 1 << 20
TABLE, SEALED_FIELD, FILE = "table", "sealed field", "file"


@dataclass(frozen=True)
class Scanned:
    """A place that was searched: what is in it, and in how many of its parts the person was found.

    `parts` are rows of a table, values of a sealed field, files of a folder. `kept`: why rows that name the person by
    id or keyed hash stay there; then only values count. `unopened`: sealed values that nobody can open any more.
    """

    kind: str
    name: str
    parts: int = 0
    bytes: int = 0
    values: int = 0
    ids: int = 0
    unopened: int = 0
    kept: str = ""

    @property
    def hits(self) -> int:
        """What should not be there."""
        return self.values + (0 if self.kept else self.ids)

    def as_json(self) -> dict[str, Any]:
        """Counts and names, without what is nought."""
        return {name: value for name, value in asdict(self).items() if value or name == "parts"} | {"hits": self.hits}


def in_parts(texts: Iterable[bytes]) -> Iterator[list[bytes]]:
    """These texts, about a megabyte at a time: what is searched together stays small whatever they are."""
    part: list[bytes] = []
    size = 0
    for text in texts:
        part.append(text)
        size += len(text)
        if size >= PART:
            yield part
            part, size = [], 0
    if part:
        yield part
