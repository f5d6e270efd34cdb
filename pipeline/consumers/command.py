"""What the commands of all consumers have in common: signals, settings that contradict each other, what is said."""

import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from pipeline.consumers.environment import BadSettings
from pipeline.consumers.progress import Progress


class ConsumerCommand(BaseCommand):
    """Consumes until SIGINT or SIGTERM; `door` names where it takes from."""

    door: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="say what happens as one JSON object a line")

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopping.set())
        progress = Progress(self.door, self._say, as_json=options["json"])
        try:
            self.consume(stopping=stopping, progress=progress)
        except BadSettings as error:
            raise CommandError(str(error)) from None
        progress.end()

    def consume(self, *, stopping: threading.Event, progress: Progress) -> None:
        """Take in what there is until told to stop. Raises `BadSettings`."""
        raise NotImplementedError

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
