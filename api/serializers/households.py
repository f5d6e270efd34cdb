"""Households over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.fields import Choice
from identity.dwelling import TIES

MEMBERS = ("0198c0de-0000-7000-8000-0000000000a1", "0198c0de-0000-7000-8000-0000000000a2")
SINCE = "2026-03-01T18:02:12Z"


@extend_schema_serializer(component_name="Housemate")
class HousemateSerializer(serializers.Serializer[Any]):
    """A member of a household."""

    profile = serializers.UUIDField()
    joined_at = serializers.DateTimeField(help_text="Since when they are known to live there.")
    because = serializers.ListField(
        child=Choice(TIES), help_text="What they share with other members of those told here, besides the house."
    )


@extend_schema_serializer(
    component_name="Household",
    examples=[
        OpenApiExample(
            "Two of one family name",
            value={
                "id": "0198c0de-0000-7000-8000-0000000000f1",
                "members": [{"profile": member, "joined_at": SINCE, "because": ["family_name"]} for member in MEMBERS],
            },
        ),
        OpenApiExample("Not known to live with anybody", value={"id": None, "members": []}),
    ],
)
class HouseholdSerializer(serializers.Serializer[Any]):
    """Who lives together, the person who was asked about among them, whoever became known first before all others."""

    id = serializers.UUIDField(
        allow_null=True, help_text="Stays as long as most of them live together. Null: not known to live with anybody."
    )
    members = HousemateSerializer(many=True)
