"""What one place of a search came to: a table, a sealed field, a file."""

from dataclasses import asdict, dataclass
from typing import Any

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
