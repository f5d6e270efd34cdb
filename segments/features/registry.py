"""The registry: every feature by its slug, and all of them computed for any number of profiles."""

from datetime import datetime

from segments.features import appliances, demography, engagement, newsletter, presence, purchases, visits
from segments.features.feature import Feature, Owned, Values
from segments.rules.definition import FeatureType

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
TYPES = {slug: FeatureType(feature.type, feature.options) for slug, feature in FEATURES.items()}


def compute(owned: Owned, *, now: datetime) -> Values:
    """All features of each profile, from these source profiles of theirs; what is not known is left out.

    The number of queries does not depend on the number of profiles.
    """
    values: Values = {profile: {} for profile in owned}
    for group in GROUPS:
        for profile, known in group.compute(owned, now=now).items():
            values[profile] |= known
    return values
