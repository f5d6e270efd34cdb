"""Appliances: whether a person owns one that is registered or reports."""

from datetime import datetime

from segments.features.feature import Feature, Group, Owned, Values, rows_of, today
from segments.rules.definition import BOOLEAN

SIGNS = ("telemetry", "registration", "appliance registered", "device registered", "product registered")

FEATURES = (
    Feature("appliance_owner", "Appliance owner", "Has an appliance that was registered or sends telemetry.", BOOLEAN),
)

# Whether any source profile of each profile has a sign of an appliance.
OWNERS = """
SELECT owned.profile_id, coalesce(bool_or(daily.event IS NOT NULL), false)
FROM owned
LEFT JOIN segments_dailyactivity AS daily
    ON daily.source_profile_id = owned.source_profile_id
    AND daily.event = ANY(%(signs)s::text[]) AND daily.day <= %(today)s::date
GROUP BY owned.profile_id
"""


def compute(owned: Owned, *, now: datetime) -> Values:
    """Whether each profile owns an appliance."""
    rows = rows_of(owned, OWNERS, signs=list(SIGNS), today=today(now))
    return {profile: {"appliance_owner": owner} for profile, owner in rows}


GROUP = Group(FEATURES, compute)
