"""A database that is away for a while, and nobody else's fault: PostgreSQL itself turns everybody away."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg
from django.db import connections
from psycopg import sql

from tests.restore import OTHERS_END

ALLOW = "ALTER DATABASE {} ALLOW_CONNECTIONS {}"


@contextmanager
def database_away() -> Iterator[Callable[[], None]]:
    """Nobody is connected to the database, or can be, until they call what this yields."""
    parameters = connections["default"].get_connection_params()
    name = parameters["dbname"]
    where = {key: parameters[key] for key in ("host", "port", "user", "password") if parameters.get(key)}
    with psycopg.connect(dbname="postgres", autocommit=True, **where) as server:

        def allow(allowed: bool) -> None:
            server.execute(sql.SQL(ALLOW).format(sql.Identifier(name), sql.Literal(allowed)))

        connections.close_all()
        allow(False)
        server.execute(OTHERS_END, [[name]])
        try:
            yield lambda: allow(True)
        finally:
            allow(True)
