"""The pixel: a message in the address of an image, for pages and mails that can do no more (Rudder's Pixel API).

What stands in an address may be read on its way, so only a client-side source's key, which is public, may stand there.
Source: RudderStack's Pixel API reference.
"""

import uuid
from typing import Any

from django.http import HttpResponse, QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from api.errors import Problem
from api.views.messages import Messages
from api.write_keys import public_source_of

# A transparent image of one pixel (GIF89a).
IMAGE = bytes.fromhex("47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b")
MOST_PARAMETERS = 200
DEEPEST = 5


class Pixel(Messages):
    """Take in one message and answer with an image."""

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        source = public_source_of(request.query_params.get("writeKey"))
        # Every time the image is asked for is an event of its own, unless the address says which it is.
        message = {"messageId": f"pixel-{uuid.uuid4()}", **message_of(request._request.GET)}
        acceptance = self.accept(source, message, request)
        if acceptance.rejects:
            reject = acceptance.rejects[0]
            raise Problem(400, code=reject.code, detail=reject.message)
        return _image()

    @extend_schema(exclude=True)
    def head(self, request: Request) -> HttpResponse:
        """Whoever only asks about the image has not seen it: nothing is taken in."""
        return _image()


def _image() -> HttpResponse:
    return HttpResponse(IMAGE, content_type="image/gif", headers={"Cache-Control": "no-store"})


def message_of(query: QueryDict) -> dict[str, Any]:
    """The message that an address holds: dotted names are members of objects. Of a repeated name the last counts."""
    if len(query) > MOST_PARAMETERS:
        raise Problem(400, code="too_many_parameters", detail=f"An address has at most {MOST_PARAMETERS} parameters.")
    message: dict[str, Any] = {}
    for name, value in query.items():
        if name != "writeKey" and isinstance(value, str):
            _put(message, name, value)
    return message


def _put(message: dict[str, Any], name: str, value: str) -> None:
    *outer, last = name.split(".", DEEPEST)
    inner = message
    for step in outer:
        # A name that is both a value and an object cannot be read as either: the object stands.
        if not isinstance(inner.get(step), dict):
            inner[step] = {}
        inner = inner[step]
    if not isinstance(inner.get(last), dict):
        inner[last] = value
