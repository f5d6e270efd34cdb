"""Odd messages: whatever stands anywhere in one, the door answers 200, and the good ones beside it land."""

import copy
import itertools
from typing import Any

import pytest

from tests.api.conftest import Shop, order

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

FULL: dict[str, Any] = {
    "type": "identify",
    "messageId": "m-1",
    "userId": "u-bob",
    "anonymousId": "a-bob",
    "event": "Order Completed",
    "name": "Home",
    "groupId": "g-1",
    "previousId": "p-1",
    "timestamp": "2026-01-05T10:00:00Z",
    "originalTimestamp": "2026-01-05T10:00:00Z",
    "sentAt": "2026-01-05T10:00:01Z",
    "traits": {
        "email": "bob@example.com",
        "phone": "+442079460123",
        "name": "Bob Example",
        "firstName": "Bob",
        "birthday": "1980-05-06",
        "address": {"street": "1 Example Road", "city": "London", "postalCode": "SW1A 1AA", "country": "GB"},
    },
    "properties": {"revenue": 5, "currency": "EUR", "items": 1, "sku": "s-1"},
    "context": {
        "ip": "192.0.2.1",
        "page": {"url": "https://shop.example.com/"},
        "device": {"id": "d-1"},
        "traits": {"email": "bob@example.com"},
        "consent": {"categoryPreferences": {"marketing": True}},
    },
    "integrations": {"All": True},
}
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    10**30,
    -1e308,
    "",
    " ",
    "\x00",
    "\ud83d",
    "\udc00x",
    "é" * 300,
    "x" * 20_000,
    "null",
    "0000-00-00",
    "99999999999999999999",
    [],
    {},
    [None],
    {"": None},
    {"\x00": "\x00"},
    {"\ud83d": 1},
]
TYPES = ("identify", "track", "page")


def paths(value: Any, prefix: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The way to every member."""
    inner = [paths(item, (*prefix, name)) for name, item in value.items()] if isinstance(value, dict) else []
    return [prefix, *itertools.chain.from_iterable(inner)] if prefix else list(itertools.chain.from_iterable(inner))


def with_odd(path: tuple[str, ...], odd: Any, type: str, number: int) -> dict[str, Any]:
    """The full message of this type, but for one odd value."""
    message = copy.deepcopy(FULL) | {"type": type, "messageId": f"{type}-{number}"}
    place = message
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = odd
    return message


def assert_good_ones_land(odd: list[Any], shop: Shop) -> None:
    """Sent between two good messages, these cost at most themselves."""
    response = shop.send({"batch": [order("alice", 1), *odd, order("alice", 2)]})
    body = response.json()
    assert response.status_code == 200, body
    assert body["acknowledged"] == len(odd) + 2
    assert not {0, len(odd) + 1} & {reject["index"] for reject in body["rejects"]}
    assert body["accepted"] >= 2


@pytest.mark.parametrize("path", paths(FULL), ids=".".join)
def test_an_odd_value_anywhere_costs_only_its_message(path: tuple[str, ...], shop: Shop) -> None:
    assert_good_ones_land(
        [with_odd(path, value, type, number) for type in TYPES for number, value in enumerate(ODD)], shop
    )


def test_a_message_too_deep_costs_only_itself(shop: Shop) -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    assert_good_ones_land([with_odd(("properties",), {"deep": deep}, "track", 1)], shop)
