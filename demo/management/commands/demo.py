"""manage.py demo: the main job on a made-up retailer, end to end."""

import time
from argparse import SUPPRESS, ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils import timezone
from rich.console import Console

from demo import people, report, sources
from demo.beside import Beside
from demo.run import HELPED, as_line, files_in, prepare, progress_bars, run, summary, take_in

# Columns of what is printed into a file.
WIDTH = 120


class Command(BaseCommand):
    """Load the demo and run the main job; started again, it goes on from what is there."""

    help = "Load the demo retailer's records, resolve, score and segment them, and print what came of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--people", type=int, default=3_000, help="how many people to make up (first run only)")
        parser.add_argument("--only", nargs="+", help=SUPPRESS)
        parser.add_argument("--json", action="store_true", help="print the counts as one JSON object, last")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        console = Console(stderr=options["json"])
        if not console.is_terminal:
            console = Console(stderr=options["json"], width=WIDTH)
        folder: Path = settings.ONYM_HOME / "demo"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if options["only"]:
            take_in(files_in(folder), options["only"])
            return
        call_command("migrate", database="default", verbosity=0)
        call_command("migrate", "vault", database="keystore", verbosity=0)
        files = prepare(folder, people=options["people"], until=timezone.now().date())
        credentials = people.ensure(folder)
        sources.ensure()
        with Beside("demo", "--only", *HELPED) as helper, progress_bars(console) as progress:
            run(files, progress=progress, helper=helper)
        counts = summary(files)
        report.show(counts, console)
        console.print(f"\nDone in {time.monotonic() - started:.0f} s. Sign in at /admin/ as:")
        for name, password in credentials["logins"].items():
            console.print(f"  {name:10} {password}", highlight=False)
        console.print(f"API key (Authorization: Bearer …): {credentials['api_key']}", highlight=False, soft_wrap=True)
        if options["json"]:
            self.stdout.write(as_line(counts))
