"""Tells Django of this room's system checks."""

from django.apps import AppConfig
from django.core.checks import Tags, register

from consent.checks import purposes_exist


class ConsentConfig(AppConfig):
    """Purposes, acts and the decision."""

    name = "consent"

    def ready(self) -> None:
        register(purposes_exist, Tags.database)
