"""manage.py ingest FILE --source NAME: take in a file of records."""

import json
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from pipeline.accept import Acceptance
from pipeline.dry_run import Report, dry_run
from pipeline.files import Loading, Progress, open_load, take_in
from pipeline.management import contract_file
from records.file_loads import Reading
from records.mapping import faults
from records.models import FileLoad, Source
from records.readers import Nature, NotReadable, examine
from records.readers.charset import called

SHOWN = 10
COUNTS = ("acknowledged", "stored", "duplicate", "quarantined", "refused")


class Command(BaseCommand):
    """Take in a file: CSV, other delimited text, JSON lines or Parquet. Safe to repeat, and to kill."""

    help = (
        "Take in a file of records of one source: CSV, JSON lines (each also gzipped) or Parquet. Bad rows go to "
        "quarantine. Killed in the middle, it goes on from there when run again; a loaded file changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--source", required=True, help="name of the source, as added by add_source")
        parser.add_argument(
            "--encoding", default="", help="of the text, such as windows-1252; found by itself if not said"
        )
        parser.add_argument(
            "--mapping", type=Path, metavar="FILE", help="a JSON file with a mapping to use instead of the source's own"
        )
        contract_file.add_arguments(parser, when=", this once")
        parser.add_argument("--dry-run", action="store_true", help="say what would become of it; store nothing")
        parser.add_argument("--again", action="store_true", help="read it from its start, though it was loaded before")
        parser.add_argument("--json", action="store_true", help="print the counts as one JSON object, last")

    def handle(self, *args: Any, **options: Any) -> None:
        source = Source.objects.filter(name=options["source"], enabled=True).first()
        if source is None:
            raise CommandError(f"There is no enabled source {options['source']!r}; add it with: manage.py add_source")
        path: Path = options["file"]
        if not path.is_file():
            raise CommandError(f"There is no file {path}")
        reading = Reading(
            _mapping(options["mapping"]), options["contract_mode"], contract_file.schema_in(options["contract"])
        )
        try:
            with path.open("rb") as file:
                if options["dry_run"]:
                    self._try(reading.of(source), file, path.name, options)
                else:
                    self._load(source, file, path.name, reading, options)
        except (NotReadable, OSError) as error:
            raise CommandError(f"{path.name}: {error}") from None

    def _load(self, source: Source, file: BinaryIO, name: str, reading: Reading, options: dict[str, Any]) -> None:
        loading = open_load(
            source,
            file,
            by="command",
            name=name,
            encoding=options["encoding"],
            reading=reading,
            again=options["again"],
        )
        self._say_what_it_is(loading.nature)
        if loading.loaded_before:
            when = loading.load.ended_at
            self.stderr.write(
                f"This file was loaded {when:%Y-%m-%d %H:%M} UTC: its rows are duplicates, and nothing is stored. "
                "--again reads it anew."
            )
        elif loading.goes_on_at:
            self.stderr.write(f"An earlier load was interrupted: goes on at line {loading.goes_on_at:,}.")
        with _bar(name) as tell:
            acceptance = take_in(loading, file, on_progress=tell)
        self._say_rejects(acceptance)
        counts = {name: getattr(acceptance, name) for name in COUNTS}
        self.stdout.write(_sum(counts))
        if loading.goes_on_at:
            load = FileLoad.objects.get(pk=loading.load.pk)
            whole = {name: getattr(load, name) for name in COUNTS}
            self.stdout.write(f"The whole file: {_sum(whole)}")
        if options["json"]:
            self.stdout.write(json.dumps(counts | _state(loading)))

    def _try(self, source: Source, file: BinaryIO, name: str, options: dict[str, Any]) -> None:
        nature = examine(file, name=name, encoding=options["encoding"], region=source.region)
        self._say_what_it_is(nature)
        with _bar(name) as tell:
            report = dry_run(source, file, nature, on_progress=tell)
        self.stdout.write("\n".join(_told(report)))
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json()))

    def _say_what_it_is(self, nature: Nature) -> None:
        parts = [{"csv": "CSV", "ndjson": "JSON lines", "parquet": "Parquet"}[nature.format]]
        if nature.encoding:
            parts.append(called(nature.encoding))
        if nature.packed:
            parts.append("gzipped")
        self.stderr.write(f"Read as {', '.join(parts)}.")

    def _say_rejects(self, acceptance: Acceptance) -> None:
        for reject in acceptance.rejects[:SHOWN]:
            self.stderr.write(f"line {reject.position}: {reject.message}")
        if len(acceptance.rejects) > SHOWN:
            self.stderr.write("… and more; see Quarantine in the admin")


def _sum(counts: Mapping[str, int]) -> str:
    """What was acknowledged, and of what that is the sum."""
    whole, *parts = (f"{name} {count:,}" for name, count in counts.items())
    return f"{whole} = {' + '.join(parts)}"


def _state(loading: Loading) -> dict[str, Any]:
    return {
        "load": str(loading.load.pk),
        "encoding": loading.nature.encoding,
        "went_on_at_line": loading.goes_on_at,
        "loaded_before": loading.loaded_before,
    }


@contextmanager
def _bar(name: str) -> Iterator[Any]:
    """A bar with rows a second and the time that is left, once there is something to tell."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:>12,} rows"),
        TextColumn("{task.fields[rate]:>9,.0f} rows/s"),
        TimeRemainingColumn(),
    )
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(name, total=None, rows=0, rate=0.0, visible=False)

        def tell(progress: Progress) -> None:
            rate = progress.rows / (bar.tasks[0].elapsed or 1.0)
            bar.update(task, visible=True, total=progress.total, completed=progress.read)
            bar.update(task, rows=progress.rows, rate=rate)

        yield tell


def _mapping(path: Path | None) -> dict[str, Any] | None:
    """The mapping in this file. Each of its faults is told with its place."""
    if path is None:
        return None
    try:
        given = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandError(f"{path.name}: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise CommandError(
            f"{path.name}: this is not JSON: it breaks at line {error.lineno}, column {error.colno}"
        ) from None
    except UnicodeDecodeError:
        raise CommandError(f"{path.name}: a mapping is a JSON file in UTF-8") from None
    if wrong := faults(given):
        raise CommandError(f"{path.name}: " + " ".join(wrong))
    return dict(given)


def _told(report: Report) -> Iterator[str]:
    """The report in lines."""
    yield f"Dry run: {report.rows:,} rows. Nothing was stored."
    yield f"  new {report.new:,}, duplicate {report.duplicate:,}, to quarantine {report.quarantined:,}"
    yield "  (whether consent allows to keep a row is asked when it is taken in)"
    if report.faults:
        yield "To quarantine, by reason:"
        for fault in report.faults:
            yield f"  {fault.rows:,} × {fault.reason}, first in line {fault.first_line:,}: {fault.message}"
    if report.columns:
        yield "Columns:"
        width = max(len(column.name) for column in report.columns)
        for column in report.columns:
            yield f"  {column.name:<{width}}  {column.becomes or 'dropped: undeclared'}  ({column.filled:,} filled)"
    if report.missing:
        yield f"Named by the mapping, not in the file: {', '.join(report.missing)}"
    if report.flags:
        yield "Standardizing: " + ", ".join(f"{flag} {count:,}" for flag, count in report.flags.items())
    if report.examples:
        yield "Examples, masked:"
        for example in report.examples:
            yield "  " + ", ".join(f"{name} {value}" for name, value in example.items())
