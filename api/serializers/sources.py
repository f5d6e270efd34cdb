"""Sources and the quarantine over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.fields import Slug


@extend_schema_serializer(component_name="IntakeCounts")
class IntakeCountsSerializer(serializers.Serializer[Any]):
    """What became of its records: acknowledged is the sum of the other four."""

    acknowledged = serializers.IntegerField(source="acknowledged_records")
    stored = serializers.IntegerField(source="stored_records")
    duplicate = serializers.IntegerField(source="duplicate_records")
    quarantined = serializers.IntegerField(source="quarantined_records")
    refused = serializers.IntegerField(source="refused_records", help_text="Not kept, because consent refused.")


@extend_schema_serializer(
    component_name="Source",
    examples=[
        OpenApiExample(
            "A web shop",
            value={
                "id": "0198c0de-0000-7000-8000-0000000000e1",
                "name": "webshop",
                "kind": "online",
                "format": "segment",
                "client_side": False,
                "stable_key": "account_id",
                "trust_rank": 60,
                "purposes": ["service", "analytics"],
                "retention_days": 1095,
                "enabled": True,
                "created_at": "2026-01-05T09:30:00Z",
                "last_received_at": "2026-03-01T18:02:12Z",
                "counts": {"acknowledged": 1000, "stored": 980, "duplicate": 12, "quarantined": 3, "refused": 5},
            },
        )
    ],
)
class SourceSerializer(serializers.Serializer[Any]):
    """A system that sends records, and what became of them."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    format = serializers.CharField()
    client_side = serializers.BooleanField()
    stable_key = serializers.CharField(allow_blank=True)
    trust_rank = serializers.IntegerField()
    purposes = serializers.ListField(child=serializers.CharField())
    retention_days = serializers.IntegerField()
    enabled = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_received_at = serializers.DateTimeField(allow_null=True)
    counts = IntakeCountsSerializer(source="*")


class QuarantineQuery(serializers.Serializer[Any]):
    """Filters of the quarantine."""

    source = serializers.RegexField(  # type: ignore[assignment]
        r"^[-a-zA-Z0-9_]+\Z", max_length=80, required=False, help_text="The name of a source."
    )
    reason = Slug(max_length=40, required=False, help_text="A reason code.")


@extend_schema_serializer(
    component_name="QuarantinedRecord",
    examples=[
        OpenApiExample(
            "Missing identifier",
            value={
                "id": "0198c0de-0000-7000-8000-0000000000f1",
                "source": "webshop",
                "reason": "missing_identifier",
                "field": "userId",
                "message": "userId or anonymousId is required",
                "line": 3,
                "size": 212,
                "received_at": "2026-03-01T18:02:12Z",
                "expires_at": "2026-03-31T18:02:12Z",
            },
        )
    ],
)
class QuarantinedRecordSerializer(serializers.Serializer[Any]):
    """Why a record could not be taken in, and where it stood. Its content stays sealed."""

    id = serializers.UUIDField()
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    reason = serializers.CharField()
    field = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    size = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
