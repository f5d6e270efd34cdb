"""The Segment-compatible door over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

TRACK = {
    "type": "track",
    "messageId": "node-next-1700000000000-0001",
    "userId": "u-1001",
    "event": "Order Completed",
    "timestamp": "2026-03-01T18:02:11Z",
    "properties": {"revenue": 42.5, "currency": "EUR"},
}


class MessageSerializer(serializers.Serializer[Any]):
    """One message of Segment's spec; more members are taken as Segment's clients send them."""

    type = serializers.CharField(required=False, help_text="Needed in a batch; else the route tells it.")
    messageId = serializers.CharField(required=False, help_text="A second one with the same id is a duplicate.")  # noqa: N815
    userId = serializers.CharField(required=False, allow_null=True)  # noqa: N815
    anonymousId = serializers.CharField(required=False, allow_null=True)  # noqa: N815
    event = serializers.CharField(required=False)
    timestamp = serializers.DateTimeField(required=False)
    originalTimestamp = serializers.DateTimeField(required=False)  # noqa: N815
    properties = serializers.DictField(required=False)
    traits = serializers.DictField(required=False)
    context = serializers.DictField(required=False)  # type: ignore[assignment]
    writeKey = serializers.CharField(required=False, write_only=True)  # noqa: N815


@extend_schema_serializer(
    component_name="Message", examples=[OpenApiExample("Track", value={k: v for k, v in TRACK.items() if k != "type"})]
)
class SingleMessageSerializer(MessageSerializer):
    """One message of Segment's spec, sent on its own."""


@extend_schema_serializer(
    component_name="Batch",
    examples=[OpenApiExample("One track", value={"batch": [TRACK], "sentAt": "2026-03-01T18:02:12Z"})],
)
class BatchSerializer(serializers.Serializer[Any]):
    """Messages as the official clients send them."""

    batch = serializers.ListField(child=serializers.DictField())
    sentAt = serializers.DateTimeField(required=False)  # noqa: N815
    context = serializers.DictField(required=False)  # type: ignore[assignment]
    integrations = serializers.DictField(required=False)
    writeKey = serializers.CharField(required=False, write_only=True)  # noqa: N815


@extend_schema_serializer(component_name="MessageReject")
class MessageRejectSerializer(serializers.Serializer[Any]):
    """A message that was not taken in; it is kept in quarantine."""

    index = serializers.IntegerField(help_text="Its position in the batch, from 0.")
    code = serializers.CharField()
    field = serializers.CharField()
    message = serializers.CharField()


@extend_schema_serializer(
    component_name="Accepted",
    examples=[
        OpenApiExample(
            "One of three was bad",
            value={
                "success": True,
                "acknowledged": 3,
                "accepted": 1,
                "duplicates": 1,
                "quarantined": 1,
                "refused": 0,
                "rejects": [
                    {
                        "index": 2,
                        "code": "missing_identifier",
                        "field": "userId",
                        "message": "userId or anonymousId is required",
                    }
                ],
            },
        )
    ],
)
class AcceptedSerializer(serializers.Serializer[Any]):
    """What became of the messages: acknowledged = accepted + duplicates + quarantined + refused by consent."""

    success = serializers.BooleanField()
    acknowledged = serializers.IntegerField()
    accepted = serializers.IntegerField(
        help_text="Stored durably. With a public write key also what consent or an erasure kept out."
    )
    duplicates = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    refused = serializers.IntegerField()
    rejects = MessageRejectSerializer(many=True)


@extend_schema_serializer(
    component_name="CloudEvent",
    examples=[
        OpenApiExample(
            "A thermostat",
            value={
                "specversion": "1.0",
                "id": "a-1",
                "source": "/thermostats",
                "type": "com.example.reading",
                "time": "2026-03-01T18:02:11Z",
                "data": {"device_id": "t-17", "metric": "temperature", "value": 21.5},
            },
        )
    ],
)
class CloudEventSerializer(serializers.Serializer[Any]):
    """One event of CloudEvents 1.0 in the JSON format; its extensions are columns too."""

    specversion = serializers.ChoiceField(["1.0"])
    id = serializers.CharField(help_text="With `source`, what the event is known again by.")
    source = serializers.CharField()  # type: ignore[assignment]
    type = serializers.CharField()
    time = serializers.DateTimeField(required=False)
    subject = serializers.CharField(required=False)
    datacontenttype = serializers.CharField(required=False)
    data = serializers.DictField(required=False)  # type: ignore[assignment]
    data_base64 = serializers.CharField(required=False, help_text="JSON in base64, instead of `data`.")
