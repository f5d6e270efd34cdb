"""The traffic of the benchmark: 200,000 events of 50,000 people, half of them new, one event in five an identify."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

BATCH = 100
START, STEP = datetime(2026, 11, 1, 10, tzinfo=UTC), timedelta(milliseconds=80)
IDENTIFY_EVERY = 5
GIVEN = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy", "Mallory", "Niaj")
FAMILY = ("Smith", "Jones", "Taylor", "Brown", "Williams", "Wilson", "Johnson", "Davies", "Patel", "Wright")
EVENTS = ("Product Viewed", "Product Added", "Order Completed", "Products Searched")
CATEGORIES = ("shoes", "coats", "garden", "kitchen", "toys")


def events(count: int, people: int, *, seed: int = 4) -> Iterator[dict[str, Any]]:
    """Messages of Segment's format, each of a person by chance."""
    random = Random(seed)
    for number in range(count):
        person = random.randrange(people)
        yield identify(person, number) if number % IDENTIFY_EVERY == 0 else track(person, number, random)


def identify(person: int, number: int) -> dict[str, Any]:
    """Who somebody is, with name, e-mail and phone, and their consent."""
    return {
        **_head("identify", person, number),
        "traits": {
            "firstName": GIVEN[person % len(GIVEN)],
            "lastName": FAMILY[person // len(GIVEN) % len(FAMILY)],
            "email": f"person.{person}@example.com",
            "phone": f"+4479{person:08d}",
        },
    }


def track(person: int, number: int, random: Random) -> dict[str, Any]:
    """Something that they did."""
    price = random.randrange(100, 20_000) / 100
    return {
        **_head("track", person, number),
        "event": random.choice(EVENTS),
        "properties": {
            "product_id": f"P-{random.randrange(5_000)}",
            "category": random.choice(CATEGORIES),
            "price": price,
            "quantity": random.randrange(1, 4),
            "currency": "GBP",
        },
    }


def _head(kind: str, person: int, number: int) -> dict[str, Any]:
    return {
        "type": kind,
        "messageId": f"bench-{number:09d}",
        "userId": f"u-{person}",
        "timestamp": (START + number * STEP).isoformat(),
        "context": {
            "library": {"name": "analytics-python", "version": "2.3.4"},
            "ip": f"203.0.113.{person % 250}",
            "consent": {"categoryPreferences": {"analytics": True}},
        },
    }


def bodies(messages: Iterator[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The same in batches."""
    batch = []
    for message in messages:
        batch.append(message)
        if len(batch) == BATCH:
            yield {"batch": batch, "sentAt": None}
            batch = []
    if batch:
        yield {"batch": batch, "sentAt": None}
