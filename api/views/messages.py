"""The door for Segment's clients: HTTP is read here, messages behind it."""

from dataclasses import replace
from typing import Any, cast

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import bodies
from api.documentation import problems
from api.errors import FieldError, Problem
from api.serializers.messages import AcceptedSerializer, BatchSerializer, SingleMessageSerializer
from api.write_keys import WriteKeyAuthentication, source_of
from pipeline import doors
from pipeline.accept import Acceptance
from records.models import Source

# Rudder's Node client calls what it has packed a form; it is JSON.
FORM = "application/x-www-form-urlencoded"
MEDIA_TYPES = ("", "application/json", "text/plain", "application/octet-stream", FORM)
STRICT = "X-Strict-Mode"
GPC = "Sec-GPC"
CLOUD_EVENT = tuple(
    f"ce-{name}" for name in ("id", "source", "type", "specversion", "time", "subject", "datacontenttype")
)
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": ", ".join(
        ("Authorization", "Content-Type", "Content-Encoding", "X-Retry-Count", STRICT, *CLOUD_EVENT)
    ),
    "Access-Control-Expose-Headers": "Retry-After",
    "Access-Control-Max-Age": "86400",
}
DESCRIPTION = (
    "Takes what Segment's official clients send: the write key as Basic user name, as `writeKey` in the body or as "
    "bearer token; JSON or text/plain; gzip or deflate. Answers 200 once all is stored durably. A bad message does not "
    "cost the good ones beside it: it goes to quarantine and is listed in `rejects`. Sending again changes nothing. "
    "Once a source has sent what it may in a minute the answer is 429 with `Retry-After`, and nothing of it is "
    "kept. To the public key of a browser or app, what consent or an erasure kept out counts as accepted."
)
PARAMETERS = [
    OpenApiParameter(
        STRICT, str, OpenApiParameter.HEADER, enum=["1"], description="Answer 400 when a message was rejected."
    ),
    OpenApiParameter(
        GPC,
        str,
        OpenApiParameter.HEADER,
        enum=["1"],
        description="Global Privacy Control, as browsers send it: opts out the device and, where known, the person.",
    ),
]
RESPONSES = {
    (200, "application/json"): OpenApiResponse(AcceptedSerializer, description="Taken in."),
    **problems(400, 401, 404, 413, 415, 429, 500, 503),
}


class Messages(APIView):
    """Take in messages; `single_type` is the type that the route names, None for a batch."""

    authentication_classes = (WriteKeyAuthentication,)
    permission_classes = ()
    single_type: str | None = None
    # Where the messages stand in the body, as errors name it.
    listed_in = "batch"

    def take(self, request: Request) -> Response:
        """Read the body, find the source, hand over, answer."""
        body = self._body(request)
        payload = bodies.parse(body)
        source = self.sender(request) or source_of(payload.get("writeKey") if isinstance(payload, dict) else None)
        if len(body) > source.max_body_bytes:
            raise bodies.too_large(source.max_body_bytes)
        return self.answer(self.accept(source, payload, request), source, request)

    def accept(self, source: Source, payload: object, request: Request) -> Acceptance:
        """Hand over what was read; a problem where it is no message, nor a batch of them."""
        return self._accept(source, payload, gpc=request.headers.get(GPC) == "1")

    def sender(self, request: Request) -> Source | None:
        """The source that the header names, if it does."""
        return cast(Source | None, request.auth)

    def limit(self, source: Source | None) -> int:
        """How many bytes a body may have."""
        hard_limit: int = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return min(source.max_body_bytes, hard_limit) if source else hard_limit

    def answer(self, acceptance: Acceptance, source: Source, request: Request) -> Response:
        """What became of the messages; a problem where the sender is strict and one was rejected."""
        strict = request.headers.get(STRICT) == "1"
        return answer(_told(acceptance, source), strict=strict, listed_in=self.listed_in)

    def _body(self, request: Request) -> bytes:
        if (request.content_type or "").partition(";")[0].strip().lower() not in MEDIA_TYPES:
            raise Problem(415, code="unsupported_media_type", detail="Send JSON as application/json or text/plain.")
        return bodies.read(request, limit=self.limit(self.sender(request)))

    def _accept(self, source: Source, payload: object, *, gpc: bool) -> Acceptance:
        if isinstance(payload, dict):
            payload = {name: value for name, value in payload.items() if name != "writeKey"}
        try:
            return doors.segment(source, payload, single_type=self.single_type, now=timezone.now(), gpc=gpc)
        except doors.BadPayload as error:
            reason = FieldError(error.field, error.code, error.message)
            raise Problem(400, code=error.code, detail=error.message, errors=[reason]) from None

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """The answer to a browser's preflight."""
        return Response(status=204)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        """Browsers of any origin may send and read the answer: the write key, not a cookie, says who sends."""
        response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in CORS.items():
            response[name] = value
        return response


class Batch(Messages):
    """Take in a batch."""

    @extend_schema(
        operation_id="send_batch",
        summary="Send a batch of messages",
        description=f"{DESCRIPTION} Also at `/v1/b`.",
        tags=["messages"],
        parameters=PARAMETERS,
        request=BatchSerializer,
        responses=RESPONSES,
    )
    def post(self, request: Request) -> Response:
        return self.take(request)


class Single(Messages):
    """Take in one message."""

    @extend_schema(
        summary="Send one message",
        description=f"{DESCRIPTION} Also by the first letter of its type: `/v1/t` for `/v1/track`.",
        tags=["messages"],
        parameters=PARAMETERS,
        request=SingleMessageSerializer,
        responses=RESPONSES,
    )
    def post(self, request: Request) -> Response:
        return self.take(request)


def _told(acceptance: Acceptance, source: Source) -> Acceptance:
    """What the sender is told. A public write key is anybody's: whoever has it learns neither who was erased nor who
    consented, so what was refused counts as accepted."""
    if not source.client_side:
        return acceptance
    return replace(acceptance, stored=acceptance.stored + acceptance.refused, refused=0)


def answer(acceptance: Acceptance, *, strict: bool, listed_in: str) -> Response:
    """What became of the messages, as the sender is told; a problem where it is strict and one was rejected."""
    told = {
        "success": not (strict and acceptance.rejects),
        "acknowledged": acceptance.acknowledged,
        "accepted": acceptance.stored,
        "duplicates": acceptance.duplicate,
        "quarantined": acceptance.quarantined,
        "refused": acceptance.refused,
        "rejects": [
            {"index": reject.position, "code": reject.code, "field": reject.field, "message": reject.message}
            for reject in acceptance.rejects
        ],
    }
    if strict and acceptance.rejects:
        raise Problem(
            400,
            code="messages_rejected",
            detail=f"{len(acceptance.rejects)} of {acceptance.acknowledged} messages were rejected; "
            "the others were taken in.",
            errors=[
                FieldError(f"{listed_in}.{reject.position}.{reject.field}".strip("."), reject.code, reject.message)
                for reject in acceptance.rejects
            ],
            members=told,
        )
    return Response(AcceptedSerializer(told).data)
