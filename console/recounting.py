"""Recounting: what a person changed reaches the members of all segments."""

from django.contrib import messages
from django.http import HttpRequest
from kombu.exceptions import OperationalError

from pipeline.tasks import refresh_all


def recount(request: HttpRequest, *, done: str, later: str) -> None:
    """Let a worker look at everybody anew, and say so; without one, the hourly refresh does."""
    try:
        refresh_all.delay()
        messages.success(request, done)
    except OperationalError:
        messages.warning(request, later)
