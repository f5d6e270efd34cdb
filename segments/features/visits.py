"""Visits: to the web shop and app, and to the stores."""

from datetime import datetime, timedelta

from segments.features.feature import Feature, Group, Owned, Values, rows_of, today
from segments.rules.definition import BOOLEAN, NUMBER

PAGE = "page"
APP = ("app opened", "application opened", "screen")
STORE = ("visit", "store visited")

FEATURES = (
    Feature(
        "visits_30d",
        "Online visits (30 days)",
        "Web pages, screens and app opens in the last 30 days.",
        NUMBER,
        "views",
    ),
    Feature(
        "store_visits_90d",
        "Store visits (90 days)",
        "Days in a store in the last 90, as its beacons saw.",
        NUMBER,
        "days",
    ),
    Feature("app_user", "App user (365 days)", "Opened the app in the last 365 days.", BOOLEAN),
)

# Online visits of 30 days, days in a store of 90, and whether the app was opened within 365.
# A beacon sees one visit many times, so store visits count days.
VISITS = """
SELECT owned.profile_id,
       coalesce(sum(daily.count) FILTER (
           WHERE daily.event = ANY(%(online)s::text[]) AND daily.day > %(month)s::date), 0),
       count(DISTINCT daily.day) FILTER (
           WHERE daily.event = ANY(%(store)s::text[]) AND daily.day > %(quarter)s::date),
       coalesce(bool_or(daily.event = ANY(%(app)s::text[])), false)
FROM owned
LEFT JOIN segments_dailyactivity AS daily
    ON daily.source_profile_id = owned.source_profile_id
    AND daily.event = ANY(%(events)s::text[]) AND daily.day > %(year)s::date AND daily.day <= %(today)s::date
GROUP BY owned.profile_id
"""


def compute(owned: Owned, *, now: datetime) -> Values:
    """Visits online and in stores, and whether the app is in use."""
    end = today(now)
    bounds = {
        "today": end,
        "month": end - timedelta(days=30),
        "quarter": end - timedelta(days=90),
        "year": end - timedelta(days=365),
        "online": [PAGE, *APP],
        "store": list(STORE),
        "app": list(APP),
        "events": [PAGE, *APP, *STORE],
    }
    return {
        profile: {"visits_30d": int(online), "store_visits_90d": store, "app_user": app}
        for profile, online, store, app in rows_of(owned, VISITS, **bounds)
    }


GROUP = Group(FEATURES, compute)
