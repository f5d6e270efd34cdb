"""manage.py audit: seal the audit log, export a checkpoint of it, verify it against one."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from vault import audit_seals, audit_verification
from vault.audit_verification import BadCheckpoint, Checkpoint, NothingSealed


class Command(BaseCommand):
    """The audit log's keeper: what it holds cannot change without being noticed."""

    help = "Seal the audit log, export its checkpoint, verify it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        commands.add_parser("seal", help="chain and sign what has been written since; a task does so every minute")
        checkpoint = commands.add_parser("checkpoint", help="write the end of the chain into a file to keep elsewhere")
        checkpoint.add_argument("--out", type=Path, required=True, help="the file; keep it where the database is not")
        verify = commands.add_parser("verify", help="hash every entry again; exit code 1 when the log was changed")
        verify.add_argument("--checkpoint", type=Path, help="a file of `audit checkpoint`: shows an end cut off, too")

    def handle(self, *args: Any, **options: Any) -> None:
        {"seal": self._seal, "checkpoint": self._checkpoint, "verify": self._verify}[options["command"]](options)

    def _seal(self, options: dict[str, Any]) -> None:
        done = audit_seals.seal(now=timezone.now())
        self.stdout.write(f"sealed {done.entries:,} entries in {done.seals:,} seals")
        if done.waiting_for:
            self.stdout.write(f"{done.waiting_for} transactions still write: the next run takes up what is theirs")

    def _checkpoint(self, options: dict[str, Any]) -> None:
        try:
            made = audit_verification.checkpoint(now=timezone.now())
        except NothingSealed as error:
            raise CommandError(str(error)) from None
        options["out"].write_text(audit_verification.written(made))
        self.stdout.write(f"{options['out']}: {made.number:,} seals over {made.entries:,} entries")

    def _verify(self, options: dict[str, Any]) -> None:
        known = _read(options["checkpoint"]) if options["checkpoint"] else None
        started = time.monotonic()
        found = audit_verification.verify(known)
        seconds = max(time.monotonic() - started, 1e-6)
        for fault in found.faults:
            self.stderr.write(f"{fault.kind}: {fault.words}")
        self.stdout.write(
            f"{found.entries:,} entries in {found.seals:,} seals verified in {seconds:.1f} s "
            f"({found.entries / seconds:,.0f} a second); {found.unsealed:,} not sealed yet"
        )
        if not known:
            self.stdout.write("without --checkpoint an end that was cut off does not show")
        if not found.sound:
            raise CommandError(f"the audit log was changed: {len(found.faults)} faults")


def _read(path: Path) -> Checkpoint:
    try:
        return audit_verification.read(path.read_text())
    except OSError:
        raise CommandError(f"There is no file {path}") from None
    except BadCheckpoint as error:
        raise CommandError(f"{path}: {error}") from None
