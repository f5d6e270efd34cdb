"""Files about people are written whole or not at all, and for their owner alone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to that takes this path's place once all of it is written; nobody else may read it."""
    partial = path.with_name(path.name + ".partial")
    partial.unlink(missing_ok=True)
    # A file of its own: a link that somebody put there is not followed.
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
    os.replace(partial, path)
