"""The data dictionary over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from records.dictionary import SENSITIVITIES, SURVIVORSHIP, TYPES


@extend_schema_serializer(component_name="Rule")
class RuleSerializer(serializers.Serializer[Any]):
    """A rule that brings values to their normal form. Its version rises when it makes something else of a value."""

    name = serializers.CharField()
    version = serializers.IntegerField()
    description = serializers.CharField(source="says")


@extend_schema_serializer(
    component_name="DictionaryField",
    examples=[
        OpenApiExample(
            "Phone",
            value={
                "name": "phone",
                "type": "phone",
                "sensitivity": "direct",
                "identifier": True,
                "rule": {"name": "phone", "version": 1, "description": "E.164."},
                "survivorship": "most_trusted",
                "aliases": ["telephone", "mobile"],
            },
        )
    ],
)
class DictionaryFieldSerializer(serializers.Serializer[Any]):
    """A field that Onym knows of a person."""

    name = serializers.CharField()
    type = serializers.ChoiceField(choices=list(TYPES))
    sensitivity = serializers.ChoiceField(
        choices=list(SENSITIVITIES), help_text="direct and quasi-identifiers are kept sealed."
    )
    identifier = serializers.BooleanField(help_text="Whether it links people and is found by a blind index.")
    rule = RuleSerializer()
    survivorship = serializers.ChoiceField(
        choices=list(SURVIVORSHIP),
        help_text="Whose value becomes the golden one: that of the most trusted source, or the latest.",
    )
    aliases = serializers.ListField(child=serializers.CharField(), help_text="What sources call it.")
