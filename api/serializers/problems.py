"""Problem details (RFC 9457)."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers


class FieldErrorSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with one field; an empty field means the body as a whole."""

    field = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField()


@extend_schema_serializer(
    component_name="Problem",
    examples=[
        OpenApiExample(
            "Problem",
            value={
                "type": "urn:onym:problem:consent_refused",
                "title": "Forbidden",
                "status": 403,
                "detail": "The person's data may not be used for 'marketing': no consent on record.",
                "instance": "urn:uuid:0198c0de-0000-7000-8000-000000000001",
                "code": "consent_refused",
                "message": "The person's data may not be used for 'marketing': no consent on record.",
                "errors": [],
                "purpose": "marketing",
            },
        )
    ],
)
class ProblemSerializer(serializers.Serializer[Any]):
    """An error as RFC 9457 describes it. `code` is for programs; `message` repeats `detail` for Segment's clients."""

    type = serializers.CharField(help_text="`urn:onym:problem:` and the code.")
    title = serializers.CharField(help_text="The phrase of the HTTP status.")
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField(help_text="Names this one occurrence.")
    code = serializers.CharField()
    message = serializers.CharField()
    errors = FieldErrorSerializer(many=True)  # type: ignore[assignment]
