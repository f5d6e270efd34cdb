"""manage.py privacy prove-erased REQUEST: search everything for an erased person.

Printed are a summary and the places where something was found or that nobody can open; with `--all` every place. With
`--json`, or when a program reads along, the last line is the whole report as JSON.
"""

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
        "--all", action="store_true", dest="every_place", help="list every place, also those without a hit"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        dest="as_json",
        help="print the whole report as JSON in the last line, as is done anyway when the output is no terminal",
    )
    parser.add_argument(
        "--no-rewrite",
        action="store_true",
        help="do not rewrite tables in whose files deleted rows can still be read (VACUUM FULL locks them meanwhile)",
    )


def handle(
    command: BaseCommand,
    *,
    request: str,
    values: str | None,
    no_rewrite: bool,
    every_place: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Search, print what came of it, then, for programs, the report as JSON."""
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
    for line in report.lines(every_place=every_place):
        command.stdout.write(line)
    if as_json or not command.stdout.isatty():
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
