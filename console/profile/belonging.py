"""Where a profile belongs: the segments it is in, by how much and why, and those that it has left."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from segments.models import Membership
from segments.wording import feature_name, in_words, origin_of, with_unit


@dataclass(frozen=True)
class Contribution:
    """One term's part of a score; where its value is no fact, `estimated` says what it comes from."""

    name: str
    value: str
    points: float
    percent: float
    missing: bool
    estimated: str = ""


@dataclass(frozen=True)
class Condition:
    """One condition of the rule, in words, and whether it holds; and the value that it met, if that was estimated."""

    text: str
    holds: bool
    value: str = ""
    estimated: str = ""


@dataclass(frozen=True)
class Belonging:
    """One membership and what made it."""

    segment: UUID
    name: str
    purpose: str
    entered_at: datetime
    left_at: datetime | None
    left_because: str
    score: float | None
    threshold: float | None
    contributions: list[Contribution]
    conditions: list[Condition]


def belongings(profile: UUID) -> tuple[list[Belonging], list[Belonging]]:
    """The segments that the profile is in now, the highest score first, and the last ones that it left."""
    rows = Membership.objects.filter(profile=profile).select_related("segment__purpose")
    inside = rows.filter(left_at=None, segment__active=True).order_by("-score", "segment__name")
    left = rows.exclude(left_at=None).order_by("-left_at")[:5]
    return [explain(row) for row in inside], [explain(row) for row in left]


def explain(row: Membership) -> Belonging:
    """The membership with its reasons in words and bars."""
    why: Mapping[str, Any] = row.why or {}
    return Belonging(
        segment=row.segment_id,
        name=row.segment.name,
        purpose=row.segment.purpose.name,
        entered_at=row.entered_at,
        left_at=row.left_at,
        left_because=row.left_because,
        score=row.score,
        threshold=why.get("threshold"),
        contributions=_contributions(why.get("contributions", [])),
        conditions=[_condition(item) for item in why.get("conditions", [])],
    )


@dataclass(frozen=True)
class Grounds:
    """Why somebody is, or would be, in a segment."""

    score: float | None
    threshold: float | None
    contributions: list[Contribution]
    conditions: list[Condition]


def grounds_of(why: Mapping[str, Any], score: float | None) -> Grounds:
    """The reasons that are kept with a membership or a proposal, in words and bars."""
    return Grounds(
        score=score,
        threshold=why.get("threshold"),
        contributions=_contributions(why.get("contributions", [])),
        conditions=[_condition(item) for item in why.get("conditions", [])],
    )


def _condition(item: Mapping[str, Any]) -> Condition:
    estimated = origin_of(item)
    value = with_unit(item["feature"], item["value"]) if estimated else ""
    return Condition(in_words(item), item["holds"], value, estimated)


def _contributions(parts: list[Mapping[str, Any]]) -> list[Contribution]:
    whole = sum(abs(part["weight"]) for part in parts) or 1
    ordered = sorted(parts, key=lambda part: -part["points"])
    return [
        Contribution(
            name=feature_name(part["feature"]),
            value=with_unit(part["feature"], part["value"]),
            points=part["points"],
            percent=part["points"] / (100 * abs(part["weight"]) / whole) * 100 if part["weight"] else 0,
            missing=part["missing"],
            estimated=origin_of(part),
        )
        for part in ordered
    ]
