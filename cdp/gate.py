"""The gate before every page and route: while the database is away or behind the erasure ledger, nothing is served."""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from api import errors
from privacy import epoch
from privacy.epoch import Behind
from privacy.erasure_ledger import LedgerBroken

log = structlog.get_logger()

# Health, and the description of the API: neither holds anybody's data.
OPEN = ("/livez", "/readyz", "/api/docs/", "/api/schema/")
PROGRAMS = ("/api/", "/v1/", "/metrics")
HEADERS = {"Retry-After": "60", "Cache-Control": "no-store"}
WORDS = "This installation was restored from a backup and is being brought up to date. Nothing is served until then."


class EpochGate:
    """Answers 503 to everything that could hold data unless the database's epoch is the ledger's head."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path in OPEN or request.path.startswith(f"/{settings.STATIC_URL.lstrip('/')}"):
            return self.get_response(request)
        try:
            wrong = epoch.fault()
        except LedgerBroken as error:
            wrong = str(error)
        except Error as error:
            return _away(request, error)
        return _not_now(request, wrong) if wrong else self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """The same where the database is found to be behind only after the gate let the request through."""
        return _not_now(request, str(exception)) if isinstance(exception, Behind) else None


def _away(request: HttpRequest, error: Exception) -> HttpResponse:
    response = errors.database_away(error)
    return response if request.path.startswith(PROGRAMS) else _for_people(errors.AWAY, response.headers["Retry-After"])


def _not_now(request: HttpRequest, wrong: str) -> HttpResponse:
    log.error("closed", why=wrong)
    if request.path.startswith(PROGRAMS):
        return errors.answer(503, code="not_ready", detail=WORDS, headers=HEADERS)
    return _for_people(WORDS, HEADERS["Retry-After"])


def _for_people(words: str, retry_after: str) -> HttpResponse:
    headers = {**HEADERS, "Retry-After": retry_after}
    return HttpResponse(words, status=503, content_type="text/plain; charset=utf-8", headers=headers)
