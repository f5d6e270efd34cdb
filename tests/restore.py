"""Backups of a test database: a copy by PostgreSQL itself, put back as an operator would."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connections
from psycopg import sql

# A server or thread of an earlier test may still hold a session, and PostgreSQL copies no database in use.
OTHERS_END = "SELECT pg_terminate_backend(pid, 10_000) FROM pg_stat_activity WHERE datname = ANY(%s)"


@contextmanager
def backup_of(alias: str = "default") -> Iterator["Backup"]:
    """A copy of this database as it is now; gone after the block."""
    backup = Backup(alias)
    backup.copy(backup.name, backup.kept)
    try:
        yield backup
    finally:
        backup.drop(backup.kept)


class Backup:
    """A database and its copy on the same server."""

    def __init__(self, alias: str) -> None:
        self.parameters = connections[alias].get_connection_params()
        self.name = str(self.parameters["dbname"])
        self.kept = f"{self.name}_backup"

    def restore(self) -> None:
        """Put the copy in the database's place. Whoever is connected is sent away."""
        self.drop(self.name)
        self.copy(self.kept, self.name)

    def copy(self, source: str, target: str) -> None:
        self._run("CREATE DATABASE {} TEMPLATE {}", target, source)

    def drop(self, name: str) -> None:
        self._run("DROP DATABASE IF EXISTS {}", name)

    def _run(self, statement: str, *names: str) -> None:
        connections.close_all()
        where = {
            name: self.parameters[name] for name in ("host", "port", "user", "password") if self.parameters.get(name)
        }
        with psycopg.connect(dbname="postgres", autocommit=True, **where) as server:
            server.execute(OTHERS_END, [list(names)])
            server.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
