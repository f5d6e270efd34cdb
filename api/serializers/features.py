"""Features over the wire: what they are, what stands in where they are missing, and what they are of one person."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from api.serializers.profiles import PROFILE_ID
from segments.imputation.methods import METHODS
from segments.rules.definition import BOOLEAN, NUMBER, TEXT

POLICY_EXAMPLE = {
    "method": "median",
    "version": 2,
    "saved_at": "2026-03-01T12:00:00Z",
    "value": 43,
    "profiles": 2310,
    "measured_at": "2026-03-04T00:10:00Z",
}


@extend_schema_field(
    {"oneOf": [{"type": "number"}, {"type": "string"}, {"type": "boolean"}], "description": "By the feature's type."}
)
class ValueField(serializers.JSONField):
    """A value of a feature."""


@extend_schema_serializer(component_name="ImputationPolicy")
class ImputationPolicySerializer(serializers.Serializer[Any]):
    """What a feature is taken to be where it is not known of a person, and of how many people that was measured."""

    method = serializers.ChoiceField(choices=METHODS)
    version = serializers.IntegerField(help_text="Rises with each change; explanations of memberships name it.")
    saved_at = serializers.DateTimeField()
    value = ValueField(allow_null=True, help_text="null: fewer than 20 profiles have it, so it stays missing.")
    profiles = serializers.IntegerField(allow_null=True, help_text="How many had the feature; null for a constant.")
    measured_at = serializers.DateTimeField(allow_null=True, help_text="null for a constant.")


@extend_schema_serializer(
    component_name="Feature",
    examples=[
        OpenApiExample(
            "One that is estimated",
            value={
                "slug": "recency_days",
                "name": "Recency",
                "description": "Days since the last purchase; missing for who never bought.",
                "type": "number",
                "unit": "days",
                "options": [],
                "indicator": "recency_days_is_missing",
                "policy": POLICY_EXAMPLE,
            },
        )
    ],
)
class FeatureSerializer(serializers.Serializer[Any]):
    """What is computed of profiles, as rules and scores of segments may use it."""

    slug = serializers.CharField()
    name = serializers.CharField()
    description = serializers.CharField()
    type = serializers.ChoiceField(choices=[NUMBER, TEXT, BOOLEAN])
    unit = serializers.CharField(allow_blank=True)
    options = serializers.ListField(child=serializers.CharField(), help_text="The only values; empty: any.")
    indicator = serializers.CharField(
        help_text="The boolean feature that says whether this one is missing; true also where it is estimated."
    )
    policy = ImputationPolicySerializer(allow_null=True, help_text="null: it stays missing.")


@extend_schema_serializer(component_name="ProfileFeature")
class ProfileFeatureSerializer(serializers.Serializer[Any]):
    """One feature of a profile. What is estimated is no fact about the person."""

    feature = serializers.CharField()
    value = ValueField(allow_null=True, help_text="null: not known, and not estimated.")
    missing = serializers.BooleanField(help_text="Whether it is not known of the person, estimated or not.")
    estimated = serializers.BooleanField()
    method = serializers.ChoiceField(choices=METHODS[1:], allow_null=True, help_text="null: not estimated.")
    policy_version = serializers.IntegerField(allow_null=True)


@extend_schema_serializer(
    component_name="ProfileFeatures",
    examples=[
        OpenApiExample(
            "One known, one estimated",
            value={
                "profile": PROFILE_ID,
                "computed_at": "2026-03-04T09:00:00Z",
                "results": [
                    {
                        "feature": "orders_90d",
                        "value": 3,
                        "missing": False,
                        "estimated": False,
                        "method": None,
                        "policy_version": None,
                    },
                    {
                        "feature": "country",
                        "value": "GB",
                        "missing": True,
                        "estimated": True,
                        "method": "most_frequent",
                        "policy_version": 1,
                    },
                ],
            },
        )
    ],
)
class ProfileFeaturesSerializer(serializers.Serializer[Any]):
    """The features of a profile as last computed; not paged."""

    profile = serializers.UUIDField()
    computed_at = serializers.DateTimeField(allow_null=True, help_text="null: nothing is computed of it yet.")
    results = ProfileFeatureSerializer(many=True)
