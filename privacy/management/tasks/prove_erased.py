"""manage.py privacy prove-erased REQUEST: search everything for an erased person; the last line printed is JSON."""

import json
import sys
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from privacy import certificate, proof
from privacy.models import SubjectRequest
from privacy.proof import NotErased, Report
from privacy.scans import FILE, Scanned
from privacy.wanted import ValuesGone, read_lines

HELP = "search every table, sealed field and file for an erased person; exit code 1 when anything is found"


def add_arguments(parser: ArgumentParser) -> None:
    """The request, and where the values come from."""
    parser.add_argument("request", help="the id of a completed erasure request")
    parser.add_argument(
        "--values",
        metavar="-",
        choices=["-"],
        help="take the values from standard input, a line each: 'email alice@example.com'. For scans after the "
        "request's own values have been destroyed; such a scan changes nothing of the request",
    )
    parser.add_argument(
        "--no-rewrite",
        action="store_true",
        help="do not rewrite tables in whose files deleted rows can still be read (VACUUM FULL locks them meanwhile)",
    )


def handle(command: BaseCommand, *, request: str, values: str | None, no_rewrite: bool, **options: Any) -> None:
    """Search, print a line for every place with its counts, then the report as JSON."""
    found = _request(request)
    with _progress() as bar:
        place = bar.add_task("searching", total=None)

        def on_progress(scanned: Scanned) -> None:
            bar.update(place, description=scanned.name[:60], advance=1)

        try:
            given = read_lines(sys.stdin) if values else None
            report = proof.prove(
                found, values=given, rewrite=not no_rewrite, on_progress=on_progress, now=timezone.now()
            )
            if given is None:
                certificate.issue(found, now=timezone.now())
        except (NotErased, ValuesGone, ValueError) as error:
            raise CommandError(str(error)) from error
    for line in report.lines():
        command.stdout.write(line)
    command.stdout.write(json.dumps(report.as_json()))
    if report.hits:
        raise CommandError(_still_there(report), returncode=1)


def _still_there(report: Report) -> str:
    """Where the person was found, and what to do about it."""
    found = [f"  {place.hits:>6} hits  {place.name}" for place in report.places if place.hits]
    said = [f"{report.hits} hits: the person is not gone. Found in:", *found]
    if any(place.hits for place in report.places if place.kind == FILE):
        said.append("Onym deletes no file that it did not write: delete or clear these, then run this again.")
    return "\n".join(said)


def _request(id: str) -> SubjectRequest:
    try:
        return SubjectRequest.objects.get(pk=UUID(id))
    except (ValueError, ValidationError, SubjectRequest.DoesNotExist) as error:
        raise CommandError("there is no such request; give the whole id that its page shows") from error


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True)
