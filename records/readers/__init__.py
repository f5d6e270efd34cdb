"""Readers of files: each yields rows with their line, and what could not be read with its reason."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

from records.envelope import Reject
from records.readers import delimited, ndjson

Row = tuple[int, dict[str, object]]
Reader = Callable[[BinaryIO], Iterator[Row | Reject]]
JSON_ENDINGS = frozenset({".ndjson", ".jsonl", ".json"})


def reader_for(path: Path) -> Reader:
    """The reader for this file: by its ending, JSON lines, otherwise delimited text."""
    return ndjson.read if path.suffix.casefold() in JSON_ENDINGS else delimited.read
