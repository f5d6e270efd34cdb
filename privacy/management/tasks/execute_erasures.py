"""manage.py privacy execute-erasures: carry out what is due, as the schedule does every minute."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from privacy import window

HELP = "carry out the erasures whose window has passed, and go on with those that were interrupted"


def add_arguments(parser: ArgumentParser) -> None:
    """None."""


def handle(command: BaseCommand, **options: Any) -> None:
    """Execute and count."""
    command.stdout.write(f"{window.execute_due()} erasures carried out")
