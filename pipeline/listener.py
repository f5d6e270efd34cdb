"""The processor: waits for the word that work was committed, and processes it at once.

PostgreSQL's NOTIFY wakes it within milliseconds of a commit; should one be missed, it looks by itself every few
seconds, so no work is ever lost. When a backlog grows, a Celery worker is asked to step in.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
import structlog
from django.db import Error, close_old_connections, connection
from django.utils import timezone

from pipeline import backlog, faults, heartbeat, queue
from pipeline.pace import Pace
from pipeline.process import process_batch
from privacy.epoch import Behind

log = structlog.get_logger()

LOOKS_EVERY = 5.0
BEATS_EVERY = timedelta(seconds=5)
RETRIES_AFTER = 2.0
BACKLOG = 5_000


def listen(stopping: threading.Event, *, on_backlog: Callable[[], None]) -> None:
    """Process work as it is committed, until told to stop. A database that is away is waited for.

    Work that meets an erasure may lose its rows under its hands: it stays in the queue and is tried again, as does
    whatever else fails. Nothing that goes wrong ends the processor; the log names the kind of error and no value.
    `on_backlog` is called when much waits, so that others may help.
    """
    while not stopping.is_set():
        try:
            _listen(stopping, on_backlog)
        except (psycopg.Error, Error) as error:
            log.warning("processor waits for the database", error=type(error).__name__)
        except Behind as error:
            log.error("processor waits for the replay of erasures", why=str(error))
        except Exception as error:
            log.error("processor failed and tries again", **faults.told(error))
        else:
            continue
        close_old_connections()
        stopping.wait(RETRIES_AFTER)


def _listen(stopping: threading.Event, on_backlog: Callable[[], None]) -> None:
    pace = Pace()
    last_beat = datetime.min.replace(tzinfo=timezone.now().tzinfo)
    parameters = connection.get_connection_params()
    for setting in ("cursor_factory", "context", "server_side_binding", "pool"):
        parameters.pop(setting, None)
    with psycopg.connect(**{**parameters, "autocommit": True, "cursor_factory": psycopg.Cursor}) as ear:
        ear.execute(f"LISTEN {queue.CHANNEL}")
        while not stopping.is_set():
            now = timezone.now()
            if now - last_beat >= BEATS_EVERY:
                heartbeat.beat("processor", now=now)
                last_beat = now
                if backlog.waiting() > BACKLOG:
                    on_backlog()
            if not pace.took(process_batch(now=now, limit=pace.size)):
                for _ in ear.notifies(timeout=_wait(now - last_beat), stop_after=1):
                    pass


def _wait(since_beat: timedelta) -> float:
    return max(0.1, min(LOOKS_EVERY, (BEATS_EVERY - since_beat).total_seconds()))
