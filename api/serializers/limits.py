"""Limits on identifiers over the wire: what stands, what is to stand, and values that are nobody's."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.reasons import ReasonField
from records.standardize import LONGEST_TEXT

LIMIT = {"priority": 6, "most": None, "most_in_window": 100, "window_days": 30}
SAVED = {"saved_by": "0198c0de-0000-7000-8000-0000000000b1", "saved_at": "2026-03-01T18:02:12Z"}
REASON = "ticket 4711"
OF_A_LIMIT = ("priority", "most", "most_in_window", "window_days")


class _Bounds(serializers.Serializer[Any]):
    """How many different identifiers of a kind one person may bear."""

    priority = serializers.IntegerField(help_text="1 is believed first; what comes last gives way first.")
    most = serializers.IntegerField(allow_null=True, help_text="Ever. null: any number.")
    most_in_window = serializers.IntegerField(allow_null=True, help_text="In use within `window_days`.")
    window_days = serializers.IntegerField(allow_null=True)


@extend_schema_serializer(
    component_name="NewIdentifierLimit",
    examples=[OpenApiExample("A hundred devices a month", value={**LIMIT, "reason": REASON})],
)
class NewLimitSerializer(_Bounds):
    """How many different identifiers of a kind one person may bear from now on, and why."""

    reason = ReasonField(required=False)


@extend_schema_serializer(
    component_name="IdentifierLimit",
    examples=[OpenApiExample("Of devices", value={"namespace": "device_id", "version": 0, **LIMIT, "blocked": 28})],
)
class LimitSerializer(_Bounds):
    """The limit of one kind of identifier that stands, and how many of its values are blocked."""

    namespace = serializers.CharField()
    version = serializers.IntegerField(help_text="0: as it was from the start. Rises with each change.")
    blocked = serializers.IntegerField()


@extend_schema_serializer(
    component_name="IdentifierLimitVersion",
    examples=[OpenApiExample("A version", value={"version": 1, **LIMIT, **SAVED, "reason": REASON})],
)
class LimitVersionSerializer(_Bounds):
    """A limit as it was from then on, who saved it, and why; empty where nobody knows."""

    version = serializers.IntegerField()
    saved_by = serializers.CharField(allow_blank=True)
    saved_at = serializers.DateTimeField()
    reason = serializers.CharField(allow_blank=True)


@extend_schema_serializer(
    component_name="BlockedValueGiven",
    examples=[OpenApiExample("Blocked", value={"value": "anonymous", "blocked": True, "reason": REASON})],
)
class BlockedValueGivenSerializer(serializers.Serializer[Any]):
    """A value that is nobody's from now on, or counts again, and why. It is kept as a keyed hash alone."""

    value = serializers.CharField(max_length=LONGEST_TEXT)
    blocked = serializers.BooleanField()
    reason = ReasonField(required=False)


@extend_schema_serializer(
    component_name="BlockedValueTaken", examples=[OpenApiExample("Blocked", value={"blocked": True, "bearers": 12})]
)
class BlockedValueTakenSerializer(serializers.Serializer[Any]):
    """What holds of the value now, and how many source profiles bear it: they are resolved anew."""

    blocked = serializers.BooleanField()
    bearers = serializers.IntegerField()
