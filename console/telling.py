"""Telling people what came of what they did: one line, in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib import messages
from django.http import HttpRequest


@contextmanager
def telling(request: HttpRequest, *expected: type[Exception], done: str = "") -> Iterator[None]:
    """Say that it is done; or, when it failed in one of the expected ways, why, and go on."""
    try:
        yield
    except expected as error:
        messages.error(request, sentence(str(error)))
    else:
        if done:
            messages.success(request, done)


def sentence(text: str) -> str:
    """The text with a capital letter and a full stop."""
    text = text.strip() or "That is not possible"
    return text[:1].upper() + text[1:] + ("" if text[-1] in ".!?" else ".")
