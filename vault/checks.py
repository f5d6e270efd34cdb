"""Before production: the keys must not lie beside what they seal."""

import os.path
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error
from django.db import DatabaseError

from vault.roles_of_database import standing

THIS_MACHINE = "this machine"
ITS_NAMES = {"", "localhost", "127.0.0.1", "::1", "/tmp", "/run/postgresql", "/var/run/postgresql"}
DEFAULT_PORT = "5432"


def key_store_stands_apart(**kwargs: Any) -> list[CheckMessage]:
    """An error when the key store shares a PostgreSQL cluster with the records.

    A backup of such a cluster holds keys and records alike, so it undoes every erasure. Nothing is connected to.
    """
    records, keys = (addresses(settings.DATABASES[alias]) for alias in ("default", "keystore"))
    if not records & keys:
        return []
    return [
        Error(
            "The key store is in the same PostgreSQL cluster as the records: whoever has one backup has both.",
            hint="Point KEYSTORE_URL to a database in a cluster of its own, with short-lived backups. The embedded "
            "server holds both in one cluster; it is for laptops and trials. See docs/decisions/two-databases.md.",
            id="vault.E001",
        )
    ]


def application_owns_nothing(**kwargs: Any) -> list[CheckMessage]:
    """An error for each database whose tables the application's own role could change: as superuser or as owner."""
    found: list[CheckMessage] = []
    for alias in ("default", "keystore"):
        try:
            role = standing(alias)
        except DatabaseError:
            found.append(
                checks.Warning(
                    f"The database '{alias}' does not answer, so its roles are not checked.", id="vault.W002"
                )
            )
            continue
        if not role.harmless:
            what = "is a superuser" if role.superuser else f"owns {role.owned} tables or is a member of their owner"
            found.append(
                Error(
                    f"The role '{role.role}' in the database '{alias}' {what}: it can switch off what makes the "
                    "audit log and the ledgers append-only.",
                    hint="Give DATABASE_URL and KEYSTORE_URL a role of its own, put the owner into "
                    "ONYM_MIGRATION_DATABASE_URL and ONYM_MIGRATION_KEYSTORE_URL, and run: manage.py database_roles "
                    "--app ROLE. See docs/deployment.md.",
                    id="vault.E003",
                )
            )
    return found


def addresses(database: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The hosts and ports at which these settings look for their cluster; several when they name several."""
    options = database.get("OPTIONS", {})
    hosts = str(options.get("host") or options.get("hostaddr") or database.get("HOST") or "").split(",")
    ports = str(options.get("port") or database.get("PORT") or DEFAULT_PORT).split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    return {(_host(host), port or DEFAULT_PORT) for host, port in zip(hosts, ports, strict=False)}


def _host(name: str) -> str:
    host = os.path.normpath(name) if name.startswith("/") else name.strip().lower().rstrip(".")
    return THIS_MACHINE if host in ITS_NAMES else host
