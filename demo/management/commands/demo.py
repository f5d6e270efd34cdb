"""manage.py demo: the main job on a made-up retailer, end to end."""

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone
from rich.console import Console

from demo import people, report
from demo.run import as_line, prepare, progress_bars, run, summary

# Columns of what is printed into a file.
WIDTH = 120


class Command(BaseCommand):
    """Load the demo and run the main job; started again, it goes on from what is there."""

    help = "Load the demo retailer's records, resolve, score and segment them, and print what came of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, default=3_000, help="how many people to make up (first run only)")
        parser.add_argument("--json", action="store_true", help="print the counts as one JSON object, last")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        console = Console(stderr=options["json"])
        if not console.is_terminal:
            console = Console(stderr=options["json"], width=WIDTH)
        for database in ("default", "keystore"):
            call_command("migrate", database=database, verbosity=0)
        folder: Path = settings.ONYM_HOME / "demo"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        credentials = people.ensure(folder)
        files = prepare(folder, people=options["people"], until=timezone.now().date())
        with progress_bars(console) as progress:
            run(files, progress=progress)
        counts = summary(files)
        report.show(counts, console)
        console.print(f"\nDone in {time.monotonic() - started:.0f} s. Sign in at /admin/ as:")
        for name, password in credentials["logins"].items():
            console.print(f"  {name:10} {password}", highlight=False)
        console.print(f"API key (Authorization: Bearer …): {credentials['api_key']}", highlight=False, soft_wrap=True)
        if options["json"]:
            self.stdout.write(as_line(counts))
