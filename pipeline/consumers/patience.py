"""Patience: a consumer that cannot make its messages durable keeps them and tries again, until it can or is stopped."""

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg
import structlog
from django.db import Error, close_old_connections
from django.utils import timezone

from pipeline.consumers.progress import Progress
from pipeline.consumers.taking import Fetched, Taken, take
from privacy.epoch import Behind

log = structlog.get_logger()

Answer = TypeVar("Answer")
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0


class Stopped(Exception):
    """Told to stop before it could be done: nothing of it may be acknowledged."""


def take_patiently(
    fetched: Sequence[Fetched],
    *,
    door: str,
    progress: Progress,
    stopping: threading.Event,
    meanwhile: Callable[[float], object],
    before: Callable[[], None] = lambda: None,
) -> Taken:
    """What became of these messages once they are durable. Raises `Stopped`.

    While the database is away, or anything else fails that may pass, nothing is lost and nothing acknowledged.
    `meanwhile` is called to wait so many seconds: it keeps the connection to the broker. `before` is called when the
    messages have been read, before they are taken in.
    """

    def attempt() -> Taken:
        progress.beat()
        return take(fetched, door=door, now=timezone.now(), before=before)

    return patiently(attempt, door=door, stopping=stopping, meanwhile=meanwhile)


def patiently(
    attempt: Callable[[], Answer], *, door: str, stopping: threading.Event, meanwhile: Callable[[float], object]
) -> Answer:
    """What the attempt answers once it succeeds. Raises `Stopped`."""
    pause = FIRST_PAUSE
    while not stopping.is_set():
        try:
            return attempt()
        except Exception as error:
            _tell(error, door)
        close_old_connections()
        _wait(pause, stopping, meanwhile)
        pause = min(pause * 2, LONGEST_PAUSE)
    raise Stopped


def beat_if_possible(progress: Progress) -> None:
    """A sign of life, where the database is there to take it."""
    try:
        progress.beat()
    except (psycopg.Error, Error):
        close_old_connections()


def _wait(seconds: float, stopping: threading.Event, meanwhile: Callable[[float], object]) -> None:
    until = time.monotonic() + seconds
    while not stopping.is_set() and (left := until - time.monotonic()) > 0:
        meanwhile(min(left, 0.5))


def _tell(error: Exception, door: str) -> None:
    """Log the kind of the error and its place, and no value."""
    if isinstance(error, Behind):
        log.error("consumer waits for the replay of erasures", door=door, why=str(error))
    elif isinstance(error, psycopg.Error | Error):
        log.warning("consumer waits for the database", door=door, error=type(error).__name__)
    else:
        frames = traceback.extract_tb(error.__traceback__)[-4:]
        where = [f"{frame.filename}:{frame.lineno}" for frame in frames]
        log.error("consumer failed and tries again", door=door, error=type(error).__name__, where=where)
