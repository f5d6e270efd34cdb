"""manage.py privacy verify-ledger: verify the erasure ledger and compare it with the database."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from privacy import epoch, erasure_ledger
from privacy.epoch import Behind
from privacy.erasure_ledger import LedgerBroken

HELP = "verify the erasure ledger and compare it with the database"


def add_arguments(parser: ArgumentParser) -> None:
    """None."""


def handle(command: BaseCommand, **options: Any) -> None:
    """Verify every signature and the chain; say where the ledger and the database stand."""
    try:
        number = len(erasure_ledger.entries())
        epoch.must_be_current()
    except (Behind, LedgerBroken) as error:
        raise CommandError(str(error)) from error
    head = erasure_ledger.head()
    command.stdout.write(f"{number} entries, all signed; head {head.hash.hex()}; the database stands there too.")
