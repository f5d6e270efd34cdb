"""Before production: the keys must not lie beside what they seal."""

import os.path
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

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
