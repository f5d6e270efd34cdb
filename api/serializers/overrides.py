"""Golden values set by hand, over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.reasons import ReasonField

EXAMPLE = {
    "field": "family_name",
    "value": "Winterbourne",
    "source": "by hand",
    "chosen": False,
    "reason": "letter of March 3, case 4711",
    "actor": "0198c0de-0000-7000-8000-0000000000c1",
    "set_at": "2026-03-04T09:12:00Z",
}


@extend_schema_serializer(
    component_name="NewOverride",
    examples=[
        OpenApiExample(
            "A name from a letter", value={"value": "Winterbourne", "reason": "letter of March 3, case 4711"}
        )
    ],
)
class NewOverrideSerializer(serializers.Serializer[Any]):
    """A value that is to count, as people write it, and why."""

    value = serializers.CharField(max_length=500, write_only=True)
    reason = ReasonField()


@extend_schema_serializer(component_name="Override", examples=[OpenApiExample("A name", value=EXAMPLE)])
class OverrideSerializer(serializers.Serializer[Any]):
    """A field of the golden record whose value somebody set by hand: who, when and why."""

    field = serializers.CharField()
    value = serializers.CharField()
    source = serializers.CharField(help_text="The source that has this value; `by hand` when none has.")  # type: ignore[assignment]
    chosen = serializers.BooleanField(help_text="Whether it is a value of a source.")
    reason = serializers.CharField()
    actor = serializers.CharField(help_text="An opaque id.")
    set_at = serializers.DateTimeField()


@extend_schema_serializer(
    component_name="Overrides",
    examples=[
        OpenApiExample("One field", value={"profile": "0198c0de-0000-7000-8000-0000000000a1", "results": [EXAMPLE]})
    ],
)
class OverridesSerializer(serializers.Serializer[Any]):
    """What was set by hand of a profile, by field."""

    profile = serializers.UUIDField()
    results = OverrideSerializer(many=True)
