"""manage.py dedupe FILE --out CLUSTERS: find the records of a file that are one person."""

import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from io import BytesIO
from pathlib import Path
from typing import Any

import polars as pl
from django.core.management.base import BaseCommand, CommandError

from identity.deduplicating import Deduplicated, deduplicate
from identity.management.files_of_people import (
    REFUSED,
    add_column_options,
    chosen_columns,
    must_be_readable,
    must_be_writable,
    saved_model,
    with_way_out,
    write_text,
)
from identity.management.probabilities import probability
from identity.management.remarks_on_files import MOST_LINES, columns_in_words, counted, remarks_on
from identity.matching.batch import LINK_IN_FILE
from identity.matching.threads import each
from identity.written import written_whole

_ROWS_AT_ONCE = 250_000
# A probability is written in ten thousandths.
_SHARES = 10_000
# What lifts a limit.
ANY = "any"


class Command(BaseCommand):
    """Find duplicates in a file of people: it needs no labels, no settings and no database."""

    help = (
        "Find the records of a file (CSV, JSON lines or Parquet) that are one person. The columns are recognized, the "
        "model is learned from the file itself; nothing is stored but the clusters. Docs: docs/dedupe.md."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--out", type=Path, required=True, help="CSV to write: record_id, cluster_id, probability")
        parser.add_argument("--model", type=Path, metavar="FILE", help="use this saved model; do not learn")
        parser.add_argument("--save-model", type=Path, metavar="FILE", help="save the model that was used, as JSON")
        parser.add_argument(
            "--threshold", type=probability(LINK_IN_FILE, 1, such_as=0.9, below=True), default=LINK_IN_FILE,
            help=f"link pairs from this probability on (default {LINK_IN_FILE}); higher joins less",
        )  # fmt: skip
        parser.add_argument(
            "--limit", action="append", default=[], type=_limit, metavar="COLUMN=N",
            help="join no records that together have more than N different values there; may be repeated. N is a "
            "number from 1, or `any` to lift a limit that the model holds",
        )  # fmt: skip
        add_column_options(parser)
        parser.add_argument("--json", action="store_true", help="print counts, seconds and figures as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        path, out = options["file"], options["out"]
        must_be_readable(path)
        must_be_writable([out, options["save_model"]], [path, options["model"]])
        model = saved_model(options["model"]) if options["model"] else None
        started = time.monotonic()

        def tell(stage: str) -> None:
            self.stderr.write(f"{time.monotonic() - started:7.1f} s  {stage}", self.style.NOTICE)

        try:
            done = deduplicate(
                path,
                chosen=chosen_columns(options),
                model=model,
                threshold=options["threshold"],
                limits=dict(options["limit"]),
                tell=tell,
            )
        except REFUSED as error:
            raise CommandError(with_way_out(path, error)) from None
        write_clusters(out, done.rows)
        if options["save_model"]:
            write_text(options["save_model"], json.dumps(done.found.model.to_dict(), indent=2) + "\n")
            self.stderr.write(f"The model is kept in {options['save_model']}.")
        for line in columns_in_words(done.columns):
            self.stderr.write(f"  {line}", self.style.NOTICE)
        for remark in remarks_on(done, chosen=chosen_columns(options)):
            self.stderr.write(remark)
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(done, options["threshold"], time.monotonic() - started)))
        else:
            self.stdout.write(_in_words(done, out))


def _limit(text: str) -> tuple[str, int | None]:
    column, equals, most = text.rpartition("=")
    if not equals or not column or not (most == ANY or (most.isdecimal() and int(most))):
        raise ArgumentTypeError("write COLUMN=N with a number from 1, such as ssn=1, or COLUMN=any")
    return column, None if most == ANY else int(most)


def write_clusters(out: Path, rows: pl.DataFrame) -> None:
    """Write the clusters of records, probabilities to four digits."""
    # Each of the few probabilities that can be written is spelled once.
    spelled = pl.Series([f"{share / _SHARES:.4f}" for share in range(_SHARES + 1)])

    def written(start: int) -> bytes:
        lines = BytesIO()
        part = rows.slice(start, _ROWS_AT_ONCE)
        shares = (part["probability"] * _SHARES).round().cast(pl.UInt32)
        part.with_columns(spelled.gather(shares).alias("probability")).write_csv(lines, include_header=start == 0)
        return lines.getvalue()

    with written_whole(out) as file:
        file.writelines(each(written, range(0, max(len(rows), 1), _ROWS_AT_ONCE), rows=len(rows)))


def _as_json(done: Deduplicated, threshold: float, seconds: float) -> dict[str, Any]:
    return {
        "records": len(done.rows),
        "clusters": done.clusters,
        "duplicates": len(done.rows) - done.clusters,
        "unreadable_rows": len(done.unreadable),
        "unreadable_lines": [row.line for row in done.unreadable[:MOST_LINES]],
        "compared_pairs": done.found.pairs,
        "threshold": threshold,
        "learned_on": done.found.model.learned_on,
        "households": done.found.model.household is not None,
        "organizations": done.organizations,
        "compared_as": dict(done.free),
        "limits": [
            {"column": column, "at_most": most, "held_back_pairs": done.found.held_back.get(column, 0)}
            for column, most in done.limits.items()
        ],
        "columns": [asdict(taken) for taken in done.columns],
        "skipped_blocks": [{"key": list(block.key), "people": block.people} for block in done.found.skipped.skipped],
        "figures": {
            name: {"precision": measured.precision, "recall": measured.recall, "f1": measured.f1}
            for name, measured in done.quality.items()
        },
        "seconds": {**done.seconds, "total": round(seconds, 2)},
    }


def _in_words(done: Deduplicated, out: Path) -> str:
    lines = [f"{counted(done)}, as written to {out}"]
    for name, measured in done.quality.items():
        lines.append(
            f"{name.replace('_', '-')}: precision {measured.precision:.4f}, recall {measured.recall:.4f}, "
            f"F1 {measured.f1:.4f}"
        )
    return "\n".join(lines)
