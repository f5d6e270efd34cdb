"""manage.py privacy: what a privacy officer does at the console of the server."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from privacy import epoch, erasure_ledger
from privacy.epoch import Behind
from privacy.erasure_ledger import LedgerBroken
from privacy.replay import replay


class Command(BaseCommand):
    """One sub-command each."""

    help = "Erasures that a restored backup has missed, and the ledger of all of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
        tasks.add_parser(
            "replay-erasures", help="after a restore: repeat what the erasure ledger says was erased since"
        )
        tasks.add_parser("verify-ledger", help="verify the erasure ledger and compare it with the database")

    def handle(self, *args: Any, task: str, **options: Any) -> None:
        {"replay-erasures": self.replay_erasures, "verify-ledger": self.verify_ledger}[task]()

    def replay_erasures(self) -> None:
        """Repeat the erasures that this database does not know of."""
        try:
            done = replay(actor="manage.py", now=timezone.now())
        except (Behind, LedgerBroken) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{done.entries} entries repeated: {done.rows} rows deleted, {done.keys} keys destroyed, "
            f"{done.suppressed} hashes back on the suppression list. The database stands where the ledger does."
        )

    def verify_ledger(self) -> None:
        """Verify every signature and the chain; say where the ledger and the database stand."""
        try:
            number = len(erasure_ledger.entries())
            epoch.must_be_current()
        except (Behind, LedgerBroken) as error:
            raise CommandError(str(error)) from error
        head = erasure_ledger.head()
        self.stdout.write(f"{number} entries, all signed; head {head.hash.hex()}; the database stands there too.")
