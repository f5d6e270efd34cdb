"""manage.py accounting: what became of everything that was acknowledged, by source and day."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from datetime import date, timedelta
from io import StringIO
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.table import Table

from records import accounting
from records.accounting import Line
from records.models import Source

DAYS, WIDTH = 30, 140
COLUMNS = ("Acknowledged", "Stored", "Duplicate", "Quarantined", "Refused", "Records now", "In quarantine now")


class Command(BaseCommand):
    """Account for every record; exit code 1 where something cannot be."""

    help = (
        "Say by source and day what became of everything that was acknowledged (stored, duplicate, quarantined, "
        "refused by consent) and what of it is there now. Ends with 1 when something does not add up."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", help="only this source")
        parser.add_argument("--since", type=_day, metavar="DAY", help=f"the first day; {DAYS} days ago if not said")
        parser.add_argument("--until", type=_day, metavar="DAY", help="the last day; today if not said")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        today = timezone.now().date()
        since, until = options["since"] or today - timedelta(days=DAYS), options["until"] or today
        if since > until:
            raise CommandError(f"--since {since} lies after --until {until}.")
        lines = list(accounting.lines(since=since, until=until, source=_source(options["source"])))
        faults = [f"{line.day} {line.source}: {fault}" for line in lines for fault in line.faults]
        if options["json"]:
            told = [{**asdict(line), "day": line.day.isoformat(), "faults": line.faults} for line in lines]
            self.stdout.write(json.dumps({"lines": told, "faults": faults}))
        else:
            self._show(lines)
        if faults:
            raise CommandError("Does not add up: " + "; ".join(faults), returncode=1)

    def _show(self, lines: list[Line]) -> None:
        if not lines:
            self.stdout.write("Nothing came in during these days.")
            return
        table = Table(box=None, pad_edge=False)
        for name in ("Day", "Source"):
            table.add_column(name)
        for name in COLUMNS:
            table.add_column(name, justify="right")
        for line in lines:
            day, source, *counts = asdict(line).values()
            table.add_row(day.isoformat(), source, *(f"{count:,}" for count in counts))
        sums = [sum(list(asdict(line).values())[number] for line in lines) for number in range(2, 2 + len(COLUMNS))]
        table.add_row("All", "", *(f"{count:,}" for count in sums), style="bold")
        text = StringIO()
        Console(file=text, width=WIDTH).print(table)
        self.stdout.write(text.getvalue().rstrip())


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("give a day as 2026-01-31") from None


def _source(name: str | None) -> Source | None:
    source = Source.objects.filter(name=name).first() if name else None
    if name and source is None:
        raise CommandError("--source: there is no source of this name.")
    return source
