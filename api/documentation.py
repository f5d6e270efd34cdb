"""What operations of the OpenAPI document have in common: errors, keys, the header that names the purpose."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from api.errors import CONTENT_TYPE
from api.purposes import HEADER
from api.serializers.problems import ProblemSerializer

View = TypeVar("View", bound=Callable[..., Any])

MEANINGS = {
    400: "The request is not valid; `errors` names each field and the reason.",
    401: "No API key, or one that is unknown, expired or revoked.",
    403: "The key lacks the scope or the purpose, or consent refuses (`code` tells which). No data is returned.",
    404: "There is no such thing, or it has been erased.",
    409: "It cannot be done as things stand: `detail` says why, or what has to come first.",
    410: "What is kept of this person can never be opened again: a key of theirs has been destroyed.",
    413: "The body is larger than is taken.",
    415: "The body is of a media type or encoding that is not taken.",
    429: "Too many look-ups by identifier, or records of this source, within a minute; try again after `Retry-After` "
    "seconds.",
    500: "Something went wrong here; it holds no value of the request.",
    503: "A database does not answer; try again after `Retry-After` seconds.",
}
PURPOSE = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="The purpose to read under, one of the key's own. May be left out when the key holds exactly one.",
)


def describe(
    summary: str, *, description: str, responses: dict[int, Any], fails: Sequence[int] = (), **options: Any
) -> Callable[[View], View]:
    """`extend_schema` with the error responses of this operation, beside those that any operation may give."""
    return extend_schema(
        summary=summary,
        description=description,
        responses={
            **{(status, "application/json"): response for status, response in responses.items()},
            **problems(400, 401, 403, *fails, 500, 503),
        },
        **options,
    )


def problems(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """The error responses with these statuses."""
    return {
        (status, CONTENT_TYPE): OpenApiResponse(ProblemSerializer, description=MEANINGS[status])
        for status in sorted(set(statuses))
    }


class ApiKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document describes API keys."""

    target_class = "api.authentication.ApiKeyAuthentication"
    name = "apiKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key (`onym_...`), made with `manage.py add_api_key` or in the admin.",
        }


class WriteKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the document describes the write keys of sources."""

    target_class = "api.write_keys.WriteKeyAuthentication"
    name = "writeKey"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "basic",
            "description": "The write key of a source as user name, with an empty password; or as `writeKey` in the "
            "body; or as bearer token.",
        }
