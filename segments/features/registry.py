"""The registry: every feature by its slug, and all of them computed for any number of profiles."""

from collections.abc import Mapping
from datetime import datetime

from segments.features import appliances, demography, engagement, missing, newsletter, presence, purchases, visits
from segments.features.feature import Feature, Owned, Values
from segments.rules.definition import FeatureType, Value

GROUPS = (
    purchases.GROUP,
    presence.GROUP,
    visits.GROUP,
    appliances.GROUP,
    newsletter.GROUP,
    demography.GROUP,
    engagement.GROUP,
)
FEATURES: dict[str, Feature] = {feature.slug: feature for group in GROUPS for feature in group.features}
# What follows from the others: rules and scores may use it, and nothing keeps it.
INDICATORS = missing.indicators_of(FEATURES.values())
USABLE = {**FEATURES, **INDICATORS}
TYPES = {slug: FeatureType(feature.type, feature.options) for slug, feature in USABLE.items()}


def compute(owned: Owned, *, now: datetime) -> Values:
    """All features of each profile, from these source profiles of theirs; what is not known is left out.

    The number of queries does not depend on the number of profiles.
    """
    values: Values = {profile: {} for profile in owned}
    for group in GROUPS:
        for profile, known in group.compute(owned, now=now).items():
            values[profile] |= known
    return values


def usable(known: Mapping[str, Value]) -> dict[str, Value]:
    """What rules and scores see of a profile of which this is known: it, and what is missing."""
    return missing.indicated(known, FEATURES)
