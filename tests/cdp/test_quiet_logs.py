"""The log tells errors as errors, and nothing else."""

import logging
from types import SimpleNamespace

import pytest

from cdp.quiet_logs import Answered, Quiet


@pytest.mark.parametrize(
    ("route", "status", "line"),
    [
        ("readyz", 503, "INFO django.request 503 at readyz"),
        ("readyz", 500, "ERROR django.request 500 at readyz"),
        ("v1/batch", 503, "ERROR django.request 503 at v1/batch"),
    ],
)
def test_that_it_is_not_ready_is_an_answer_and_no_error(route: str, status: int, line: str) -> None:
    request = SimpleNamespace(resolver_match=SimpleNamespace(route=route))
    told = {"name": "django.request", "levelno": logging.ERROR, "levelname": "ERROR", "msg": "Service Unavailable"}
    record = logging.makeLogRecord({**told, "request": request, "status_code": status})
    assert Answered().filter(record)
    assert Quiet("%(levelname)s %(message)s").format(record) == line
