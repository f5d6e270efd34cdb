"""Presence: how long a person has been known, and by how many sources."""

from datetime import datetime

from segments.features.feature import Feature, Group, Owned, Values, rows_of, today
from segments.rules.definition import NUMBER

FEATURES = (
    Feature("days_since_first_seen", "Known for", "Days since any source first saw this person.", NUMBER, "days"),
    Feature("sources_count", "Sources", "How many sources know this person.", NUMBER, "sources"),
)

# When each profile was first seen, and by how many sources it is known. Each source profile is looked up: left to
# itself PostgreSQL would now and then rather go through all that there are, in order.
PRESENCE = """
SELECT owned.profile_id, min(known.first_seen_at), count(DISTINCT known.source_id)
FROM owned
CROSS JOIN LATERAL (
    SELECT first_seen_at, source_id FROM records_sourceprofile WHERE id = owned.source_profile_id OFFSET 0
) AS known
GROUP BY owned.profile_id
"""


def compute(owned: Owned, *, now: datetime) -> Values:
    """Days since first seen, never below 0, and the number of sources."""
    return {
        profile: {"days_since_first_seen": max((today(now) - today(first)).days, 0), "sources_count": sources}
        for profile, first, sources in rows_of(owned, PRESENCE)
    }


GROUP = Group(FEATURES, compute)
