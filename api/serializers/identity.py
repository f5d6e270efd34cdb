"""Who is who, over the wire: the ledger of a profile, and what a person decides about it."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.reasons import ReasonField

ONE, OTHER = "0198c0de-0000-7000-8000-0000000000a1", "0198c0de-0000-7000-8000-0000000000a2"
SOURCE_PROFILE = "0198c0de-0000-7000-8000-0000000000b1"
REASON = "call of March 3, case 4711"


class LedgerQuery(serializers.Serializer[Any]):
    """Which entries of the ledger."""

    at = serializers.DateTimeField(
        required=False, help_text="Those alone that held at this instant (ISO 8601): who made up the profile then."
    )


@extend_schema_serializer(
    component_name="LedgerEntry",
    examples=[
        OpenApiExample(
            "Joined by matching",
            value={
                "id": "0198c0de-0000-7000-8000-0000000000e1",
                "source_profile": SOURCE_PROFILE,
                "source": "webshop",
                "since": "2026-03-01T18:02:12Z",
                "until": None,
                "reason": "similar person",
                "evidence": {
                    "with": "0198c0de-0000-7000-8000-0000000000b2",
                    "bits": 21.4,
                    "levels": [["prior", "before any evidence", -14.0], ["email", "exact", 18.2]],
                    "purpose": "identity_linking",
                },
                "rule_version": "learned 2026-03-01 4be1",
                "actor": "resolve",
            },
        )
    ],
)
class LedgerEntrySerializer(serializers.Serializer[Any]):
    """A stretch of time in which a source profile belonged to the profile, and why."""

    id = serializers.UUIDField()
    source_profile = serializers.UUIDField(source="source_profile_id")
    source = serializers.CharField(source="source_profile.source.name")  # type: ignore[assignment]
    since = serializers.DateTimeField(source="assigned_at")
    until = serializers.DateTimeField(source="ended_at", allow_null=True, help_text="Null: it still does.")
    reason = serializers.CharField()
    evidence = serializers.JSONField(
        help_text="Levels and bits field by field, ids of those compared, and the purpose that justified it; no values."
    )
    rule_version = serializers.CharField(help_text="The match model or rule, or `by hand`.")
    actor = serializers.CharField(help_text="An opaque id of whoever decided, or the stage of the pipeline.")


@extend_schema_serializer(
    component_name="NewMerge", examples=[OpenApiExample("Two of one person", value={"other": OTHER, "reason": REASON})]
)
class NewMergeSerializer(serializers.Serializer[Any]):
    """The profile that is the same person, and how that is known."""

    other = serializers.UUIDField()
    reason = ReasonField()


@extend_schema_serializer(
    component_name="UndoneMerge",
    examples=[OpenApiExample("Not one after all", value={"merged": OTHER, "reason": REASON})],
)
class UndoneMergeSerializer(serializers.Serializer[Any]):
    """The profile that was merged into this one, and why it was wrong."""

    merged = serializers.UUIDField()
    reason = ReasonField()


@extend_schema_serializer(
    component_name="NewSplit",
    examples=[OpenApiExample("Somebody else's", value={"source_profile": SOURCE_PROFILE, "reason": REASON})],
)
class SplitSerializer(serializers.Serializer[Any]):
    """The source profile that is somebody else, or is not after all, and how that is known."""

    source_profile = serializers.UUIDField()
    reason = ReasonField()


@extend_schema_serializer(
    component_name="Decided", examples=[OpenApiExample("Merged", value={"profile": ONE, "other": OTHER})]
)
class DecidedSerializer(serializers.Serializer[Any]):
    """What came of it: the profile that stays, or that goes on without the other one."""

    profile = serializers.UUIDField()
    other = serializers.UUIDField(help_text="The profile that was merged, is there again, or was made by the split.")
