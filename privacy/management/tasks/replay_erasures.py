"""manage.py privacy replay-erasures: after a restore, repeat what the erasure ledger says was erased since."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from privacy.epoch import Behind
from privacy.erasure_ledger import LedgerBroken
from privacy.replay import replay

HELP = "after a restore: repeat what the erasure ledger says was erased since"


def add_arguments(parser: ArgumentParser) -> None:
    """None."""


def handle(command: BaseCommand, **options: Any) -> None:
    """Repeat the erasures that this database does not know of."""
    try:
        done = replay(actor="manage.py", now=timezone.now())
    except (Behind, LedgerBroken) as error:
        raise CommandError(str(error)) from error
    command.stdout.write(
        f"{done.entries} entries repeated: {done.rows} rows deleted, {done.keys} keys destroyed, "
        f"{done.suppressed} hashes back on the suppression list. The database stands where the ledger does."
    )
