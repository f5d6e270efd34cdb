"""The quality of what sources send, and the alarms about it, over the wire."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from api.serializers.fields import Choice, Name
from records.models import ALARMS

MOST_DAYS = 366
SHARES = {"stored": 980, "filled": 931, "unreadable": 19, "broken": 0, "completeness": 0.95, "validity": 0.98}


class QualityQuery(serializers.Serializer[Any]):
    """Which days."""

    days = serializers.IntegerField(
        min_value=1, max_value=MOST_DAYS, default=30, help_text="How many days (UTC), today included."
    )


class CountsSerializer(serializers.Serializer[Any]):
    """How many records were stored, had the field, had it unreadable, and broke a rule about its value."""

    stored = serializers.IntegerField()
    filled = serializers.IntegerField()
    unreadable = serializers.IntegerField()
    broken = serializers.IntegerField()
    completeness = serializers.FloatField(allow_null=True, help_text="filled / stored; null: nothing was stored.")
    validity = serializers.FloatField(
        allow_null=True, help_text="(filled - broken) / (filled + unreadable); null: no record brought the field."
    )


@extend_schema_serializer(component_name="DayOfField")
class DayOfFieldSerializer(CountsSerializer):
    """The counts of one day (UTC)."""

    day = serializers.DateField()


@extend_schema_serializer(component_name="FieldQuality")
class FieldQualitySerializer(CountsSerializer):
    """One field of the data dictionary or property: in sum, and on each day on which anything was stored."""

    field = serializers.CharField()
    days = DayOfFieldSerializer(many=True)


@extend_schema_serializer(component_name="FlagCount")
class FlagCountSerializer(serializers.Serializer[Any]):
    """How many records had a flag."""

    flag = serializers.CharField()
    records = serializers.IntegerField()


@extend_schema_serializer(
    component_name="SourceQuality",
    examples=[
        OpenApiExample(
            "One field",
            value={
                "source": "webshop",
                "stored": 980,
                "fields": [{"field": "email", **SHARES, "days": [{"day": "2026-03-01", **SHARES}]}],
                "flags": [{"flag": "email:invalid", "records": 19}],
            },
        )
    ],
)
class SourceQualitySerializer(serializers.Serializer[Any]):
    """What a source sent in these days: its fields, the worst first, and the flags of its records. Holds no value."""

    source = serializers.CharField()  # type: ignore[assignment]
    stored = serializers.IntegerField(help_text="The records that were counted.")
    fields = FieldQualitySerializer(many=True)  # type: ignore[assignment]
    flags = FlagCountSerializer(many=True)


class AlarmQuery(serializers.Serializer[Any]):
    """Filters of the alarms."""

    source = Name(required=False, help_text="The name of a source.")  # type: ignore[assignment]
    kind = Choice(ALARMS, required=False)
    ended = serializers.BooleanField(default=False, help_text="Also those that have ended.")


@extend_schema_serializer(
    component_name="QualityAlarm",
    examples=[
        OpenApiExample(
            "A field that is filled less often",
            value={
                "id": "0198c0de-0000-7000-8000-0000000000ea",
                "source": "webshop",
                "kind": "completeness",
                "field": "email",
                "cause": "'email' was filled in 70 % of 100 records in the 24 hours before Mar 1 12:00 UTC; the median "
                "of the days before is 95 %.",
                "began_at": "2026-03-01T12:10:00Z",
                "last_seen_at": "2026-03-01T18:00:00Z",
                "ended_at": None,
            },
        )
    ],
)
class QualityAlarmSerializer(serializers.Serializer[Any]):
    """Something is wrong with what a source sends; it ends by itself once that no longer holds."""

    id = serializers.UUIDField()
    source = serializers.CharField(source="source.name")  # type: ignore[assignment]
    kind = serializers.ChoiceField(choices=ALARMS)
    field = serializers.CharField(allow_blank=True, help_text="Empty: it is about the source as a whole.")
    cause = serializers.CharField(help_text="One sentence with the figures and the time; never a value of a record.")
    began_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True, help_text="null: it holds now.")
