"""manage.py process: work off the queue, once or for good."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone
from rich.progress import Progress

from pipeline import backlog, tasks
from pipeline.listener import listen
from pipeline.process import process_batch


class Command(BaseCommand):
    """Process what waits; with --listen go on as more is committed."""

    help = "Resolve, score and segment what has been taken in. With --listen, keep doing so as records arrive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--listen", action="store_true", help="keep running and wake on every commit")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["listen"]:
            stopping = threading.Event()
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, lambda *_: stopping.set())
            listen(stopping, on_backlog=tasks.help_with_backlog)
            return
        with Progress() as progress:
            total = backlog.waiting()
            # Until something is known there is nothing to show.
            bar = progress.add_task("processing", total=total, visible=False)
            while process_batch(now=timezone.now()):
                progress.update(bar, completed=total - backlog.waiting(), visible=True)
