"""manage.py retention: remove what has been kept for long enough, or show what would go."""

import json
from argparse import ArgumentParser
from typing import IO, Any, cast

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from privacy import retention
from privacy.retention import AlreadyRunning, Removal


class Command(BaseCommand):
    """Carry retention out now. The scheduler does so every six hours by itself."""

    help = "Remove records, fields and rows that are beyond their limit. --dry-run counts and changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count what would go, and change nothing")
        parser.add_argument("--json", action="store_true", help="print one JSON object, last")

    def handle(self, *args: Any, **options: Any) -> None:
        console = Console(stderr=True)
        try:
            with console.status("Looking for what is beyond its limit …"):
                removals = retention.carry_out(
                    now=timezone.now(),
                    dry_run=options["dry_run"],
                    on_progress=lambda one: console.log(f"{one.source or 'every source'}: {one.what} {one.rows:,}"),
                )
        except AlreadyRunning as error:
            raise CommandError(str(error)) from None
        Console(file=cast(IO[str], self.stdout)).print(_table(removals, dry_run=options["dry_run"]))
        if options["json"]:
            self.stdout.write(json.dumps({"dry_run": options["dry_run"], "rows": retention.totals(removals)}))


def _table(removals: list[Removal], *, dry_run: bool) -> Table:
    table = Table("source", "what", "before", "would go" if dry_run else "gone", "held")
    for one in removals:
        if one.rows or one.held:
            before = f"{one.cutoff_at:%Y-%m-%d}" if one.cutoff_at else ""
            table.add_row(one.source, one.what, before, f"{one.rows:,}", f"{one.held:,}" if one.held else "")
    return table
