"""Changes over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.profiles import PROFILE_ID


class ChangeQuery(serializers.Serializer[Any]):
    """Where to begin."""

    after = serializers.IntegerField(
        min_value=0, max_value=2**63 - 1, required=False, help_text="Only changes with a greater id."
    )


@extend_schema_serializer(
    component_name="Change",
    examples=[
        OpenApiExample(
            "Entered a segment",
            value={
                "id": 7001,
                "profile": PROFILE_ID,
                "kind": "segment.entered",
                "detail": {"segment": "loyal-customers"},
                "happened_at": "2026-03-01T18:02:13Z",
            },
        )
    ],
)
class ChangeSerializer(serializers.Serializer[Any]):
    """Something that happened to a profile. It holds ids, slugs and numbers, never a value of a person."""

    id = serializers.IntegerField()
    profile = serializers.UUIDField(source="profile_id")
    kind = serializers.CharField()
    detail = serializers.DictField()
    happened_at = serializers.DateTimeField()
