"""Limits on identifiers over the API."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from identity.models import BlockedValue, IdentifierLimit
from identity.profiles import look_up
from pipeline import queue
from tests.api.conftest import Caller, assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

LIST = "/api/identifier-limits/"
DEVICES = {"priority": 6, "most": None, "most_in_window": 100, "window_days": 30}


def put(caller: Caller, namespace: str, body: object) -> Any:
    return caller.client.put(f"{LIST}{namespace}/", body, content_type="application/json")


def test_limits_are_listed_by_priority(service: Caller) -> None:
    rows = service.get(LIST).json()
    assert [(row["namespace"], row["priority"], row["version"]) for row in rows] == [
        ("account_id", 1, 0),
        ("customer_number", 2, 0),
        ("loyalty_number", 3, 0),
        ("email", 4, 0),
        ("phone", 5, 0),
        ("device_id", 6, 0),
    ]
    assert service.get(f"{LIST}device_id/").json() == rows[-1]
    assert {name: rows[-1][name] for name in DEVICES} == DEVICES
    assert rows[-1]["blocked"] > 20


def test_a_change_is_a_version(service: Caller) -> None:
    told = put(service, "device_id", DEVICES | {"most": 400}).json()
    assert (told["version"], told["most"], told["most_in_window"]) == (1, 400, 100)
    assert put(service, "device_id", DEVICES | {"most": 400}).json()["version"] == 1
    put(service, "device_id", DEVICES | {"priority": 2})
    assert service.get(LIST).json()[2]["namespace"] == "device_id"
    versions = service.get(f"{LIST}device_id/versions/").json()["results"]
    assert [(one["version"], one["most"], one["priority"]) for one in versions] == [(2, None, 2), (1, 400, 6)]
    assert all(one["saved_by"] and one["saved_at"] for one in versions)


def test_why_is_kept_and_told(service: Caller) -> None:
    put(service, "device_id", DEVICES | {"most": 400, "reason": "ticket 4711"})
    put(service, "device_id", DEVICES | {"most": 500})
    versions = service.get(f"{LIST}device_id/versions/").json()["results"]
    assert [one["reason"] for one in versions] == ["", "ticket 4711"]
    body = {"value": "alice@example.com", "blocked": True, "reason": "ticket 4712"}
    service.post(f"{LIST}email/blocked/", body)
    assert BlockedValue.objects.latest("saved_at").reason == "ticket 4712"


@pytest.mark.parametrize("reason", ["asked by ann@berg.example", "phone 030 1234567", "no", "x" * 181])
def test_a_reason_names_nobody_and_says_something(reason: str, service: Caller) -> None:
    for answer in (
        put(service, "device_id", DEVICES | {"most": 400, "reason": reason}),
        service.post(f"{LIST}email/blocked/", {"value": "a@b.example", "blocked": True, "reason": reason}),
    ):
        assert [error["field"] for error in assert_problem(answer, 400, "invalid")["errors"]] == ["reason"]
    assert not IdentifierLimit.objects.exists()


@pytest.mark.parametrize(
    ("different", "field"),
    [
        ({"most": 0}, "most"),
        ({"priority": 100}, "priority"),
        ({"priority": None}, "priority"),
        ({"window_days": None}, "window_days"),
        ({"most_in_window": None}, "most_in_window"),
        ({"most": "many"}, "most"),
    ],
)
def test_what_cannot_stand_is_named(different: dict[str, Any], field: str, service: Caller) -> None:
    problem = assert_problem(put(service, "device_id", DEVICES | different), 400, "invalid")
    assert field in {error["field"] for error in problem["errors"]}
    assert not IdentifierLimit.objects.exists()


def test_there_is_no_other_kind_of_identifier(service: Caller) -> None:
    assert_problem(put(service, "shoe_size", DEVICES), 404, "not_found")
    assert_problem(service.get(f"{LIST}shoe_size/"), 404, "not_found")


def test_a_value_is_blocked_and_counts_again(service: Caller, alice: UUID) -> None:
    def say(blocked: bool) -> Any:
        return service.post(f"{LIST}email/blocked/", {"value": "Alice@example.com", "blocked": blocked})

    assert say(True).json() == {"blocked": True, "bearers": 1}
    assert (look_up("email", "alice@example.com", now=timezone.now()), queue.waiting()) == (None, 1)
    assert say(True).json() == {"blocked": True, "bearers": 0}
    assert say(False).json() == {"blocked": False, "bearers": 1}
    assert look_up("email", "alice@example.com", now=timezone.now()) == alice
    assert list(BlockedValue.objects.order_by("id").values_list("blocked", flat=True)) == [True, False]
    problem = assert_problem(service.post(f"{LIST}email/blocked/", {"value": "n/a", "blocked": True}), 400, "invalid")
    assert "n/a" not in str(problem)


def test_only_a_key_that_may_change_sources_may_change_limits(call: Callable[..., Caller]) -> None:
    reader = call("service", scopes=["sources:read"])
    assert reader.get(LIST).status_code == 200
    assert_problem(put(reader, "email", DEVICES), 403, "missing_scope")
    assert_problem(reader.post(f"{LIST}email/blocked/", {"value": "x", "blocked": True}), 403, "missing_scope")
    assert_problem(call("service", scopes=["profiles:read"]).get(LIST), 403, "missing_scope")
