#!/usr/bin/env python
"""Django's command line for Onym."""

import gc
import os
import sys
from importlib import import_module

from django.core.management import execute_from_command_line
from django.db import ProgrammingError

from identity.memory import kept_together

# What PostgreSQL calls a table that is not there. Its driver, which names it, is not loaded for a file alone.
UNDEFINED_TABLE = "42P01"
NO_TABLES = """The database has no tables yet. Make them with
  python manage.py migrate && python manage.py migrate vault --database keystore
or start `make serve`, which does it by itself."""

# Commands that read and write files alone: the embedded PostgreSQL is not started for them.
WITHOUT_DATABASE = frozenset({"dedupe", "explain_pair"})
# Of those the one that needs no model either: it begins a second earlier without the applications, and ends a fifth of
# one earlier without their settings.
WITHOUT_APPLICATIONS = "dedupe"
# These do so when they are given a model.
WITH_A_MODEL = frozenset({"model"})
NOWHERE = "postgresql://nobody@database.invalid/none"


def reads_files_alone(command: str, *options: str) -> bool:
    """Say whether a command needs no database."""
    given_a_model = any(option.partition("=")[0] == "--model" for option in options)
    return command in WITHOUT_DATABASE or (command in WITH_A_MODEL and given_a_model)


if __name__ == "__main__":
    if sys.argv[1:2] != [WITHOUT_APPLICATIONS]:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cdp.settings")
    if reads_files_alone(*(sys.argv[1:] or ("help",))):
        os.environ.setdefault("DATABASE_URL", NOWHERE)
        os.environ.setdefault("KEYSTORE_URL", NOWHERE)
    try:
        if sys.argv[1:2] == [WITHOUT_APPLICATIONS]:
            # It multiplies no matrices and makes no cycles to look for, and the system clears up after it faster than
            # the interpreter. On a system that has been up for long, large pages cost more to find than they save.
            os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
            os.environ.setdefault("NUMPY_MADVISE_HUGEPAGE", "0")
            gc.disable()
            kept_together()
            import_module(f"identity.management.commands.{WITHOUT_APPLICATIONS}").Command().run_from_argv(sys.argv)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(0)
        else:
            execute_from_command_line(sys.argv)
    except ProgrammingError as error:
        if getattr(error.__cause__, "sqlstate", None) != UNDEFINED_TABLE:
            raise
        sys.exit(NO_TABLES)
