"""How sources are read, over the wire: mappings, contracts, their versions, and fields that were discovered."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.fields import Choice
from api.serializers.sources import FileReportSerializer
from pipeline.try_out import MOST_ROWS
from records.dictionary import FIELDS
from records.models import MODES
from records.properties import TYPES

MAPPING = {"fields": {"mail": "email"}, "properties": {"tier": "string"}}
SCHEMA = {"required": ["customer_no"], "properties": {"points": {"type": "integer", "minimum": 0}}}
SAVED = {"saved_by": "0198c0de-0000-7000-8000-0000000000b1", "saved_at": "2026-03-01T18:02:12Z"}
REPORT = {"rows": 40, "new": 3, "duplicate": 0, "quarantined": 37, "faults": [], "columns": [], "missing": []}


class ObjectField(serializers.JSONField):
    """A JSON object."""

    default_error_messages = {"not_an_object": "This must be an object."}

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        if not isinstance(value, dict):
            self.fail("not_an_object")
        return value


@extend_schema_serializer(
    component_name="Mapping",
    examples=[OpenApiExample("A mapping", value={"version": 3, "mapping": MAPPING})],
)
class MappingSerializer(serializers.Serializer[Any]):
    """How a source is read, and the number of that version."""

    version = serializers.IntegerField(source="mapping_version")
    mapping = serializers.JSONField()


@extend_schema_serializer(
    component_name="NewMapping", examples=[OpenApiExample("A mapping", value={"mapping": MAPPING})]
)
class NewMappingSerializer(serializers.Serializer[Any]):
    """How a source is to be read from now on."""

    mapping = ObjectField()


@extend_schema_serializer(
    component_name="MappingVersion",
    examples=[OpenApiExample("A version", value={"version": 3, "mapping": MAPPING, **SAVED})],
)
class MappingVersionSerializer(serializers.Serializer[Any]):
    """How a source was read from then on, and who saved that; empty where nobody knows."""

    version = serializers.IntegerField()
    mapping = serializers.JSONField()
    saved_by = serializers.CharField(allow_blank=True)
    saved_at = serializers.DateTimeField()


@extend_schema_serializer(
    component_name="MappingTrial",
    examples=[OpenApiExample("On the quarantine", value={"mapping": MAPPING})],
)
class MappingTrialSerializer(serializers.Serializer[Any]):
    """A mapping to be tried, and rows (or Segment messages) to try it on."""

    mapping = ObjectField()
    rows = serializers.ListField(
        child=serializers.JSONField(),
        required=False,
        help_text=f"At most {MOST_ROWS:,}. Left out: what lies in the source's quarantine, the latest first.",
    )


@extend_schema_serializer(
    component_name="MappingComparison",
    examples=[OpenApiExample("Better", value={"now": REPORT, "then": {**REPORT, "new": 40, "quarantined": 0}})],
)
class ComparisonSerializer(serializers.Serializer[Any]):
    """What becomes of the rows as the source stands, and what would by the mapping that was tried. Holds no value."""

    now = FileReportSerializer()
    then = FileReportSerializer()


@extend_schema_serializer(
    component_name="Contract",
    examples=[OpenApiExample("Block", value={"version": 2, "mode": "block", "schema": SCHEMA})],
)
class ContractSerializer(serializers.Serializer[Any]):
    """What a source's records must be. Version 0: as it began, strict and without a schema."""

    version = serializers.IntegerField(source="contract_version")
    mode = serializers.ChoiceField(choices=MODES, source="contract_mode")
    schema = serializers.JSONField(source="contract", allow_null=True, help_text="null: there is none.")


@extend_schema_serializer(
    component_name="NewContract",
    examples=[OpenApiExample("Block", value={"mode": "block", "schema": SCHEMA})],
)
class NewContractSerializer(serializers.Serializer[Any]):
    """What a source's records must be from now on."""

    mode = Choice(
        MODES,
        help_text="strict drops undeclared fields, discover keeps them sealed and lists them, block refuses records.",
    )
    schema = ObjectField(allow_null=True, help_text="JSON Schema, draft 2020-12; null: none.")


@extend_schema_serializer(
    component_name="ContractVersion",
    examples=[OpenApiExample("A version", value={"version": 2, "mode": "block", "schema": SCHEMA, **SAVED})],
)
class ContractVersionSerializer(serializers.Serializer[Any]):
    """What a source's records had to be from then on, and who saved that."""

    version = serializers.IntegerField()
    mode = serializers.ChoiceField(choices=MODES)
    schema = serializers.JSONField(source="parsed", allow_null=True)
    saved_by = serializers.CharField(allow_blank=True)
    saved_at = serializers.DateTimeField()


@extend_schema_serializer(
    component_name="DiscoveredField",
    examples=[
        OpenApiExample(
            "A field",
            value={
                "id": "0198c0de-0000-7000-8000-0000000000e9",
                "source": "crm_export",
                "name": "shoe.size",
                "types": ["integer"],
                "count": 4120,
                "first_seen_at": "2026-03-01T18:02:12Z",
                "last_seen_at": "2026-03-02T09:11:40Z",
                "ignored": False,
            },
        )
    ],
)
class DiscoveredFieldSerializer(serializers.Serializer[Any]):
    """A field that a source sends undeclared. Names are masked where they may be somebody's; values stand nowhere."""

    id = serializers.UUIDField()
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    name = serializers.CharField()
    types = serializers.ListField(child=serializers.CharField())
    count = serializers.IntegerField()
    first_seen_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    ignored = serializers.BooleanField()


@extend_schema_serializer(
    component_name="DiscoveredFieldSettled",
    examples=[
        OpenApiExample("Declare", value={"becomes": "integer"}),
        OpenApiExample("Ignore", value={"ignored": True}),
    ],
)
class SettleSerializer(serializers.Serializer[Any]):
    """What becomes of a discovered field."""

    becomes = Choice(
        (*TYPES, *FIELDS), required=False, help_text="A type of properties, or a field of the data dictionary."
    )
    ignored = serializers.BooleanField(required=False)
