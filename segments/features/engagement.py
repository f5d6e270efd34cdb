"""Engagement: how present a person is of late, over all sources, as one number."""

from datetime import datetime, timedelta

from segments.activity import PURCHASE
from segments.features.feature import Feature, Group, Owned, Values, rows_of, today
from segments.rules.definition import NUMBER

WINDOW = timedelta(days=90)
HALF_LIFE_DAYS = 30
MOST_A_DAY = 5
ENOUGH = 30
# What machines send and what people merely are does not count; any other event counts 1.
WEIGHTS = {
    PURCHASE: 10,
    "visit": 4,
    "store visited": 4,
    "telemetry": 0,
    "identify": 0,
    "group": 0,
    "alias": 0,
    "profile": 0,
}

FEATURES = (
    Feature(
        "engagement",
        "Engagement (90 days)",
        "0 to 100: purchases, visits and other acts of 90 days, weighted, each losing half its weight in 30 days.",
        NUMBER,
        "points",
    ),
)

# Each day's events count their weight, at most five of a kind a day, halved every 30 days; the sum p becomes
# 100 * (1 - exp(-p / 30)), which nears 100 and never passes it.
ENGAGEMENT = """
, weights AS (SELECT * FROM unnest(%(events)s::text[], %(weights)s::float8[]) AS weighed (event, weight))
SELECT owned.profile_id,
       100 * (1 - exp(-coalesce(sum(
           coalesce(weights.weight, 1) * least(daily.count, %(most)s::int)
           * power(0.5::float8, (%(today)s::date - daily.day) / %(half_life)s::float8)
       ), 0) / %(enough)s::float8))
FROM owned
LEFT JOIN segments_dailyactivity AS daily
    ON daily.source_profile_id = owned.source_profile_id
    AND daily.day > %(since)s::date AND daily.day <= %(today)s::date
LEFT JOIN weights ON weights.event = daily.event
GROUP BY owned.profile_id
"""


def compute(owned: Owned, *, now: datetime) -> Values:
    """The engagement of each profile; 0 for who did nothing of late."""
    parameters = {
        "today": today(now),
        "since": today(now) - WINDOW,
        "events": list(WEIGHTS),
        "weights": [float(weight) for weight in WEIGHTS.values()],
        "most": MOST_A_DAY,
        "half_life": HALF_LIFE_DAYS,
        "enough": ENOUGH,
    }
    rows = rows_of(owned, ENGAGEMENT, **parameters)
    return {profile: {"engagement": round(value, 1)} for profile, value in rows}


GROUP = Group(FEATURES, compute)
