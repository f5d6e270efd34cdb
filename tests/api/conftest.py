"""A shop, keys to call with, and the cast: Alice said yes to everything, Carol withdrew, Dave never said a word."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from access import api_keys
from access.api_keys import SCOPES
from identity import profiles
from pipeline.process import process_batch
from records import sources
from records.models import Source

PROBLEM = "application/problem+json"
NOTHING = "00000000-0000-7000-8000-000000000000"
YES = {"marketing": True, "analytics": True, "personalization": True}
NO = {"marketing": False, "analytics": False, "personalization": False}


class Caller:
    """A program with an API key."""

    def __init__(self, key: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {key}"})

    def get(self, path: str, *, purpose: str = "", **query: Any) -> Any:
        return self.client.get(path, query, headers=_purpose(purpose))

    def post(self, path: str, body: object, *, purpose: str = "") -> Any:
        return self.client.post(path, body, content_type="application/json", headers=_purpose(purpose))


def _purpose(purpose: str) -> dict[str, str]:
    return {"X-Onym-Purpose": purpose} if purpose else {}


@dataclass
class Shop:
    """A web shop that sends Segment's messages with its write key."""

    source: Source
    write_key: str

    def send(self, body: object, *, path: str = "/v1/batch", **headers: str) -> Any:
        """POST this body (bytes as they are, else as JSON) under the shop's write key, as the official clients do."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        credentials = base64.b64encode(f"{self.write_key}:".encode()).decode()
        return Client().post(
            path,
            content,
            content_type=headers.pop("content_type", "application/json"),
            headers={"Authorization": f"Basic {credentials}"} | headers,
        )

    def meet(self, name: str, *, consent: dict[str, bool] | None = None, **traits: str) -> UUID:
        """Let a customer of this name sign up and buy twice; returns their profile."""
        context = {"consent": {"categoryPreferences": consent}} if consent else {}
        about = {"email": f"{name}@example.com", "firstName": name.title(), "country": "GB", **traits}
        answer = self.send(
            {
                "batch": [
                    {"type": "identify", "userId": f"u-{name}", "traits": about, "context": context},
                    order(name, 1, days_ago=9, revenue=20),
                    order(name, 2, days_ago=3, revenue=42.5),
                ]
            }
        )
        assert answer.json()["accepted"] == 3, answer.json()
        process_batch(now=timezone.now())
        found = profiles.look_up("email", about["email"], now=timezone.now())
        assert found is not None
        return found


def order(name: str, number: int, *, days_ago: int = 1, revenue: float = 10) -> dict[str, Any]:
    """A track message for an order."""
    return {
        "type": "track",
        "messageId": f"{name}-{number}",
        "userId": f"u-{name}",
        "event": "Order Completed",
        "timestamp": (timezone.now() - timedelta(days=days_ago)).isoformat(),
        "properties": {"revenue": revenue, "currency": "EUR"},
    }


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    """The response is a problem document with this status and code; returns it."""
    assert (response.status_code, response["Content-Type"]) == (status, PROBLEM), response.content
    body: dict[str, Any] = response.json()
    assert {"type", "title", "status", "detail", "instance", "code", "message", "errors"} <= set(body)
    assert (body["status"], body["code"], body["type"]) == (status, code, f"urn:onym:problem:{code}")
    assert body["message"] == body["detail"] != ""
    assert body["instance"].startswith("urn:uuid:")
    return body


@pytest.fixture
def call(db: None) -> Callable[..., Caller]:
    """Makes callers: `call("service")`, `call("service", "marketing", scopes=["profiles:read"])`."""

    def make(*purposes: str, scopes: Sequence[str] = SCOPES) -> Caller:
        name = f"key {api_keys.ApiKey.objects.count()}"
        return Caller(api_keys.add(name, purposes=purposes, scopes=scopes)[1])

    return make


@pytest.fixture
def service(call: Callable[..., Caller]) -> Caller:
    """A caller of customer care: one purpose, all scopes."""
    return call("service")


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop(*sources.add("shop", kind="online", purposes=["service", "analytics", "marketing", "personalization"]))


@pytest.fixture
def alice(shop: Shop) -> UUID:
    return shop.meet("alice", consent=YES)


@pytest.fixture
def carol_who_withdrew(shop: Shop) -> UUID:
    return shop.meet("carol", consent=NO)


@pytest.fixture
def dave_who_never_said(shop: Shop) -> UUID:
    return shop.meet("dave")
