"""Profiles over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.fields import Choice
from records.dictionary import IDENTIFIERS

PROFILE_ID = "0198c0de-0000-7000-8000-0000000000a1"
MERGED_ID = "0198c0de-0000-7000-8000-0000000000a2"
RECORD_ID = "0198c0de-0000-7000-8000-0000000000b1"


@extend_schema_serializer(
    component_name="Lookup",
    examples=[OpenApiExample("By e-mail", value={"namespace": "email", "value": "alice@example.com"})],
)
class LookupSerializer(serializers.Serializer[Any]):
    """An identifier: a namespace and a value."""

    namespace = Choice(sorted(IDENTIFIERS))
    value = serializers.CharField(max_length=320, write_only=True)


@extend_schema_serializer(component_name="FoundProfile", examples=[OpenApiExample("Found", value={"id": PROFILE_ID})])
class FoundProfileSerializer(serializers.Serializer[Any]):
    """The opaque id of a profile."""

    id = serializers.UUIDField()


@extend_schema_serializer(component_name="GoldenField")
class GoldenFieldSerializer(serializers.Serializer[Any]):
    """One field of the golden record: the value that won, from where, and why."""

    value = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    seen_at = serializers.DateTimeField()
    reason = serializers.CharField(help_text="Why this value won over the others.")


@extend_schema_serializer(component_name="ProfileSource")
class ProfileSourceSerializer(serializers.Serializer[Any]):
    """A source that knows this person."""

    name = serializers.CharField()
    kind = serializers.CharField()
    source_profiles = serializers.IntegerField(help_text="As how many source profiles it knows the person.")
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()


@extend_schema_serializer(
    component_name="Profile",
    examples=[
        OpenApiExample(
            "Read under the purpose 'service'",
            value={
                "id": PROFILE_ID,
                "requested_id": PROFILE_ID,
                "purpose": "service",
                "first_seen_at": "2026-01-05T09:30:00Z",
                "last_seen_at": "2026-03-01T18:02:11Z",
                "attributes": {
                    "email": {
                        "value": "alice@example.com",
                        "source": "crm",
                        "seen_at": "2026-03-01T18:02:11Z",
                        "reason": "most trusted source",
                    }
                },
                "sources": [
                    {
                        "name": "crm",
                        "kind": "offline",
                        "source_profiles": 1,
                        "first_seen_at": "2026-01-05T09:30:00Z",
                        "last_seen_at": "2026-03-01T18:02:11Z",
                    }
                ],
                "merged_ids": [MERGED_ID],
            },
        )
    ],
)
class ProfileSerializer(serializers.Serializer[Any]):
    """A person as the platform knows them now. After a merge `id` differs from `requested_id`: keep `id`."""

    id = serializers.UUIDField()
    requested_id = serializers.UUIDField(help_text="The id that was asked for.")
    purpose = serializers.CharField(help_text="The purpose that this was read under.")
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    attributes = serializers.DictField(
        child=GoldenFieldSerializer(), help_text="The golden record, by field; only what the purpose needs."
    )
    sources = ProfileSourceSerializer(many=True)
    merged_ids = serializers.ListField(
        child=serializers.UUIDField(), help_text="Earlier profile ids of this person that no longer stand alone."
    )


class EventQuery(serializers.Serializer[Any]):
    """Filters of the timeline."""

    kind = serializers.CharField(
        max_length=16, required=False, help_text="The exact kind: track, identify, page, purchase, telemetry …"
    )
    event = serializers.CharField(max_length=120, required=False, help_text="The exact name of the event.")
    occurred_after = serializers.DateTimeField(required=False, help_text="At or after this instant (ISO 8601).")
    occurred_before = serializers.DateTimeField(required=False, help_text="Before this instant (ISO 8601).")


@extend_schema_serializer(
    component_name="Event",
    examples=[
        OpenApiExample(
            "A purchase",
            value={
                "id": RECORD_ID,
                "kind": "track",
                "event": "Order Completed",
                "occurred_at": "2026-03-01T18:02:11Z",
                "received_at": "2026-03-01T18:02:12Z",
                "source": "webshop",
                "properties": {"amount": 42.5, "currency": "EUR"},
            },
        )
    ],
)
class EventSerializer(serializers.Serializer[Any]):
    """One record of the timeline. Sealed parts of a record are not returned."""

    id = serializers.UUIDField()
    kind = serializers.CharField()
    event = serializers.CharField(allow_blank=True)
    occurred_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    properties = serializers.DictField()


@extend_schema_serializer(component_name="Identifier")
class IdentifierSerializer(serializers.Serializer[Any]):
    """An identifier seen on this person."""

    namespace = serializers.CharField()
    value = serializers.CharField()
    verified = serializers.BooleanField()
    source = serializers.CharField()  # type: ignore[assignment]
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()


@extend_schema_serializer(
    component_name="Identifiers",
    examples=[
        OpenApiExample(
            "Read under the purpose 'service'",
            value={
                "profile": PROFILE_ID,
                "purpose": "service",
                "results": [
                    {
                        "namespace": "email",
                        "value": "alice@example.com",
                        "verified": True,
                        "source": "crm",
                        "first_seen_at": "2026-01-05T09:30:00Z",
                        "last_seen_at": "2026-03-01T18:02:11Z",
                    }
                ],
            },
        )
    ],
)
class IdentifiersSerializer(serializers.Serializer[Any]):
    """All identifiers of a person, the latest first; not paged."""

    profile = serializers.UUIDField()
    purpose = serializers.CharField()
    results = IdentifierSerializer(many=True)
