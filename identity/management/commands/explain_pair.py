"""manage.py explain_pair FILE RECORD RECORD: why two records of a file are, or are not, one person."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from identity.explaining import Explained, UnknownRecordError, explain
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
from identity.matching.batch import find_people
from identity.matching.picture import picture
from identity.matching.words import in_words, level_in_words, odds_in_words, probability_in_words
from identity.people_of_file import read_people

OF_ORGANIZATIONS = "Are these two records one organization?"


class Command(BaseCommand):
    """Explain one pair, as a table and as a picture: it needs no database."""

    help = (
        "Say what the fields of two records of a file tell about whether they are one person, in levels and bits, and "
        "draw it. Values of people are in neither. Docs: docs/dedupe.md."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("records", nargs=2, metavar="RECORD", help="what the record is called, as in clusters.csv")
        parser.add_argument("--model", type=Path, metavar="FILE", help="use this saved model; do not learn")
        parser.add_argument("--out", type=Path, metavar="FILE", help="the picture to draw, SVG")
        parser.add_argument("--json", action="store_true", help="print probability and steps as one JSON object")
        add_column_options(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        path, out = options["file"], options["out"]
        must_be_readable(path)
        must_be_writable([out], [path, options["model"]])
        model = saved_model(options["model"]) if options["model"] else None
        try:
            people = read_people(path, chosen=chosen_columns(options), model=model)
            model = model or find_people(people.people).model
            explained = explain(people, *options["records"], model=model)
        except (*REFUSED, UnknownRecordError) as error:
            raise CommandError(with_way_out(path, error)) from None
        for remark in unlike_in_words(people.unlike):
            self.stderr.write(remark, self.style.NOTICE)
        if out:
            title = {"title": OF_ORGANIZATIONS} if explained.organizations else {}
            write_text(out, picture(explained.shown(), **title))
        self.stdout.write(_as_json(explained) if options["json"] else _in_words(explained))


def _in_words(explained: Explained) -> str:
    one = "organization" if explained.organizations else "person"
    total = sum(bits for _, _, bits in explained.steps)
    lines = [f"{in_words(name):<20}{level_in_words(level):<22}{bits:+7.2f}" for name, level, bits in explained.shown()]
    if not explained.compared:
        lines.append("No field is known of both.")
    likely = f"odds of {odds_in_words(total)}, {probability_in_words(explained.probability)} likely one {one}"
    return "\n".join([*lines, f"{'Together':<42}{total:+7.2f}", likely])


def _as_json(explained: Explained) -> str:
    columns = explained.columns
    steps = [
        {"comparison": name, "level": level, "bits": bits} | ({"column": columns[name]} if name in columns else {})
        for name, level, bits in explained.steps
    ]
    return json.dumps({"probability": explained.probability, "steps": steps})
