"""Copies: how many rows like this one came before in the same file.

A row without a message id is known by its content and this number, so that a file may hold two equal sales. Counting
takes no more memory for more rows: the counts stand in a temporary SQLite file that is gone with the process, by hashes
under a key that nobody else ever has. See docs/decisions/copies-of-a-row.md.
"""

import hashlib
import os
import sqlite3

CACHE_KILOBYTES = 32_000
COUNT = """
INSERT INTO seen (row, copies) VALUES (?, 0) ON CONFLICT (row) DO UPDATE SET copies = copies + 1 RETURNING copies
"""


class Copies:
    """Counts equal rows, exactly and in flat memory."""

    def __init__(self) -> None:
        self._key = os.urandom(32)
        # An empty name is a file of SQLite's own, without a name in any folder. Celery's threads do not share it.
        self._counts = sqlite3.connect("", isolation_level=None)
        self._counts.execute("PRAGMA journal_mode = OFF")
        self._counts.execute("PRAGMA synchronous = OFF")
        self._counts.execute(f"PRAGMA cache_size = -{CACHE_KILOBYTES}")
        self._counts.execute("CREATE TABLE seen (row BLOB PRIMARY KEY, copies INTEGER NOT NULL) WITHOUT ROWID")
        self._counts.execute("BEGIN")

    def before(self, row: bytes) -> int:
        """How often this row came before; from now on it has come once more."""
        (copies,) = self._counts.execute(
            COUNT, [hashlib.blake2b(row, digest_size=16, key=self._key).digest()]
        ).fetchone()
        return int(copies)

    def close(self) -> None:
        """Forget them all."""
        self._counts.close()
