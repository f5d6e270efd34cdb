"""Errors as problem details (RFC 9457). Nothing here repeats a value of the request."""

import traceback
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse, JsonResponse, UnreadablePostError
from rest_framework import exceptions

from access.limits import TooMany
from vault.ids import new_id
from vault.key_service import KeyServiceFailed
from vault.keys import KeyMissing

log = structlog.get_logger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_AFTER_SECONDS = 5
AWAY = "The database does not answer. Nothing was kept; try again."
# The framework's own sentences for these would repeat what the caller sent.
PLAIN_SENTENCES = {
    "unsupported_media_type": "Send the body as application/json.",
    "not_acceptable": "This route answers application/json only.",
}


@dataclass(frozen=True)
class FieldError:
    """One thing that is wrong with one field of the request."""

    field: str
    code: str
    message: str


class Problem(exceptions.APIException):
    """An expected failure: its status, its code, a sentence, and what a program may want beside them."""

    def __init__(
        self,
        status: int,
        *,
        code: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.members = dict(members or {})


def problem(error: Exception, context: Mapping[str, Any] | None = None) -> HttpResponse:
    """The answer for any error that a view raises: expected ones in their own words, the rest as a plain 500."""
    match error:
        case Problem():
            return answer(
                error.status_code,
                code=_code(error.detail),
                detail=str(error.detail),
                errors=error.errors,
                headers=error.headers,
                members=error.members,
            )
        case exceptions.ValidationError():
            return _invalid(error)
        case exceptions.APIException():
            return _framework(error)
        case Http404():
            return not_found()
        case PermissionDenied():
            return answer(403, code="permission_denied", detail="This is not permitted.")
        case SuspiciousOperation() | UnreadablePostError():
            return answer(400, code="bad_request", detail="This request is malformed.")
        case TooMany():
            return answer(
                429,
                code="too_many_requests",
                detail=f"{str(error).capitalize()}.",
                headers={"Retry-After": str(error.retry_after)},
            )
        case KeyServiceFailed():
            log.error("key_service_failed", error=str(error))
            return answer(
                503,
                code="keys_unavailable",
                detail="The keys cannot be reached, so nothing is opened. Try again in a while.",
                headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
            )
        case KeyMissing():
            return _key_gone()
        case OperationalError() | InterfaceError():
            return database_away(error)
        case _:
            return _unexpected(error, context or {})


def answer(
    status: int,
    *,
    code: str,
    detail: str,
    errors: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    members: Mapping[str, object] | None = None,
) -> JsonResponse:
    """A problem document; `code` and `message` stand beside the RFC's members, as Segment's clients expect."""
    body = {
        "type": f"urn:onym:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": f"urn:uuid:{new_id()}",
        "code": code,
        "message": detail,
        "errors": [asdict(item) for item in errors],
        **(members or {}),
    }
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def not_found() -> JsonResponse:
    """The answer for what is not there, or not there for this caller."""
    return answer(404, code="not_found", detail="There is nothing here. Routes of the API end with a slash.")


def _invalid(error: exceptions.ValidationError) -> JsonResponse:
    errors = list(_flatten(error.detail))
    count = "1 field is" if len(errors) == 1 else f"{len(errors)} fields are"
    return answer(400, code="invalid", detail=f"{count} not valid.", errors=errors)


def _flatten(detail: Any, path: str = "") -> Iterator[FieldError]:
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flatten(inner, path if name == "non_field_errors" else f"{path}.{name}".strip("."))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _flatten(inner, f"{path}.{position}".strip(".") if nested else path)
    else:
        yield FieldError(field=path, code=_code(detail), message=str(detail))


def _framework(error: exceptions.APIException) -> JsonResponse:
    code = _code(error.detail)
    headers = {"WWW-Authenticate": challenge} if (challenge := getattr(error, "auth_header", None)) else {}
    return answer(error.status_code, code=code, detail=PLAIN_SENTENCES.get(code, str(error.detail)), headers=headers)


def _code(detail: object) -> str:
    return str(getattr(detail, "code", None) or "error")


def _key_gone() -> JsonResponse:
    return answer(
        410,
        code="key_destroyed",
        detail="What is kept of this person can never be opened again: a key of theirs has been destroyed.",
    )


def database_away(error: Exception) -> JsonResponse:
    """The answer while a database does not answer."""
    log.error("database_away", error=type(error).__name__)
    return answer(
        503,
        code="unavailable",
        detail=AWAY,
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def _unexpected(error: Exception, context: Mapping[str, Any]) -> JsonResponse:
    response = answer(500, code="internal_error", detail="Something went wrong here. It has been noted.")
    # The message of an exception may hold a value; its kind and its place do not.
    log.error(
        "unexpected_error",
        error=type(error).__name__,
        view=type(context.get("view")).__name__,
        where=[f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)[-8:]],
    )
    return response
