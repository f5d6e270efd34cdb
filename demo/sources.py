"""The demo retailer's six sources: what each sends, and how it is read."""

from typing import Any

from records import sources
from records.models import Source

SITE = {"consents": {name: {"purpose": name} for name in ("analytics", "marketing", "personalization")}}
CRM = {
    "kind": "profile",
    "message_id": ["customer_number", "updated_at"],
    "occurred_at": "updated_at",
    "date_order": "dmy",
    "fields": {
        "customer_number": "customer_number",
        "first_name": "given_name",
        "last_name": "family_name",
        "email": "email",
        "phone": "phone",
        "birth_date": "birth_date",
        "street": "street",
        "postcode": "postcode",
        "city": "city",
        "country": "country",
        "language": "language",
        "loyalty_number": "loyalty_number",
    },
    "properties": {"loyalty_tier": "string"},
    "consents": {
        "marketing_email": {"purpose": "marketing", "channel": "email"},
        "marketing_sms": {"purpose": "marketing", "channel": "sms"},
        "analytics": {"purpose": "analytics"},
        "personalization": {"purpose": "personalization"},
    },
}
POS = {
    "kind": "purchase",
    "event": "Purchase",
    "message_id": ["receipt_id"],
    "occurred_at": "sold_at",
    "region_column": "store",
    "fields": {
        "loyalty_number": "loyalty_number",
        "customer_name": "full_name",
        "email": "email",
        "phone": "phone",
        "postcode": "postcode",
    },
    "properties": {
        "store": "string",
        "till": "string",
        "amount": "number",
        "currency": "string",
        "items": "integer",
        "category": "string",
    },
}
APPLIANCES = {
    "kind_column": "type",
    "kind": "telemetry",
    "opens_episode": "registration",
    "message_id": ["message_id"],
    "occurred_at": "at",
    "fields": {
        "device_id": "device_id",
        "owner.first_name": "given_name",
        "owner.last_name": "family_name",
        "owner.email": "email",
        "owner.phone": "phone",
        "owner.postcode": "postcode",
    },
    "properties": {"metric": "string", "value": "number", "unit": "string", "firmware": "string"},
}
BEACONS = {
    "kind": "visit",
    "event": "Store visit",
    "message_id": ["message_id"],
    "occurred_at": "at",
    "fields": {"device_id": "device_id"},
    "properties": {"beacon_id": "string", "store": "string", "dwell_seconds": "number"},
}
CONSENTED = ("analytics", "marketing", "personalization")
SOURCES: dict[str, dict[str, Any]] = {
    "crm": {"kind": "offline", "trust_rank": 90, "purposes": ("service", *CONSENTED), "mapping": CRM},
    "pos": {
        "kind": "offline",
        "trust_rank": 70,
        "stable_key": "loyalty_number",
        "purposes": ("service", "analytics"),
        "mapping": POS,
    },
    "web": {"kind": "online", "client_side": True, "trust_rank": 40, "purposes": CONSENTED, "mapping": SITE},
    "app": {"kind": "online", "client_side": True, "trust_rank": 50, "purposes": CONSENTED, "mapping": SITE},
    "appliances": {"kind": "iot", "trust_rank": 60, "purposes": ("service",), "mapping": APPLIANCES},
    "beacons": {"kind": "iot", "trust_rank": 30, "purposes": ("service",), "mapping": BEACONS},
}


def ensure() -> dict[str, Source]:
    """The demo's sources, added where they are missing."""
    for name, settings in SOURCES.items():
        if not Source.objects.filter(name=name).exists():
            sources.add(name, **settings)
    return {source.name: source for source in Source.objects.filter(name__in=SOURCES)}
