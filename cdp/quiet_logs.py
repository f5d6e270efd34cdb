"""Logs that hold nobody's data: of a request its route and status, of an exception its kind and place, no value."""

import logging
import re
import traceback
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any

# A net below all else: what looks like an e-mail address, however it is encoded, is taken out of every line.
ADDRESS = re.compile(r"[^\s\"'<>=&?/,;:()\[\]{}]+(?:@|%40|%2540|&#64;|\\u0040|＠)[^\s\"'<>=&?/,;()\[\]{}]+")
# What a task was given, gave back or raised stands in what the worker says of it.
ABOUT_TASKS, OF_TASKS = "celery.app.trace", ("id", "name", "description", "runtime")
ABOUT_REQUESTS = ("django.request", "django.security", "django.server", "django.csrf")
READY = "readyz"
FRAMES = 12


class Quiet(logging.Formatter):
    """Writes a record without the words of requests and exceptions, which can be anybody's."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name.startswith(ABOUT_REQUESTS):
            record = logging.makeLogRecord({**record.__dict__, "msg": _of_request(record), "args": ()})
        elif record.name == ABOUT_TASKS and isinstance(record.args, dict):
            record = logging.makeLogRecord({**record.__dict__, "args": _of_task(record)})
        # Another handler may have kept its own text of the exception in the record.
        record.exc_text = None
        record.stack_info = None
        return without_addresses(super().format(record))

    def formatException(  # noqa: N802  # the name of the standard library
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        kind, _, trace = ei
        frames = traceback.extract_tb(trace)[-FRAMES:]
        places = "".join(f"\n  {frame.filename}:{frame.lineno} in {frame.name}" for frame in frames)
        return f"{kind.__name__ if kind else 'Exception'}{places}"


class Answered(logging.Filter):
    """Lets pass, as no error, that the installation said it is not ready: that is an answer, as at each start."""

    def filter(self, record: logging.LogRecord) -> bool:
        match = getattr(getattr(record, "request", None), "resolver_match", None)
        if match and match.route == READY and getattr(record, "status_code", None) == 503:
            record.levelno, record.levelname = logging.INFO, logging.getLevelName(logging.INFO)
        return True


def without_addresses(text: str) -> str:
    """The text with everything that looks like an e-mail address taken out."""
    return ADDRESS.sub("[address]", text)


def scrub(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The same for structured logs."""
    return {name: without_addresses(value) if isinstance(value, str) else value for name, value in event.items()}


def _of_task(record: logging.LogRecord) -> dict[str, Any]:
    """What a worker says of a task without its values: of an exception its kind."""
    told = record.args if isinstance(record.args, dict) else {}
    kind = record.exc_info[0] if record.exc_info else None
    raised = kind.__name__ if kind else "an exception"
    return {name: value if name in OF_TASKS else raised if name == "exc" else "…" for name, value in told.items()}


def _of_request(record: logging.LogRecord) -> str:
    request = getattr(record, "request", None)
    match = getattr(request, "resolver_match", None)
    status = getattr(record, "status_code", "")
    return f"{record.name} {status} at {match.route if match else 'no route'}".replace("  ", " ")
