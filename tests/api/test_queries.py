"""Query strings: what a route does not know, or would only half read, is an error."""

from typing import Any

import pytest
from django.utils import timezone

from outbox import recipients
from tests.api.conftest import Caller, assert_problem
from tests.api.test_authentication import ROUTES

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def _errors(response: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in assert_problem(response, 400, "invalid")["errors"]]


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_no_route_passes_over_a_parameter(method: str, path: str, scope: str, service: Caller) -> None:
    response = service.client.generic(method, f"{path}?naem=alice", b"{}", content_type="application/json")
    assert _errors(response) == [("", "unknown_parameter")]
    assert b"alice" not in response.content


def test_a_route_without_pages_knows_no_size_of_one(service: Caller) -> None:
    assert _errors(service.get("/api/segments/champions/", page_size=10)) == [("", "unknown_parameter")]


def test_a_filter_given_twice_is_an_error(service: Caller) -> None:
    response = service.get("/api/subject-requests/?state=open&state=completed&kind=erasure")
    assert _errors(response) == [("state", "repeated_parameter")]


def test_deliveries_are_filtered_by_any_recipient_there_is(service: Caller) -> None:
    recipients.add("Mailer_EU", purposes=["marketing"], now=timezone.now())
    assert service.get("/api/deliveries/", recipient="Mailer_EU").json()["results"] == []
    assert _errors(service.get("/api/deliveries/", recipient="Mailer_UE")) == [("recipient", "unknown_recipient")]


def test_a_wrong_state_of_deliveries_is_not_repeated(service: Caller) -> None:
    response = service.get("/api/deliveries/", state="alice@example.com")
    assert _errors(response) == [("state", "invalid_choice")]
    assert b"alice" not in response.content
