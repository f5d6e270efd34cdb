"""The key store is a second database: only the vault's key tables live there."""

from typing import Any

from django.db.models import Model

KEYSTORE = "keystore"
KEY_TABLES = {("vault", name) for name in ("datakey", "indexkey", "keptkey", "wrappingkey", "rotation")}


class KeystoreRouter:
    """Send the vault's key tables, and nothing else, to the key store."""

    def db_for_read(self, model: type[Model], **hints: Any) -> str | None:
        return _home(model)

    def db_for_write(self, model: type[Model], **hints: Any) -> str | None:
        return _home(model)

    def allow_migrate(self, db: str, app_label: str, model_name: str | None = None, **hints: Any) -> bool:
        if model_name is None:
            return bool(hints.get("keystore", False)) == (db == KEYSTORE)
        return ((app_label, model_name) in KEY_TABLES) == (db == KEYSTORE)


def _home(model: type[Model]) -> str | None:
    return KEYSTORE if (model._meta.app_label, model._meta.model_name) in KEY_TABLES else None
