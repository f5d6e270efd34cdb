"""manage.py audit: seal the audit log, export a checkpoint, verify it against one, list who was exposed."""

import csv
import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from access.models import ApiKey, User
from privacy.exposure import COLUMNS, by_kind, exposed, rows
from vault import audit_seals, audit_verification
from vault.audit_verification import BadCheckpoint, Checkpoint, NothingSealed

YEAR = timedelta(days=366)
SHOWN = 20


class Command(BaseCommand):
    """The audit log's keeper: what it holds cannot change without being noticed."""

    help = "Seal the audit log, export its checkpoint, verify it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="command", required=True)
        commands.add_parser("seal", help="chain and sign what has been written since; a task does so every minute")
        checkpoint = commands.add_parser("checkpoint", help="write the end of the chain into a file to keep elsewhere")
        checkpoint.add_argument("--out", type=Path, required=True, help="the file; keep it where the database is not")
        exposure = commands.add_parser("exposure", help="whose data were read, after a key has leaked")
        whose = exposure.add_mutually_exclusive_group()
        whose.add_argument("--api-key", help="the name of an API key")
        whose.add_argument("--user", help="a user name")
        exposure.add_argument("--from", dest="since", help="the first instant or day (ISO 8601); default: a year ago")
        exposure.add_argument("--to", dest="until", help="up to this instant or day (ISO 8601); default: now")
        exposure.add_argument("--csv", type=Path, help="write everybody into this file; else the first are printed")
        verify = commands.add_parser("verify", help="hash every entry again; exit code 1 when the log was changed")
        verify.add_argument("--checkpoint", type=Path, help="a file of `audit checkpoint`: shows an end cut off, too")

    def handle(self, *args: Any, **options: Any) -> None:
        {"seal": self._seal, "checkpoint": self._checkpoint, "verify": self._verify, "exposure": self._exposure}[
            options["command"]
        ](options)

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

    def _exposure(self, options: dict[str, Any]) -> None:
        now, started = timezone.now(), time.monotonic()
        found = exposed(
            actor=_actor(options),
            since=_instant(options["since"], now - YEAR),
            until=_instant(options["until"], now),
        )
        if options["csv"]:
            with options["csv"].open("w", newline="") as file:
                lines = csv.writer(file)
                lines.writerow(COLUMNS)
                lines.writerows(rows(found))
        else:
            for row in islice(rows(found), SHOWN):
                self.stdout.write("  ".join(map(str, row)))
        for field, people in by_kind(found.people).items():
            self.stdout.write(f"{field}: {people:,} people")
        self.stdout.write(
            f"{len(found.people):,} people affected, {found.gone:,} more subjects erased since or not resolved; "
            f"found in {time.monotonic() - started:.1f} s"
        )

    def _verify(self, options: dict[str, Any]) -> None:
        known = _read(options["checkpoint"]) if options["checkpoint"] else None
        started = time.monotonic()
        found = audit_verification.verify(known, now=timezone.now())
        seconds = max(time.monotonic() - started, 1e-6)
        for fault in found.faults:
            self.stderr.write(f"{fault.kind}: {fault.words}")
        self.stdout.write(
            f"{found.entries:,} entries in {found.seals - found.aged_seals:,} seals verified in {seconds:.1f} s "
            f"({found.entries / seconds:,.0f} a second); {found.unsealed:,} not sealed yet"
        )
        if found.aged:
            self.stdout.write(
                f"{found.aged:,} entries in {found.aged_seals:,} seals have aged: removed after 24 months, seals kept"
            )
        if not known:
            self.stdout.write("without --checkpoint an end that was cut off does not show")
        if not found.sound:
            raise CommandError(f"the audit log was changed: {len(found.faults)} faults")


def _actor(options: dict[str, Any]) -> str:
    """The id by which the audit log names them; empty for anybody."""
    if options["api_key"]:
        one: ApiKey | User | None = ApiKey.objects.filter(name=options["api_key"]).first()
    elif options["user"]:
        one = User.objects.filter(username=options["user"]).first()
    else:
        return ""
    if one is None:
        raise CommandError("There is no API key or user of this name; both stay listed in the admin when they end.")
    return str(one.pk)


def _instant(text: str | None, otherwise: datetime) -> datetime:
    try:
        said = datetime.fromisoformat(text) if text else otherwise
    except ValueError:
        raise CommandError(
            "--from and --to take an instant or a day: 2026-11-22 or 2026-11-22T09:30:00+00:00"
        ) from None
    return said if said.tzinfo else said.replace(tzinfo=UTC)


def _read(path: Path) -> Checkpoint:
    try:
        return audit_verification.read(path.read_text())
    except OSError:
        raise CommandError(f"There is no file {path}") from None
    except BadCheckpoint as error:
        raise CommandError(f"{path}: {error}") from None
