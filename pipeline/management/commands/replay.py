"""`manage.py replay --source NAME [--reason R] [--field F] [--leave-out F]`: take in what is mended by now."""

import json
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pipeline import replay_runs
from pipeline.models import Replay
from records.models import Source
from records.ways_out import way_out
from vault.grants import Actor

BY = Actor.machine("replay command")


class Command(BaseCommand):
    """Replay what a source has in quarantine."""

    help = (
        "Read again what a source has in quarantine, as the source is now, and take in what can be: consent is asked "
        "as for every record. What still cannot be taken in stays, with the reason of now. Safe to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--source", required=True, help="the name of a source")
        parser.add_argument("--reason", default="", help="only what is there for this reason, such as wrong_type")
        parser.add_argument("--field", default="", help="only what is there for this field")
        parser.add_argument(
            "--file", type=UUID, metavar="ID", help="only what came in this file, by the id of its load"
        )
        parser.add_argument(
            "--leave-out", action="append", default=[], metavar="FIELD", help="take them in without this field"
        )
        parser.add_argument("--json", action="store_true", help="print the outcome as one JSON line last")

    def handle(self, *, source: str, leave_out: list[str], json: bool, **options: Any) -> None:
        found = Source.objects.filter(name=source).first()
        if found is None:
            raise CommandError(f"There is no source named '{source}'.")
        asked: dict[str, Any] = {"reason": options["reason"], "field": options["field"], "load": options["file"]}
        try:
            run = replay_runs.begin(found, **asked, leave_out=leave_out, by=BY, now=timezone.now())
        except ValueError as error:
            raise CommandError(f"{str(error).capitalize()}.") from None
        self._work_on(run)
        run.refresh_from_db()
        if run.fault:
            raise CommandError(f"{run.fault.capitalize()}.")
        self.stdout.write(_as_json(run) if json else _in_words(run))

    def _work_on(self, run: Replay) -> None:
        columns = (TextColumn("Replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, transient=True) as progress:
            bar = progress.add_task("", total=run.found, visible=False)
            replay_runs.work_on(run.pk, on_progress=lambda run: progress.update(bar, completed=run.done, visible=True))


def _as_json(run: Replay) -> str:
    told = {"found": run.found, "stored": run.stored, "duplicate": run.duplicate, "refused": run.refused}
    return json.dumps({**told, "quarantined": run.still, "reasons": run.reasons})


def _in_words(run: Replay) -> str:
    told = (
        f"Of {run.found:,} in quarantine: stored {run.stored:,}, duplicate {run.duplicate:,}, refused by consent "
        f"{run.refused:,}, still in quarantine {run.still:,}."
    )
    why = (f"  {reason} {count:,}: {way_out(reason)}" for reason, count in run.reasons.items())
    return "\n".join([told, *why])
