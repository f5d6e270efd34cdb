"""manage.py database_roles --app ROLE: let the application's role work, and change no table."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from vault import roles_of_database


class Command(BaseCommand):
    """Run as the owner (ONYM_MIGRATION_DATABASE_URL), after each migration; it can be repeated."""

    help = "Grant the application's role what it needs in both databases: rows, but neither tables nor ledgers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--app", required=True, help="the role in DATABASE_URL and KEYSTORE_URL")
        parser.add_argument("--database", choices=["default", "keystore"], help="only this one")

    def handle(self, *args: Any, **options: Any) -> None:
        for alias in [options["database"]] if options["database"] else ["default", "keystore"]:
            try:
                with transaction.atomic(using=alias):
                    roles_of_database.grant(alias, options["app"])
            except roles_of_database.UnfitRole as error:
                raise CommandError(f"{alias}: {error}") from None
            self.stdout.write(f"{alias}: {options['app']} may read and write rows, and change no table")
