"""The files of the PostgreSQL server, where this machine can reach them: settled before, and cleaned after, a search.

A deleted row stays in its page until the page is written anew, and in the write-ahead log until that is recycled. So
tables are vacuumed first; where a search still finds a value in a table's file, the table is rewritten.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError, connections

DATABASES = ("default", "keystore")
# VACUUM FULL locks a table while it copies it: a second or two for this much.
LARGEST_REWRITTEN = 256 << 20
OF_A_TABLE = re.compile(r"base/(\d+)/(\d+)(?:\.\d+|_fsm|_vm|_init)?$")
# The table behind a file: the table itself, the one whose long values it holds, or the one that it is an index of.
TABLE_OF_FILE = """
SELECT coalesce(pg_index.indrelid, owner.oid, file.oid)::regclass::text
FROM pg_class AS file
LEFT JOIN pg_index ON pg_index.indexrelid = file.oid
LEFT JOIN pg_class AS owner ON owner.reltoastrelid = coalesce(pg_index.indrelid, file.oid)
WHERE file.oid = pg_filenode_relation(0, %s)
"""


# The planner's statistics hold samples of values. ANALYZE makes them anew, but leaves those of a table that is empty.
FORGET_STATISTICS = """
DELETE FROM pg_statistic WHERE starelid IN (
    SELECT relid FROM unnest(ARRAY[{}]) AS root, LATERAL pg_partition_tree(root)
    UNION SELECT unnest(ARRAY[{}])
)
"""


@dataclass(frozen=True)
class Server:
    """One database's server: its data folder, if this process can read it."""

    database: str
    folder: Path | None
    why_not: str = ""


def servers() -> list[Server]:
    """The server of each database, and where its files are."""
    return [_server(database) for database in DATABASES]


def _server(database: str) -> Server:
    try:
        with connections[database].cursor() as cursor:
            cursor.execute("SELECT current_setting('data_directory'), pg_postmaster_start_time()")
            folder = Path(cursor.fetchone()[0])
    except DatabaseError as error:
        return Server(database, None, f"the server does not say where its files are ({type(error).__name__})")
    try:
        running = (folder / "postmaster.pid").is_file()
    except PermissionError:
        return Server(database, None, "this account may not read the server's files")
    return Server(database, folder) if running else Server(database, None, "the server runs on another machine")


def settle(tables: Collection[str], *, sampled: Collection[str], unscanned: list[str]) -> None:
    """Vacuum these tables, forget their statistics, and let the write-ahead log go on so that old files are removed.

    `sampled` are further tables that held the person once, and are forgotten in statistics alone: a queue is empty long
    before an erasure, but what was sampled of it stays until it is sampled anew.
    """
    for database in DATABASES:
        connection = connections[database]
        if connection.in_atomic_block:
            unscanned.append(f"files of {database}: searched inside a transaction, without VACUUM")
            continue
        known = set(connection.introspection.table_names())
        here, others = known & set(tables), (known & set(sampled)) - set(tables)
        oids = [f"'{name}'::regclass" for name in sorted(here | others)]
        forget = [FORGET_STATISTICS.format(*[", ".join(oids)] * 2)] if oids and _superuser(database) else []
        anew = [
            f"{how} {', '.join(connection.ops.quote_name(name) for name in sorted(names))}"
            for how, names in (("VACUUM (ANALYZE)", here), ("ANALYZE", others))
            if names
        ]
        _try(database, [*forget, *anew], unscanned)
        _try(database, ["CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT"], unscanned)


def _superuser(database: str) -> bool:
    with connections[database].cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser') = 'on'")
        return bool(cursor.fetchone()[0])


def rewrite(files: Iterable[Path], server: Server, *, unscanned: list[str]) -> list[str]:
    """Rewrite the tables that these files of the server belong to. Returns their names."""
    connection = connections[server.database]
    if connection.in_atomic_block:
        return []
    rewritten = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT oid::text FROM pg_database WHERE datname = current_database()")
        here = cursor.fetchone()[0]
        for file in files:
            match = OF_A_TABLE.search(str(file))
            if match and match[1] == here:
                cursor.execute(TABLE_OF_FILE, [int(match[2])])
                rewritten += [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT name, pg_table_size(name::regclass) FROM unnest(%s::text[]) AS name", [rewritten])
        large = {name for name, size in cursor.fetchall() if size > LARGEST_REWRITTEN}
    unscanned += [f"table {name}: too large to be rewritten unasked; VACUUM FULL it" for name in sorted(large)]
    names = sorted(set(rewritten) - large)
    _try(server.database, [f"VACUUM FULL {name}" for name in names], unscanned)
    _try(server.database, ["CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT"], unscanned)
    return names


def _try(database: str, statements: list[str], unscanned: list[str]) -> None:
    for statement in statements:
        try:
            with connections[database].cursor() as cursor:
                cursor.execute(statement)
        except DatabaseError as error:
            unscanned.append(f"{database}: {statement.split(' ')[0]} was not possible ({type(error).__name__})")
