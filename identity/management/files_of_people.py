"""What the commands that read a file of people share: their options, and what they say of a file that will not do."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from identity.deduplicating import NotOneEachError
from identity.likeness_to_model import UnlikeModelError
from identity.matching import Model, UnreadableModelError
from identity.matching.columns import FIELDS, NOTHING, RECORD_ID, TRUTH, UnknownColumnError, UnknownFieldError
from identity.matching.table import NothingToCompareError
from identity.written import written_whole
from records.readers import NotReadable

REFUSED = (
    NotReadable, UnknownColumnError, UnknownFieldError, NotOneEachError, UnlikeModelError, NothingToCompareError,
)  # fmt: skip


def add_column_options(parser: ArgumentParser) -> None:
    """Add the options that say what the columns of the file are."""
    parser.add_argument("--id", metavar="COLUMN", help="the column that names a record (default: found, or the row)")
    parser.add_argument("--truth", metavar="COLUMN", help="the column that names the person: left out of matching")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="COLUMN", help="leave this column out; may be repeated"
    )
    parser.add_argument(
        "--column", action="append", default=[], type=_choice, metavar="FIELD=COLUMN",
        help=f"take a column for a field; may be repeated. The fields are: {', '.join(FIELDS)}",
    )  # fmt: skip


def chosen_columns(options: Mapping[str, Any]) -> dict[str, str]:
    """Return the fields that were chosen, by column."""
    chosen = dict(options["column"]) | dict.fromkeys(options["ignore"], NOTHING)
    for column, name in ((options["id"], RECORD_ID), (options.get("truth"), TRUTH)):
        if column is not None:
            chosen[column] = name
    return chosen


def must_be_readable(path: Path) -> None:
    """Refuse a file that is not there."""
    if path.is_dir():
        raise CommandError(f"{path} is a folder; name a file in it")
    if not path.is_file():
        raise CommandError(f"There is no file {path}")


def must_be_writable(written: Sequence[Path | None], read: Sequence[Path | None]) -> None:
    """Refuse to write where no file can be, over one of the files that are read, or two into one."""
    outputs, inputs = ([path for path in paths if path is not None] for paths in (written, read))
    for path in outputs:
        if not path.absolute().parent.is_dir():
            raise CommandError(f"There is no folder {path.parent}; make it first")
        if path.is_dir():
            raise CommandError(f"{path} is a folder; name a file in it")
        if any(_is_same(path, other) for other in inputs):
            raise CommandError(f"{path} is the file to read; write to another")
    for one, other in combinations(outputs, 2):
        if _is_same(one, other):
            raise CommandError(f"Two things are to be written to {one}; name two files")


def _is_same(one: Path, other: Path) -> bool:
    return one.absolute() == other.absolute() or (one.exists() and other.exists() and one.samefile(other))


def saved_model(path: Path) -> Model:
    """Return the model that `dedupe --save-model` wrote."""
    try:
        return Model.from_dict(json.loads(path.read_text("utf-8")))
    except OSError:
        raise CommandError(f"There is no model {path}; save one with --save-model") from None
    except (UnreadableModelError, ValueError, KeyError, TypeError, AttributeError):
        raise CommandError(f"{path} is no model of this version; learn a new one with --save-model") from None


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all, for its owner alone."""
    with written_whole(path) as file:
        file.write(text.encode())


def with_way_out(path: Path, error: Exception) -> str:
    """Return what is wrong with the file and what to do; no value of a person."""
    if isinstance(error, NothingToCompareError):
        return (
            f"{path}: {error}. Say which is which: --column given_name=COLUMN --column birth_date=COLUMN, "
            "or --column organization=COLUMN"
        )
    return f"{path}: {error}"


def _choice(text: str) -> tuple[str, str]:
    name, equals, column = text.partition("=")
    if not equals or not column:
        raise ArgumentTypeError("write FIELD=COLUMN, such as birth_date=dob")
    if name not in FIELDS and column in FIELDS:
        raise ArgumentTypeError(f"the field comes first, did you mean {column}={name}?")
    return column, name
