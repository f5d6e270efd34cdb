"""Purchases: how recently, how often and for how much (RFM), and how many of late."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from segments.activity import PURCHASE
from segments.features.feature import Feature, Group, Owned, Values, rows_of, today
from segments.rules.definition import NUMBER

YEAR = timedelta(days=365)
QUARTER = timedelta(days=90)

FEATURES = (
    Feature("recency_days", "Recency", "Days since the last purchase; missing for who never bought.", NUMBER, "days"),
    Feature("frequency_365d", "Frequency (365 days)", "Purchases in the last 365 days.", NUMBER, "purchases"),
    Feature(
        "monetary_365d",
        "Monetary value (365 days)",
        "Spent in the last 365 days, in the currency sent.",
        NUMBER,
        "amount",
    ),
    Feature(
        "average_order_value",
        "Average order value (365 days)",
        "Spent per purchase in the last 365 days; missing without one.",
        NUMBER,
        "amount",
    ),
    Feature("orders_90d", "Recent orders (90 days)", "Purchases in the last 90 days.", NUMBER, "purchases"),
)

# Last day of purchase up to a day, and purchases and spending since another day and since a later one.
PURCHASES = """
SELECT owned.profile_id,
       max(daily.day),
       coalesce(sum(daily.count) FILTER (WHERE daily.day > %(since)s::date), 0),
       coalesce(sum(daily.amount) FILTER (WHERE daily.day > %(since)s::date), 0),
       coalesce(sum(daily.count) FILTER (WHERE daily.day > %(lately)s::date), 0)
FROM owned
JOIN segments_dailyactivity AS daily USING (source_profile_id)
WHERE daily.event = %(event)s::text AND daily.day <= %(until)s::date
GROUP BY owned.profile_id
"""


@dataclass(frozen=True)
class Purchases:
    """What one profile bought up to a day."""

    recency_days: int
    orders: int
    spent: float
    orders_90d: int


def measure(owned: Owned, *, as_of: date, window: timedelta | None = YEAR) -> dict[UUID, Purchases]:
    """The purchases of each profile that has any, up to and with that day; without a window, of all time."""
    bounds = {
        "event": PURCHASE,
        "until": as_of,
        "since": as_of - window if window else date.min,
        "lately": as_of - QUARTER,
    }
    return {
        profile: Purchases((as_of - last).days, int(orders), float(spent), int(lately))
        for profile, last, orders, spent, lately in rows_of(owned, PURCHASES, **bounds)
    }


def compute(owned: Owned, *, now: datetime) -> Values:
    """RFM and recent orders; a profile without purchases has counts and sums of 0 and neither recency nor average."""
    measured = measure(owned, as_of=today(now))
    values: Values = {profile: {"frequency_365d": 0, "monetary_365d": 0.0, "orders_90d": 0} for profile in owned}
    for profile, bought in measured.items():
        values[profile] |= {
            "recency_days": bought.recency_days,
            "frequency_365d": bought.orders,
            "monetary_365d": bought.spent,
            "orders_90d": bought.orders_90d,
        }
        if bought.orders:
            values[profile]["average_order_value"] = round(bought.spent / bought.orders, 2)
    return values


GROUP = Group(FEATURES, compute)
