"""Whether the installation is well: what it needs, each asked for itself."""

from collections.abc import Callable
from datetime import datetime

from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from pipeline import heartbeat
from privacy import epoch
from privacy.erasure_ledger import LedgerBroken
from vault.key_encryption import KeyVersionMissing, key_encryption_key
from vault.key_service import KeyServiceFailed
from vault.models import DataKey

FINE = "ok"
AWAY = "does not answer"
LOCKED = "the key-encryption key cannot be reached: nothing is read or stored"
SILENT = "no sign of life for 30 seconds"
UNKNOWN = "not known, for the database does not answer"


def check(*, now: datetime) -> dict[str, str]:
    """Each thing that is needed, with `ok` or what is wrong with it."""
    checks = {
        "database": _ask(_database),
        "key_store": _ask(_key_store),
        "keys": _ask(_keys),
        "migrations": _ask(_migrations),
    }
    checks["erasure_ledger"] = _ask(_erasure_ledger)
    return checks | _processes(now)


def _ask(question: Callable[[], str]) -> str:
    try:
        return question()
    except DatabaseError:
        return AWAY


def _database() -> str:
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
    return FINE


def _key_store() -> str:
    DataKey.objects.exists()
    return FINE


def _keys() -> str:
    try:
        key_encryption_key()
    except (KeyServiceFailed, KeyVersionMissing, OSError):
        return LOCKED
    return FINE


def _migrations() -> str:
    waiting = _waiting("default", None) + _waiting("keystore", "vault")
    return FINE if not waiting else f"{waiting} not applied"


def _erasure_ledger() -> str:
    try:
        return epoch.fault() or FINE
    except LedgerBroken as error:
        return str(error)


def _waiting(database: str, room: str | None) -> int:
    executor = MigrationExecutor(connections[database])
    leaves = executor.loader.graph.leaf_nodes(room)
    return len(executor.migration_plan(leaves))


def _processes(now: datetime) -> dict[str, str]:
    try:
        missing = heartbeat.missing(now=now)
    except DatabaseError:
        return dict.fromkeys(heartbeat.PROCESSES, UNKNOWN)
    consumers = {process: FINE if alive else SILENT for process, alive in heartbeat.consumers(now=now).items()}
    return {process: SILENT if process in missing else FINE for process in heartbeat.PROCESSES} | consumers
