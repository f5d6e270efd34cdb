"""Segments over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from api.serializers.profiles import PROFILE_ID

SEGMENT_EXAMPLE = {
    "slug": "loyal-customers",
    "name": "Loyal customers",
    "description": "Bought often and lately.",
    "purpose": "marketing",
    "channel": "email",
    "active": True,
    "members": 412,
    "changed_at": "2026-02-01T12:00:00Z",
}


@extend_schema_serializer(component_name="Segment", examples=[OpenApiExample("Segment", value=SEGMENT_EXAMPLE)])
class SegmentSerializer(serializers.Serializer[Any]):
    """A live segment, kept for one purpose."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    purpose = serializers.CharField(source="purpose_id")
    channel = serializers.CharField(allow_blank=True)
    active = serializers.BooleanField()
    members = serializers.IntegerField(help_text="How many are in it now.")
    changed_at = serializers.DateTimeField(help_text="When its definition last changed.")


@extend_schema_serializer(
    component_name="SegmentDetail",
    examples=[
        OpenApiExample(
            "Segment",
            value={**SEGMENT_EXAMPLE, "definition": {"rule": {"feature": "orders_365d", "at_least": 3}}},
        )
    ],
)
class SegmentDetailSerializer(SegmentSerializer):
    """A segment and its definition: a rule over features and, optionally, a weighted score."""

    definition = serializers.DictField()


@extend_schema_serializer(
    component_name="Member",
    examples=[
        OpenApiExample("Member", value={"profile": PROFILE_ID, "entered_at": "2026-03-01T18:02:13Z", "score": 0.82})
    ],
)
class MemberSerializer(serializers.Serializer[Any]):
    """A profile that is in the segment now."""

    profile = serializers.UUIDField(source="profile_id")
    entered_at = serializers.DateTimeField()
    score = serializers.FloatField(allow_null=True)


@extend_schema_field(
    {
        "description": "Why: the conditions that hold and what each feature adds to the score. Where a value is no "
        "fact about the person, `estimated` names the method and the version of the policy that it comes from."
    }
)
class WhyField(serializers.JSONField):
    """The explanation that was kept when the profile entered."""


@extend_schema_serializer(component_name="ProfileMembership")
class ProfileMembershipSerializer(serializers.Serializer[Any]):
    """A segment that this profile is in, since when, and why."""

    segment = serializers.CharField(source="segment.slug")
    name = serializers.CharField(source="segment.name")
    purpose = serializers.CharField(source="segment.purpose_id")
    entered_at = serializers.DateTimeField()
    score = serializers.FloatField(allow_null=True)
    why = WhyField()


@extend_schema_serializer(
    component_name="ProfileMemberships",
    examples=[
        OpenApiExample(
            "In one segment",
            value={
                "profile": PROFILE_ID,
                "results": [
                    {
                        "segment": "loyal-customers",
                        "name": "Loyal customers",
                        "purpose": "marketing",
                        "entered_at": "2026-03-01T18:02:13Z",
                        "score": 0.82,
                        "why": {"contributions": [{"feature": "orders_365d", "value": 5, "adds": 0.5}]},
                    }
                ],
            },
        )
    ],
)
class ProfileMembershipsSerializer(serializers.Serializer[Any]):
    """The segments that a profile is in now, as far as the key's purposes and consent allow; not paged."""

    profile = serializers.UUIDField()
    results = ProfileMembershipSerializer(many=True)
