"""manage.py privacy TASK: what a privacy officer does at the console of the server. A file each, in `management/tasks`.

A task is a module with HELP, `add_arguments(parser)` and `handle(command, **options)`.
"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from privacy.management.tasks import execute_erasures, prove_erased, replay_erasures, verify_certificate, verify_ledger

TASKS = {
    "execute-erasures": execute_erasures,
    "prove-erased": prove_erased,
    "replay-erasures": replay_erasures,
    "verify-certificate": verify_certificate,
    "verify-ledger": verify_ledger,
}


class Command(BaseCommand):
    """One task each."""

    help = "Erasures carried out, proved, certified, and repeated after a restore."

    def add_arguments(self, parser: ArgumentParser) -> None:
        tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
        for name, task in TASKS.items():
            task.add_arguments(tasks.add_parser(name, help=task.HELP, description=task.HELP))

    def handle(self, *args: Any, task: str, **options: Any) -> None:
        TASKS[task].handle(self, **options)
