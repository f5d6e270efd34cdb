"""Progress of a consumer: a line every so many records or seconds, of numbers alone; and its signs of life."""

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.utils import timezone

from pipeline import heartbeat
from pipeline.consumers.taking import Taken

EVERY_RECORDS = 10_000
EVERY_SECONDS = 10.0
BEATS_EVERY = timedelta(seconds=5)


class Progress:
    """Counts what a consumer takes and says so, as a sentence or as one JSON object a line."""

    def __init__(self, door: str, say: Callable[[str], None], *, as_json: bool) -> None:
        self._door = door
        self._say = say
        self._as_json = as_json
        self._beaten_at: datetime | None = None
        self._total = Taken()
        self._said = Taken()
        self._said_at = time.monotonic()

    def note(self, taken: Taken, **more: int) -> None:
        """Count this, and say so when it is time."""
        self._total += taken
        if self._news() >= EVERY_RECORDS or (self._news() and time.monotonic() - self._said_at >= EVERY_SECONDS):
            self._tell("progress", more)

    def event(self, what: str, **more: int | str) -> None:
        """Say that something happened to the consumer itself."""
        self._write({"door": self._door, "what": what, **more})

    def end(self) -> None:
        """Say what was taken in all, and that this consumer is not to be missed: it was asked to stop."""
        self._tell("stopped", {})
        if self._beaten_at is not None:
            with suppress(DatabaseError):
                heartbeat.end(self._door)

    def beat(self) -> None:
        """Note in the database, now and then, that this consumer is alive. Raises what the database raises."""
        now = timezone.now()
        if self._beaten_at is None or now - self._beaten_at >= BEATS_EVERY:
            heartbeat.beat(self._door, now=now)
            self._beaten_at = now

    def _news(self) -> int:
        return _records(self._total) - _records(self._said)

    def _tell(self, what: str, more: Mapping[str, int]) -> None:
        seconds = max(time.monotonic() - self._said_at, 0.001)
        acceptance = self._total.acceptance
        self._write(
            {
                "door": self._door,
                "what": what,
                "acknowledged": acceptance.acknowledged,
                "stored": acceptance.stored,
                "duplicate": acceptance.duplicate,
                "quarantined": acceptance.quarantined,
                "refused": acceptance.refused,
                "of_no_source": self._total.homeless,
                "per_second": round(self._news() / seconds),
                **more,
            }
        )
        self._said, self._said_at = self._total, time.monotonic()

    def _write(self, line: Mapping[str, int | str]) -> None:
        if self._as_json:
            self._say(json.dumps({"at": timezone.now().isoformat(timespec="seconds"), **line}))
        else:
            rest = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in line.items() if name not in HEAD)
            self._say(f"{line['door']}: {line['what']}" + (f" ({rest})" if rest else ""))


HEAD = ("door", "what")


def _records(taken: Taken) -> int:
    return taken.acceptance.acknowledged + taken.homeless
