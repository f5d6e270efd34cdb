"""What may stand in an export: broad bands of features and generalized forms, never a value that names anybody."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from segments.features import demography
from segments.features.registry import FEATURES
from segments.models import ProfileFeatures
from segments.rules.definition import NUMBER

UNKNOWN = ""
# Upper ends of the bands of a number; what is beyond the last is open.
EDGES = (0, 1, 3, 10, 30, 100, 300, 1_000, 3_000, 10_000)
GENERAL = {feature.slug for feature in demography.FEATURES}
COLUMNS = {slug: feature.name for slug, feature in FEATURES.items()}


def read(owned: Mapping[UUID, Sequence[UUID]], columns: Sequence[str], *, now: datetime) -> dict[UUID, tuple[str, ...]]:
    """The columns of each profile as text, in order; what is not known is empty."""
    general = demography.compute(owned, now=now) if GENERAL & set(columns) else {}
    computed = dict(ProfileFeatures.objects.filter(profile__in=list(owned)).values_list("profile_id", "values"))
    return {
        profile: tuple(
            banded(column, {**computed.get(profile, {}), **general.get(profile, {})}.get(column)) for column in columns
        )
        for profile in owned
    }


def banded(column: str, value: object) -> str:
    """The value as it may be exported: a number as its band, such as `3-9`; a text or a yes as it is."""
    if value is None:
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float) and FEATURES[column].type == NUMBER:
        return _band(value)
    return str(value)


def _band(value: float) -> str:
    place = bisect_right(EDGES, value)
    if place == 0:
        return "below 0"
    low = EDGES[place - 1]
    if place == len(EDGES):
        return f"{low}+"
    high = EDGES[place]
    return str(low) if high - low == 1 else f"{low}-{high - 1}"
