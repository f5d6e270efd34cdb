"""The segments that a retailer starts with: weighted scores over buying, visiting and owning."""

from typing import Any


def _term(feature: str, weight: float, low: float, high: float, curve: str = "linear") -> dict[str, Any]:
    return {"feature": feature, "weight": weight, "low": low, "high": high, "curve": curve}


def _when(feature: str, op: str, value: object) -> dict[str, Any]:
    return {"feature": feature, "op": op, "value": value}


CHAMPIONS = {
    "slug": "champions",
    "name": "Champions",
    "description": "Bought lately, buy often and spend much.",
    "purpose": "analytics",
    "definition": {
        "rule": {"all": [_when("recency_days", "<=", 120), _when("frequency_365d", ">=", 3)]},
        "score": {
            "terms": [
                _term("recency_days", -3, 0, 120),
                _term("frequency_365d", 4, 0, 12, "log"),
                _term("monetary_365d", 3, 0, 1000, "log"),
            ],
            "threshold": 60,
        },
    },
}

LOYAL_AT_RISK = {
    "slug": "loyal-at-risk",
    "name": "Loyal, at risk",
    "description": "Used to buy often and have stayed away: to be won back by e-mail.",
    "purpose": "marketing",
    "channel": "email",
    "definition": {
        "rule": {
            "all": [
                _when("frequency_365d", ">=", 3),
                _when("recency_days", ">=", 60),
                _when("days_since_first_seen", ">=", 180),
            ]
        },
        "score": {
            "terms": [
                _term("recency_days", 4, 45, 180),
                _term("frequency_365d", 3, 0, 10, "log"),
                _term("monetary_365d", 2, 0, 800, "log"),
                _term("visits_30d", -1, 0, 10, "log"),
            ],
            "threshold": 45,
        },
    },
}

NEW_CUSTOMERS = {
    "slug": "new-customers",
    "name": "New customers",
    "description": "First seen within three months, with a first purchase: to be welcomed by e-mail.",
    "purpose": "marketing",
    "channel": "email",
    "definition": {
        "rule": {"all": [_when("days_since_first_seen", "<=", 90), _when("orders_90d", ">=", 1)]},
        "score": {
            "terms": [
                _term("days_since_first_seen", -2, 0, 90),
                _term("engagement", 2, 0, 60),
                _term("orders_90d", 1, 0, 3),
            ],
            "threshold": 25,
        },
    },
}

APP_FIRST = {
    "slug": "app-first-shoppers",
    "name": "App-first shoppers",
    "description": "Have the app, use it much and buy.",
    "purpose": "analytics",
    "definition": {
        "rule": {"all": [_when("app_user", "==", True), _when("frequency_365d", ">=", 1)]},
        "score": {
            "terms": [
                _term("visits_30d", 4, 0, 20, "log"),
                _term("orders_90d", 3, 0, 4),
                _term("engagement", 3, 0, 80),
            ],
            "threshold": 35,
        },
    },
}

IN_STORE_ONLY = {
    "slug": "in-store-only",
    "name": "In store, not online",
    "description": "Buy (within 365 days) or walk about in the stores (90 days), and were not online for 30 days.",
    "purpose": "analytics",
    "definition": {
        "rule": {
            "all": [
                {"any": [_when("store_visits_90d", ">=", 1), _when("frequency_365d", ">=", 2)]},
                _when("visits_30d", "==", 0),
            ]
        },
        "score": {
            "terms": [
                _term("store_visits_90d", 3, 0, 6, "log"),
                _term("frequency_365d", 3, 0, 8, "log"),
                _term("recency_days", -2, 0, 180),
            ],
            "threshold": 30,
        },
    },
}

SUPPLIES_DUE = {
    "slug": "appliance-supplies-due",
    "name": "Appliance owners due for supplies",
    "description": "Own an appliance and have bought nothing for a month and a half: to be reminded by e-mail.",
    "purpose": "marketing",
    "channel": "email",
    "definition": {
        "rule": {
            "all": [
                _when("appliance_owner", "==", True),
                {"any": [_when("recency_days", ">=", 45), _when("frequency_365d", "==", 0)]},
            ]
        },
        "score": {
            "terms": [
                _term("recency_days", 3, 30, 120),
                _term("engagement", 1, 0, 50),
                _term("appliance_owner", 2, 0, 1),
            ],
            "threshold": 40,
        },
    },
}

DEFAULTS: tuple[dict[str, Any], ...] = (
    CHAMPIONS,
    LOYAL_AT_RISK,
    NEW_CUSTOMERS,
    APP_FIRST,
    IN_STORE_ONLY,
    SUPPLIES_DUE,
)
