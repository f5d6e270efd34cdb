"""Two roles of a database: the owner, who migrates, and the application's, who can change no table and no ledger."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connections
from psycopg import sql

# What the application may add to and read, and never change.
WRITTEN_ONCE = ("vault_auditentry", "vault_auditseal", "vault_auditaging")
MAINTAIN_SINCE = 170_000


class UnfitRole(ValueError):
    """This role cannot be the application's."""


@dataclass(frozen=True)
class Standing:
    """What the role that this process connects as could do to the tables: by being superuser, or by owning them."""

    role: str
    superuser: bool
    owned: int

    @property
    def harmless(self) -> bool:
        return not self.superuser and not self.owned


STANDING = """
SELECT current_user, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
       (SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
        AND pg_has_role(current_user, relowner, 'MEMBER'))
"""


def standing(alias: str) -> Standing:
    """How the connected role stands to the tables of this database."""
    with connections[alias].cursor() as cursor:
        cursor.execute(STANDING)
        return Standing(*cursor.fetchone())


def grant(alias: str, application: str) -> None:
    """Let this role do the application's work, and nothing more. Run by the owner; safe to repeat after each migration.

    Raises `UnfitRole` when the role does not exist, is superuser, or is a member of the owner.
    """
    with connections[alias].cursor() as cursor:
        cursor.execute(FIT, [application])
        found = cursor.fetchone()
        if found is None:
            raise UnfitRole(f"there is no role '{application}': CREATE ROLE {application} LOGIN PASSWORD '…'")
        if any(found):
            raise UnfitRole(f"'{application}' is a superuser or a member of the owner: choose a role that is neither")
        cursor.execute("SELECT current_setting('server_version_num')::int, to_regclass('vault_auditentry') IS NOT NULL")
        version, has_log = cursor.fetchone()
        for statement in _statements(version=version, has_log=has_log):
            cursor.execute(sql.SQL(statement).format(app=sql.Identifier(application)))


FIT = """
SELECT rolsuper, pg_has_role(rolname, current_user, 'MEMBER') FROM pg_roles WHERE rolname = %s
"""


def _statements(*, version: int, has_log: bool) -> Iterator[str]:
    rights = "SELECT, INSERT, UPDATE, DELETE" + (", MAINTAIN" if version >= MAINTAIN_SINCE else "")
    yield "REVOKE CREATE ON SCHEMA public FROM PUBLIC"
    yield "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {app}"
    yield "GRANT USAGE ON SCHEMA public TO {app}"
    yield f"GRANT {rights} ON ALL TABLES IN SCHEMA public TO {{app}}"
    yield "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {app}"
    yield f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {rights} ON TABLES TO {{app}}"
    yield "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {app}"
    yield "REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {app}"
    if has_log:
        yield f"REVOKE UPDATE, DELETE ON {', '.join(WRITTEN_ONCE)} FROM {{app}}"
