"""The quarantine and its replays over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.fields import Name, Slug
from pipeline.models import DONE, RUNNING
from pipeline.replay_runs import LONGEST_FIELD, MOST_FIELDS


class QuarantineQuery(serializers.Serializer[Any]):
    """Filters of the quarantine."""

    source = Name(required=False, help_text="The name of a source.")  # type: ignore[assignment]
    reason = Slug(max_length=40, required=False, help_text="A reason code.")
    file = serializers.UUIDField(required=False, help_text="The id of a file that was loaded.")


@extend_schema_serializer(
    component_name="QuarantinedRecord",
    examples=[
        OpenApiExample(
            "Missing identifier",
            value={
                "id": "0198c0de-0000-7000-8000-0000000000f1",
                "source": "webshop",
                "reason": "missing_identifier",
                "field": "userId",
                "message": "userId or anonymousId is required",
                "line": 3,
                "size": 212,
                "received_at": "2026-03-01T18:02:12Z",
                "expires_at": "2026-03-31T18:02:12Z",
            },
        )
    ],
)
class QuarantinedRecordSerializer(serializers.Serializer[Any]):
    """Why a record could not be taken in, and where it stood. Its content stays sealed."""

    id = serializers.UUIDField()
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    reason = serializers.CharField()
    field = serializers.CharField(allow_blank=True)
    message = serializers.CharField()
    line = serializers.IntegerField(
        allow_null=True,
        help_text="Where it stood: the line of a file or the row of an MQTT message, from 1; the message of a "
        "request, from 0; the offset of a topic.",
    )
    size = serializers.IntegerField()
    received_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class LeaveOut(serializers.ListField):
    """Names of fields."""

    child = serializers.CharField(max_length=LONGEST_FIELD)
    default_error_messages = {
        "not_a_list": 'Give a list of the names of fields, as "field" of the quarantined records has them, such as '
        '["amount"]; leave it out, or give [], to leave nothing out.',
        "max_length": "Name {max_length} fields at most.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(
            max_length=MOST_FIELDS,
            required=False,
            help_text="Names of the fields without which it is to be taken in, as `field` of the quarantined records "
            'has them, such as `["amount"]`: a list of at most 20, never true or false. Their values are lost.',
            **options,
        )


@extend_schema_serializer(
    component_name="ReplayOne",
    examples=[OpenApiExample("Without a field", value={"leave_out": ["amount"]}, request_only=True)],
)
class ReplayOneSerializer(serializers.Serializer[Any]):
    """How one record is to be mended before it is read again; empty: not at all."""

    record = serializers.DictField(required=False, help_text="What is to be taken in instead of what was sent.")
    leave_out = LeaveOut()


@extend_schema_serializer(
    component_name="Replayed",
    examples=[OpenApiExample("Taken in", value={"outcome": "stored", "reason": "", "field": "", "message": ""})],
)
class ReplayedSerializer(serializers.Serializer[Any]):
    """What became of a record that was replayed, and why it is still in quarantine where it is."""

    outcome = serializers.ChoiceField(
        choices=["stored", "duplicate", "refused", "quarantined", "left"],
        help_text="`left`: its source is disabled, nothing of it is kept, or somebody else replays it just now.",
    )
    reason = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_blank=True)
    message = serializers.CharField(allow_blank=True)


@extend_schema_serializer(
    component_name="NewReplay",
    examples=[
        OpenApiExample(
            "All for one reason, without a field",
            value={"source": "crm_export", "reason": "wrong_type", "field": "amount", "leave_out": ["amount"]},
            request_only=True,
        )
    ],
)
class NewReplaySerializer(serializers.Serializer[Any]):
    """What is to be replayed: all that a source has in quarantine, or what it has there for a reason and a field, or of
    one file."""

    source = Name(help_text="The name of a source.")  # type: ignore[assignment]
    reason = Slug(max_length=40, required=False, help_text="A reason code.")
    field = serializers.CharField(max_length=80, required=False)
    file = serializers.UUIDField(required=False, help_text="Only what came in this file, by its id.")
    leave_out = LeaveOut()


@extend_schema_serializer(
    component_name="Replay",
    examples=[
        OpenApiExample(
            "Half way",
            status_codes=["200", "202"],
            value={
                "id": "0198c0de-0000-7000-8000-0000000000f7",
                "source": "crm_export",
                "reason": "wrong_type",
                "field": "amount",
                "file": None,
                "leave_out": [],
                "state": "running",
                "found": 1200,
                "stored": 590,
                "duplicate": 4,
                "refused": 2,
                "quarantined": 4,
                "reasons": {"wrong_type": 4},
                "fault": "",
                "started_at": "2026-03-01T18:02:12Z",
                "ended_at": None,
            },
        )
    ],
)
class ReplaySerializer(serializers.Serializer[Any]):
    """A replay: how far it is, and what became of what was in quarantine when it began."""

    id = serializers.UUIDField()
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    reason = serializers.CharField(allow_blank=True)
    field = serializers.CharField(allow_blank=True)
    file = serializers.UUIDField(source="load_id", allow_null=True)
    leave_out = serializers.ListField(child=serializers.CharField())
    state = serializers.ChoiceField(choices=[RUNNING, DONE])
    found = serializers.IntegerField(help_text="In quarantine when it began.")
    stored = serializers.IntegerField()
    duplicate = serializers.IntegerField()
    refused = serializers.IntegerField(help_text="Not kept, because consent refused.")
    quarantined = serializers.IntegerField(source="still", help_text="Still in quarantine, with the reason of now.")
    reasons = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="Of those that are, for how many which reason holds; the most first.",
    )
    fault = serializers.CharField(allow_blank=True)
    started_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
