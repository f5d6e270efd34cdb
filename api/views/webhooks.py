"""The door for signed webhooks: Standard Webhooks 1.0, each source with a secret of its own."""

from datetime import UTC, datetime

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api import bodies
from api.documentation import problems
from api.errors import Problem
from api.serializers.messages import AcceptedSerializer
from api.views.messages import answer
from api.write_keys import enabled
from outbox import webhooks
from outbox.webhooks import NotAuthentic
from pipeline import doors
from records import webhook_secrets
from records.envelopes.webhook import Webhook
from records.models import Source

DESCRIPTION = (
    "Takes what a sender of Standard Webhooks 1.0 signs with the source's secret, which is set on its page in the "
    "admin. The JSON body is a row, or a list of rows, read by the source's mapping; of `{type, timestamp, data}` it "
    "is the data, with `webhook.type`, `webhook.timestamp`, `webhook.id` and `webhook.sent_at` as columns beside it. A "
    "message is known again by its `webhook-id`, so that sending again changes nothing. What cannot be read goes to "
    "quarantine."
)


class Webhooks(APIView):
    """Take in a signed message."""

    authentication_classes = ()
    permission_classes = ()

    @extend_schema(
        operation_id="send_webhook",
        summary="Send a signed webhook",
        description=DESCRIPTION,
        tags=["messages"],
        auth=[],
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True)
            for name in (webhooks.ID, webhooks.TIMESTAMP, webhooks.SIGNATURE)
        ],
        request={"application/json": {}},
        responses={(200, "application/json"): AcceptedSerializer, **problems(400, 401, 404, 413, 429, 500, 503)},
    )
    def post(self, request: Request, slug: str) -> Response:
        # Somebody who guesses names learns nothing: an unknown source fails like a false signature.
        source, now = Source.objects.filter(name=slug).first() or Source(), timezone.now()
        body = bodies.read(request._request, limit=source.max_body_bytes)
        try:
            webhooks.check(request.headers, body, secrets=webhook_secrets.counting(source, now=now), now=now)
        except NotAuthentic as error:
            raise Problem(401, code="not_authentic", detail=f"{str(error).capitalize()}.") from None
        sent_at = datetime.fromtimestamp(int(request.headers[webhooks.TIMESTAMP]), UTC)
        told = Webhook(request.headers[webhooks.ID], sent_at, body)
        return answer(doors.webhook(enabled(source), told, now=now), strict=False, listed_in="")
