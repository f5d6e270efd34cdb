"""What browsers ask for beside sending messages: the settings of analytics.js, and a beacon's batch."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.errors import Problem
from api.views.messages import Messages
from api.write_keys import source_of
from records.models import Source


class Settings(Messages):
    """What analytics.js asks for at its start: where to send to, and that nothing else is switched on."""

    @extend_schema(exclude=True)
    def get(self, request: Request, write_key: str) -> Response:
        source = _public(write_key)
        host = f"{request.get_host()}/v1"
        own: dict[str, Any] = {
            "apiKey": write_key,
            "apiHost": host,
            "protocol": request.scheme,
            "unbundledIntegrations": [],
        }
        return Response({"integrations": {"Segment.io": own}, "plan": {}, "edgeFunction": {}, "name": source.name})


class Beacon(Messages):
    """A batch that a page sends while it closes: the write key is in the address, as no header can be set."""

    @extend_schema(exclude=True)
    def post(self, request: Request) -> Response:
        _public(request.query_params.get("writeKey"))
        return self.take(request)

    def sender(self, request: Request) -> Source | None:
        return super().sender(request) or _public(request.query_params.get("writeKey"))


def _public(write_key: object) -> Source:
    """The client-side source of this key: what stands in addresses is known to anybody, so no other key may."""
    source = source_of(write_key)
    if not source.client_side:
        raise Problem(403, code="key_is_secret", detail="This write key is for servers: send it in a header.")
    return source
