"""Presence: how long a person has been known, and by how many sources."""

from datetime import datetime

from segments.features.feature import Feature, Group, Owned, Values, rows_of, today
from segments.rules.definition import NUMBER

FEATURES = (
    Feature("days_since_first_seen", "Known for", "Days since any source first saw this person.", NUMBER, "days"),
    Feature("sources_count", "Sources", "How many sources know this person.", NUMBER, "sources"),
)

# When each profile was first seen, and by how many sources it is known.
PRESENCE = """
SELECT owned.profile_id, min(known.first_seen_at), count(DISTINCT known.source_id)
FROM owned
JOIN records_sourceprofile AS known ON known.id = owned.source_profile_id
GROUP BY owned.profile_id
"""


def compute(owned: Owned, *, now: datetime) -> Values:
    """Days since first seen, never below 0, and the number of sources."""
    return {
        profile: {"days_since_first_seen": max((today(now) - today(first)).days, 0), "sources_count": sources}
        for profile, first, sources in rows_of(owned, PRESENCE)
    }


GROUP = Group(FEATURES, compute)
