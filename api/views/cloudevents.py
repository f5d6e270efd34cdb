"""The door for CloudEvents 1.0: structured, binary and batched, over HTTP."""

from typing import Any
from urllib.parse import unquote

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api import bodies
from api.errors import FieldError, Problem
from api.serializers.messages import CloudEventSerializer
from api.views.messages import GPC, PARAMETERS, RESPONSES, Messages
from api.write_keys import source_of
from pipeline import doors

STRUCTURED, BATCHED = "application/cloudevents+json", "application/cloudevents-batch+json"
PREFIX = "ce-"
DESCRIPTION = (
    f"Takes CloudEvents 1.0 in JSON: one as `{STRUCTURED}`, several as `{BATCHED}`, or one in binary mode, its "
    "attributes in `ce-` headers and its data as the body. The write key comes as Basic user name or bearer token. "
    "The data are read by the source's mapping, where attributes are columns such as `ce.type`. An event is known "
    "again by its source and id. A bad event does not cost the good ones beside it: it goes to quarantine."
)


class CloudEvents(Messages):
    """Take in CloudEvents."""

    listed_in = ""

    @extend_schema(
        operation_id="send_cloudevents",
        summary="Send CloudEvents",
        description=DESCRIPTION,
        tags=["messages"],
        parameters=[
            *PARAMETERS,
            OpenApiParameter("ce-id", str, OpenApiParameter.HEADER, description="Binary mode; so with each attribute."),
        ],
        request={
            STRUCTURED: CloudEventSerializer,
            BATCHED: CloudEventSerializer(many=True),
            "application/json": {"type": "object", "additionalProperties": True},
        },
        responses=RESPONSES,
    )
    def post(self, request: Request) -> Response:
        source = self.sender(request) or source_of(None)
        body = bodies.read(request, limit=self.limit(source))
        accepted = doors.cloud_events(
            source, _events(request, body), now=timezone.now(), gpc=request.headers.get(GPC) == "1"
        )
        return self.answer(accepted, source, request)


def _events(request: Request, body: bytes) -> list[object]:
    """The events of this request as objects in the JSON format, whichever way they came."""
    media_type = (request.content_type or "").partition(";")[0].strip().lower()
    if media_type == STRUCTURED:
        return [bodies.parse(body)]
    if media_type == BATCHED:
        events = bodies.parse(body)
        if not isinstance(events, list):
            reason = FieldError("", "not_a_list", "A batch must be a list of events.")
            raise Problem(400, code=reason.code, detail=reason.message, errors=[reason])
        return events
    attributes = _attributes(request)
    if not attributes:
        raise Problem(
            415,
            code="unsupported_media_type",
            detail=f"Send {STRUCTURED}, {BATCHED}, or JSON with the event's attributes in ce- headers.",
        )
    if body and not (media_type == "application/json" or media_type.endswith("+json")):
        raise Problem(415, code="unsupported_media_type", detail="In binary mode the data must be JSON.")
    return [{**attributes, **({"data": bodies.parse(body)} if body else {})}]


def _attributes(request: Request) -> dict[str, Any]:
    """The attributes in the headers, percent-decoded as the HTTP binding says."""
    named = {name.lower(): value for name, value in request.headers.items()}
    return {name.removeprefix(PREFIX): unquote(value) for name, value in named.items() if name.startswith(PREFIX)}
