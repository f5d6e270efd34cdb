"""What browsers ask for beside sending messages: the settings of analytics.js, and a beacon's batch."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.views.messages import Messages
from api.write_keys import public_source_of
from records.models import Source


class Settings(Messages):
    """What analytics.js asks for at its start: where to send to, and that nothing else is switched on."""

    @extend_schema(exclude=True)
    def get(self, request: Request, write_key: str) -> Response:
        source = public_source_of(write_key)
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
        public_source_of(request.query_params.get("writeKey"))
        return self.take(request)

    def sender(self, request: Request) -> Source | None:
        return super().sender(request) or public_source_of(request.query_params.get("writeKey"))
