"""A second process beside the demo's own, for a second core. Whatever it leaves undone the first one does itself."""

import subprocess
import sys
import time
from collections.abc import Callable
from types import TracebackType

from django.conf import settings

LOOKS_EVERY = 0.3


class Beside:
    """This command of manage.py, at work at the same time; ended with the block."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.BASE_DIR,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def __enter__(self) -> "Beside":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()

    def wait(self, meanwhile: Callable[[], None]) -> None:
        """Until it ends, well or not; `meanwhile` is called now and then."""
        while self._process.poll() is None:
            meanwhile()
            time.sleep(LOOKS_EVERY)
