"""manage.py reconcile TOTALS.csv --source NAME: what a source says it has sent, beside what came and is stored."""

import json
from argparse import ArgumentParser
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.table import Table

from records import reconciliation, reconciliation_totals
from records.models import Source
from records.reconciliation import BY, RECEIVED, Line, Total
from records.reconciliation_totals import BadTotals
from records.reconciliation_words import explanation

WIDTH = 140
COLUMNS = ("Source says", "Came", "Known already", "In quarantine", "Refused", "Stored", "Missing")
SUMS = ("Sum, source says", "Sum stored", "Missing of it")


class Command(BaseCommand):
    """Compare by day; exit code 1 where something is missing."""

    help = (
        "Compare by day (UTC) what a source says it has sent with what came and is stored. The file is CSV with the "
        "columns day (2026-01-31), records and, where sums are compared, sum. Ends with 1 when something is missing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("totals", type=Path, help="a CSV file: day,records[,sum]")
        parser.add_argument("--source", required=True, help="the name of the source")
        parser.add_argument(
            "--by",
            choices=BY,
            default=RECEIVED,
            help="which day is meant: that on which records came (default), or on which things happened",
        )
        parser.add_argument("--property", default="amount", help="the property that sums are of; default: amount")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, totals: Path, source: str, by: str, property: str, **options: Any) -> None:
        found = Source.objects.filter(name=source).first()
        if found is None:
            raise CommandError(f"There is no source named '{source}'.")
        lines = list(reconciliation.lines(found, _totals(totals), by=by, property=property))
        wrong = [line.day.isoformat() for line in lines if not line.agrees]
        if options["json"]:
            self.stdout.write(json.dumps({"lines": [_as_json(line, property) for line in lines], "wrong": wrong}))
        else:
            self.stdout.write(_as_table(lines))
        if wrong:
            raise CommandError("Does not agree: " + ", ".join(wrong), returncode=1)


def _totals(path: Path) -> list[Total]:
    try:
        return reconciliation_totals.read(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise CommandError(f"The file cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise CommandError("The file cannot be read: it is not UTF-8.") from None
    except BadTotals as error:
        raise CommandError(f"The file cannot be read: {error}.") from None


def _as_json(line: Line, property: str) -> dict[str, Any]:
    return {
        "day": line.day.isoformat(),
        "said": line.said,
        "acknowledged": line.acknowledged,
        "duplicate": line.duplicate,
        "quarantined": line.quarantined,
        "refused": line.refused,
        "stored": line.stored,
        "missing": line.missing,
        "said_sum": None if line.said_sum is None else f"{line.said_sum:f}",
        "stored_sum": f"{line.stored_sum:f}",
        "missing_sum": None if line.missing_sum is None else f"{line.missing_sum:f}",
        "explanation": explanation(line, property=property),
    }


def _as_table(lines: list[Line]) -> str:
    with_sums = any(line.said_sum is not None for line in lines)
    table = Table(box=None, pad_edge=False)
    table.add_column("Day")
    for name in (*COLUMNS, *(SUMS if with_sums else ())):
        table.add_column(name, justify="right")
    for line in lines:
        counts = (line.said, line.acknowledged, line.duplicate, line.quarantined, line.refused, line.stored)
        sums = (line.said_sum, line.stored_sum, line.missing_sum) if with_sums else ()
        shown = [
            "–" if one is None else f"{one:,f}" if isinstance(one, Decimal) else f"{one:,}"
            for one in (*counts, line.missing, *sums)
        ]
        table.add_row(line.day.isoformat(), *shown, style="" if line.agrees else "bold")
    text = StringIO()
    Console(file=text, width=WIDTH).print(table)
    return text.getvalue().rstrip()
