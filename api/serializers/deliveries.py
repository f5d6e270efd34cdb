"""Deliveries over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.fields import Choice, Name
from outbox.models import STATES

DELIVERY_ID = "0198c0de-0000-7000-8000-0000000000f1"


class DeliveryQuery(serializers.Serializer[Any]):
    """Which deliveries."""

    recipient = Name(required=False, help_text="Only those to this recipient.")
    state = Choice(STATES, required=False, help_text="Only those in this state.")
    request = serializers.UUIDField(required=False, help_text="Only requests to erase of this subject request.")


@extend_schema_serializer(
    component_name="Delivery",
    examples=[
        OpenApiExample(
            "A request to erase that is not confirmed yet",
            value={
                "id": DELIVERY_ID,
                "recipient": "mailer",
                "kind": "person.erase",
                "purpose": "marketing",
                "person": "m5zw633nmfxgk3tfonzwk4tjmu",
                "request": "0198c0de-0000-7000-8000-0000000000d1",
                "state": "sent",
                "attempts": 2,
                "happened_at": "2026-03-01T18:02:13Z",
                "sent_at": "2026-03-02T18:02:20Z",
                "acknowledged_at": None,
                "answer_code": 202,
                "problem": "",
            },
        )
    ],
)
class DeliverySerializer(serializers.Serializer[Any]):
    """What was handed over to whom, about the person whom it knows by that pseudonym, and what became of it."""

    id = serializers.UUIDField()
    recipient = serializers.CharField(source="recipient.name")
    kind = serializers.CharField()
    purpose = serializers.CharField()
    person = serializers.CharField(source="pseudonym", help_text="The pseudonym under which the recipient knows them.")
    request = serializers.UUIDField(source="request_id", allow_null=True)
    state = serializers.CharField()
    attempts = serializers.IntegerField()
    happened_at = serializers.DateTimeField()
    sent_at = serializers.DateTimeField(allow_null=True)
    acknowledged_at = serializers.DateTimeField(allow_null=True)
    answer_code = serializers.IntegerField(allow_null=True)
    problem = serializers.CharField()


@extend_schema_serializer(
    component_name="Acknowledgment",
    examples=[OpenApiExample("Erased", value={"acknowledged": DELIVERY_ID})],
)
class AcknowledgmentSerializer(serializers.Serializer[Any]):
    """What a recipient calls back with once it has erased the person."""

    acknowledged = serializers.UUIDField(help_text="The id of the delivery, as in `webhook-id`.")
