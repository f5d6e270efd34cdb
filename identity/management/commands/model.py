"""manage.py model export --splink --out SETTINGS: hand the match model over to Splink."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from identity.learning import active_model
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
from identity.management.remarks_on_files import unlike_in_words
from identity.matching import Model
from identity.matching.splink import chances_to_agree, known_comparisons, left_out, splink_settings
from identity.matching.widen import ALL_WITH_ALL
from identity.people_of_file import PeopleOfFile, read_people, write_prepared


class Command(BaseCommand):
    """Write a model as Splink settings, and what Splink cannot say on the error stream."""

    help = (
        "Write the match model as settings that Splink 5 loads over DuckDB, and, for a file of people, the table of "
        "normalized columns that they speak of. What Splink cannot say is told. Docs: docs/dedupe.md."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("export",))
        parser.add_argument("--splink", action="store_true", required=True, help="the format: Splink settings, JSON")
        parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the settings to write")
        parser.add_argument(
            "--model", type=Path, metavar="FILE",
            help="a model that `dedupe --save-model` wrote (default: the one by which live profiles are made)",
        )  # fmt: skip
        parser.add_argument("--data", type=Path, metavar="FILE", help="a file of people to prepare for Splink")
        parser.add_argument(
            "--prepared", type=Path, metavar="FILE", help="the prepared table to write: .parquet, else CSV"
        )
        add_column_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        out, data, table = options["out"], options["data"], options["prepared"]
        _must_go_together(data, table)
        must_be_writable([out, table], [data, options["model"]])
        model = saved_model(options["model"]) if options["model"] else active_model()[0]
        people = _people(data, options, model) if data else None
        all_pairs = people is not None and len(people.record_ids) <= ALL_WITH_ALL
        settings = splink_settings(
            model,
            comparisons=known_comparisons(people.people) if people else None,
            chances=chances_to_agree(people.people) if people else None,
            all_pairs=all_pairs,
        )
        write_text(out, json.dumps(settings, indent=2) + "\n")
        self.stdout.write(f"{len(settings['comparisons'])} comparisons as Splink settings: {out}")
        if people:
            write_prepared(people, table, model=model)
            for remark in unlike_in_words(people.unlike):
                self.stderr.write(remark, self.style.NOTICE)
            self.stdout.write(f"{len(people.record_ids):,} records in the columns that they speak of: {table}")
        self.stderr.write("What the export leaves out:", self.style.NOTICE)
        for remark in left_out(model, all_pairs=all_pairs):
            self.stderr.write(f"- {remark}", self.style.NOTICE)


def _must_go_together(data: Path | None, table: Path | None) -> None:
    if table and not data:
        raise CommandError("Say with --data which file of people is to be prepared")
    if data and not table:
        raise CommandError("Say with --prepared where the prepared table is to go")
    if data:
        must_be_readable(data)


def _people(data: Path, options: dict[str, Any], model: Model) -> PeopleOfFile:
    try:
        return read_people(data, chosen=chosen_columns(options), model=model)
    except REFUSED as error:
        raise CommandError(with_way_out(data, error)) from None
