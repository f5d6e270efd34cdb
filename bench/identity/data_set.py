"""What a data set is."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DataSet:
    """A CSV file, the columns that number the record and the person, and which of Splink's set-ups is for it.

    `path` is None where the data is absent.
    """

    name: str
    path: Path | None
    setup: str
    id: str = "rec_id"
    truth: str = "true_id"
