"""The log of deliveries, and the call with which a recipient confirms that it has erased somebody."""

from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from api.bodies import SMALL, read
from api.documentation import describe
from api.errors import Problem
from api.pagination import Cursor
from api.serializers.deliveries import AcknowledgmentSerializer, DeliveryQuery, DeliverySerializer
from api.views.base import View
from outbox import deliveries, recipients, webhooks
from outbox.models import Delivery, Recipient
from outbox.sending import acknowledges
from outbox.webhooks import NotAuthentic


class Deliveries(View):
    """List the deliveries."""

    required_scopes = {"GET": "deliveries:read"}
    queries = {"GET": DeliveryQuery}
    pagination_class = Cursor
    ordering = ("-happened_at", "-id")

    @describe(
        "List the deliveries",
        description="What was handed over to whom, the latest first. People are named by the recipients' pseudonyms.",
        operation_id="list_deliveries",
        tags=["deliveries"],
        parameters=[DeliveryQuery],
        responses={200: DeliverySerializer(many=True)},
    )
    def get(self, request: Request) -> Response:
        query = self.query
        found = Delivery.objects.select_related("recipient")
        if "recipient" in query:
            found = found.filter(recipient=_recipient(query["recipient"]))
        if "state" in query:
            found = found.filter(state=query["state"])
        if "request" in query:
            found = found.filter(request_id=query["request"])
        pages = Cursor()
        page = pages.paginate_queryset(found, request, self)
        return pages.get_paginated_response(DeliverySerializer(page, many=True).data)


def _recipient(name: str) -> Recipient:
    recipient = Recipient.objects.filter(name=name).first()
    if recipient is None:
        raise ValidationError({"recipient": "There is no recipient of this name."}, code="unknown_recipient")
    return recipient


class Acknowledgment(View):
    """A recipient confirms. Its secret signs the call; no API key is needed."""

    authentication_classes = ()
    permission_classes = ()

    @describe(
        "Confirm a request to erase",
        description="For recipients: confirms a `person.erase` message that was answered without confirming it. Signed "
        "as Standard Webhooks 1.0 with the recipient's own secret, within five minutes. Safe to repeat.",
        operation_id="acknowledge_delivery",
        tags=["deliveries"],
        auth=[],
        request=AcknowledgmentSerializer,
        parameters=[
            OpenApiParameter(name, str, OpenApiParameter.HEADER, required=True)
            for name in (webhooks.ID, webhooks.TIMESTAMP, webhooks.SIGNATURE)
        ],
        responses={200: AcknowledgmentSerializer},
        fails=[413],
    )
    def post(self, request: Request, id: UUID) -> Response:
        body, now = read(request._request, limit=SMALL), timezone.now()
        delivery = Delivery.objects.select_related("recipient").filter(pk=id).first()
        try:
            # Somebody who guesses ids learns nothing: an unknown one fails like a false signature.
            secrets = recipients.secrets_of(delivery.recipient, now=now) if delivery else []
            webhooks.check(request.headers, body, secrets=secrets, now=now)
        except NotAuthentic as error:
            raise Problem(401, code="not_authentic", detail=f"{str(error).capitalize()}.") from None
        if not acknowledges(body, id):
            raise Problem(
                400, code="not_an_acknowledgment", detail="Send the delivery's id under 'acknowledged', as in the path."
            )
        deliveries.acknowledge(id, by="call back", now=now)
        return Response({"acknowledged": str(id)})
