"""A contract on the command line: a file with a JSON Schema, and what becomes of undeclared fields."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import CommandError

from records import json_schema
from records.models import MODES


def add_arguments(parser: ArgumentParser, *, when: str) -> None:
    """Let a command take a contract; `when` says for what it holds."""
    parser.add_argument(
        "--contract", type=Path, metavar="FILE", help=f"a JSON Schema (draft 2020-12) that records are held to{when}"
    )
    parser.add_argument(
        "--contract-mode", choices=MODES, help=f"what becomes of undeclared fields{when}: dropped, kept, or blocked"
    )


def schema_in(path: Path | None) -> str | None:
    """The schema in this file as it is kept; None without a file. What is wrong with it is told with its place."""
    if path is None:
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise CommandError(f"--contract: {path.name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise CommandError(f"--contract: {path.name}: a schema is a JSON file in UTF-8") from None
    if wrong := json_schema.faults(text) if text.strip() else ["The file is empty."]:
        raise CommandError(f"--contract: {path.name}: " + " ".join(wrong))
    return json_schema.written(json_schema.parsed(text))
