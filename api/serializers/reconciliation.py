"""Reconciliation over the wire: what a source says it has sent, beside what came and is stored of it."""

from datetime import date
from decimal import Decimal
from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from api.serializers.fields import Choice
from records.properties import LONGEST
from records.reconciliation import BY, FIRST_DAY, LAST_DAY, MOST_DAYS, RECEIVED, Line
from records.reconciliation_totals import MOST_RECORDS, MOST_SUM
from records.reconciliation_words import explanation

BETWEEN = f"Must be between {FIRST_DAY} and {LAST_DAY}."
WHICH_DAY = "Which day (UTC) is meant: that on which records came, or on which things happened."
SUMMED = "The property that sums are of: `amount`, or one that the source declares as a number."
ASKED = {"by": "received", "property": "amount"}
LINE = {
    "day": "2026-03-01",
    "said": 120,
    "acknowledged": 118,
    "duplicate": 3,
    "quarantined": 2,
    "refused": 0,
    "stored": 113,
    "gone": 0,
    "missing": 2,
    "said_sum": "4310.50",
    "stored_sum": "4201.50",
    "missing_sum": "109",
    "agrees": False,
    "explanation": [
        "2 records did not come.",
        "3 records came again and were known already.",
        "2 records are in quarantine.",
        "'amount' adds up to 109 less in what is stored than the source says.",
    ],
}
TOTALS = {
    **{name: value for name, value in LINE.items() if name not in ("day", "gone", "agrees", "explanation")},
    "days": 1,
    "differing": 1,
}


class Day(serializers.DateField):
    """A day on which records may have come."""

    def to_internal_value(self, value: Any) -> date:
        day = super().to_internal_value(value)
        if not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(BETWEEN, code="invalid")
        return day


class Asked(serializers.Serializer[Any]):
    """What is compared."""

    by = Choice(BY, default=RECEIVED, help_text=WHICH_DAY)
    property = serializers.CharField(max_length=LONGEST, default="amount", help_text=SUMMED)


class StoredCountsQuery(Asked):
    """Which days; the last 30 when none is given."""

    first = Day(required=False, help_text="The first day (UTC); 29 days before the last when not given.")
    last = Day(required=False, help_text="The last day (UTC); today when not given.")


class SaidSerializer(serializers.Serializer[Any]):
    """What the source says of one day."""

    day = Day()
    records = serializers.IntegerField(min_value=0, max_value=MOST_RECORDS, help_text="How many it has sent.")
    sum = serializers.DecimalField(
        max_digits=21,
        decimal_places=6,
        min_value=-MOST_SUM,
        max_value=MOST_SUM,
        required=False,
        allow_null=True,
        help_text="What the property adds up to in them; left out where sums are not compared.",
    )


@extend_schema_serializer(
    component_name="ReconciliationRequest",
    examples=[
        OpenApiExample(
            "One day",
            request_only=True,
            value={**ASKED, "days": [{"day": "2026-03-01", "records": 120, "sum": "4310.50"}]},
        )
    ],
)
class ReconciliationRequestSerializer(Asked):
    """What the source says of each day."""

    days = serializers.ListField(child=SaidSerializer(), min_length=1, max_length=MOST_DAYS)

    def validate_days(self, days: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each day once."""
        if len({one["day"] for one in days}) < len(days):
            raise ValidationError("Give each day once.", code="repeated_day")
        return days


class Exact(serializers.DecimalField):
    """A sum, exactly, as a text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_digits=None, decimal_places=None, **options)

    def to_representation(self, value: Decimal) -> str:
        return f"{value:f}"


class FiguresSerializer(serializers.Serializer[Any]):
    """What was said, came, and is stored."""

    said = serializers.IntegerField(allow_null=True, help_text="By the source's word; null: it says nothing.")
    acknowledged = serializers.IntegerField(allow_null=True, help_text="What came; null by the day it happened.")
    duplicate = serializers.IntegerField(allow_null=True, help_text="Of these, how many were known already.")
    quarantined = serializers.IntegerField(allow_null=True, help_text="Of these, how many are in quarantine.")
    refused = serializers.IntegerField(allow_null=True, help_text="Of these, how many nothing allows to keep.")
    stored = serializers.IntegerField(help_text="How many are stored now.")
    missing = serializers.IntegerField(
        allow_null=True, help_text="said - acknowledged; by the day it happened, said - stored. Negative: more came."
    )
    said_sum = Exact(allow_null=True)
    stored_sum = Exact()
    missing_sum = Exact(allow_null=True, help_text="said_sum - stored_sum.")


@extend_schema_serializer(component_name="ReconciledDay")
class ReconciledDaySerializer(FiguresSerializer):
    """One day."""

    day = serializers.DateField()
    gone = serializers.IntegerField(help_text="How many were stored and then taken away, by retention or an erasure.")
    agrees = serializers.BooleanField(help_text="All came that was sent, and its sum, where one is given, is stored.")
    explanation = serializers.SerializerMethodField(help_text="The differences in sentences.")

    def get_explanation(self, line: Line) -> list[str]:
        """Why the figures of this day differ."""
        return explanation(line, property=self.context["property"])


@extend_schema_serializer(component_name="ReconciledTotals")
class ReconciledTotalsSerializer(FiguresSerializer):
    """All days together; what is missing is counted on those alone of which the source says something."""

    days = serializers.IntegerField()
    differing = serializers.IntegerField(help_text="On how many days something does not agree.")


@extend_schema_serializer(
    component_name="Reconciliation",
    examples=[
        OpenApiExample("One day", value={"source": "webshop", **ASKED, "lines": [LINE], "totals": TOTALS}),
    ],
)
class ReconciliationSerializer(serializers.Serializer[Any]):
    """What a source says it has sent, day by day (UTC), beside what came and is stored. Holds no value of a record."""

    source = serializers.CharField()  # type: ignore[assignment]
    by = serializers.ChoiceField(choices=list(BY))
    property = serializers.CharField()
    lines = ReconciledDaySerializer(many=True)
    totals = ReconciledTotalsSerializer()
