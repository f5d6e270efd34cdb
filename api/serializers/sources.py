"""Sources and their files over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from records.models import LOAD_STATES


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
                "records_per_minute": 60000,
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
    records_per_minute = serializers.IntegerField(allow_null=True, help_text="Over HTTP; null: no limit.")
    enabled = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    last_received_at = serializers.DateTimeField(allow_null=True)
    counts = IntakeCountsSerializer(source="*")


class UploadQuery(serializers.Serializer[Any]):
    """How an upload is to be read."""

    encoding = serializers.RegexField(
        r"^[-a-zA-Z0-9_]+\Z",
        max_length=40,
        required=False,
        help_text="Of a text, such as windows-1252. It is found by itself when not given.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Only read the file and say what would become of it.")


@extend_schema_serializer(component_name="FileCounts")
class FileCountsSerializer(serializers.Serializer[Any]):
    """What became of the rows of a file: acknowledged is the sum of the other four."""

    acknowledged = serializers.IntegerField()
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    refused = serializers.IntegerField(help_text="Not kept, because consent refused.")


@extend_schema_serializer(component_name="FileFault")
class FileFaultSerializer(serializers.Serializer[Any]):
    """Rows that would go to quarantine for one reason and field."""

    reason = serializers.CharField()
    field = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    rows = serializers.IntegerField()
    first_line = serializers.IntegerField()


@extend_schema_serializer(component_name="FileColumn")
class FileColumnSerializer(serializers.Serializer[Any]):
    """A column, what its source makes of it (empty: it is dropped), and in how many rows it is filled."""

    name = serializers.CharField()
    becomes = serializers.CharField(allow_blank=True)
    filled = serializers.IntegerField()


@extend_schema_serializer(component_name="FileReport")
class FileReportSerializer(serializers.Serializer[Any]):
    """What would become of the rows of a file. Holds no value of any of them."""

    rows = serializers.IntegerField()
    new = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    quarantined = serializers.IntegerField()
    faults = FileFaultSerializer(many=True)
    columns = FileColumnSerializer(many=True)
    missing = serializers.ListField(child=serializers.CharField(), help_text="Named by the mapping, not in the file.")


@extend_schema_serializer(
    component_name="File",
    examples=[
        OpenApiExample(
            "Half loaded",
            status_codes=["200", "202"],
            value={
                "id": "0198c0de-0000-7000-8000-0000000000e7",
                "source": "crm_export",
                "state": "loading",
                "format": "csv",
                "encoding": "cp1252",
                "packed": False,
                "size": 48120334,
                "read": 24118002,
                "line": 210001,
                "counts": {"acknowledged": 210000, "stored": 209870, "duplicate": 90, "quarantined": 12, "refused": 28},
                "fault": "",
                "repeats": None,
                "report": None,
                "started_at": "2026-03-01T18:02:12Z",
                "ended_at": None,
            },
        )
    ],
)
class FileLoadSerializer(serializers.Serializer[Any]):
    """A file that is taken in: how far that is, and what became of its rows."""

    id = serializers.UUIDField()
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    state = serializers.ChoiceField(
        choices=LOAD_STATES,
        help_text="arriving, trying and loading are under way; tried waits or was a dry run; loaded, failed, expired "
        "and taken_back are ends, and `fault` says why.",
    )
    format = serializers.CharField(allow_blank=True)
    encoding = serializers.CharField(allow_blank=True)
    packed = serializers.BooleanField()
    size = serializers.IntegerField(help_text="Bytes.")
    read = serializers.IntegerField(help_text="Bytes of it that are read so far.")
    line = serializers.IntegerField(help_text="The line up to which all is taken in; of Parquet, the row.")
    counts = FileCountsSerializer(source="*")
    fault = serializers.CharField(allow_blank=True)
    repeats = serializers.UUIDField(source="repeats_id", allow_null=True, help_text="It was loaded before, as this.")
    report = FileReportSerializer(allow_null=True)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
