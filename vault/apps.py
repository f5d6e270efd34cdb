"""Tells Django of this room's system checks."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from vault.checks import application_owns_nothing, key_store_stands_apart


class VaultConfig(AppConfig):
    """Keys, grants, sealed fields and the audit log."""

    name = "vault"

    def ready(self) -> None:
        register(key_store_stands_apart, Tags.security, deploy=True)
        register(application_owns_nothing, Tags.security, deploy=True)
