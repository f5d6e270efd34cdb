"""manage.py ingest FILE --source NAME: take in a file of records."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from pipeline.accept import Acceptance
from pipeline.files import ingest
from records.models import Source
from records.readers.delimited import NoHeader

SHOWN = 10


class Command(BaseCommand):
    """Take in a file: CSV, other delimited text, or JSON lines. Safe to repeat."""

    help = "Take in a file of records of one source. Bad rows go to quarantine; reading the file again changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="name of the source, as added by add_source")
        parser.add_argument("--json", action="store_true", help="print the counts as one JSON object, last")

    def handle(self, *args: Any, **options: Any) -> None:
        source = Source.objects.filter(name=options["source"], enabled=True).first()
        if source is None:
            raise CommandError(f"There is no enabled source {options['source']!r}; add it with: manage.py add_source")
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}")
        acceptance = self._ingest(source, path)
        for reject in acceptance.rejects[:SHOWN]:
            self.stderr.write(f"line {reject.position}: {reject.message}")
        if len(acceptance.rejects) > SHOWN:
            self.stderr.write("… and more; see Quarantine in the admin")
        counts = {
            name: getattr(acceptance, name)
            for name in ("acknowledged", "stored", "duplicate", "quarantined", "refused")
        }
        self.stdout.write(", ".join(f"{name} {count:,}" for name, count in counts.items()))
        if options["json"]:
            self.stdout.write(json.dumps(counts))

    def _ingest(self, source: Source, path: Path) -> Acceptance:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as progress:
            task = progress.add_task(path.name, total=path.stat().st_size)
            try:
                return ingest(source, path, on_progress=lambda _, offset: progress.update(task, completed=offset))
            except (NoHeader, OSError) as error:
                raise CommandError(f"{path.name}: {error}") from None
