"""Errors: every one a problem document, none with a value of the request."""

import json
import logging
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import OperationalError
from django.test import Client

from api.views.profiles import profiles
from tests.api.conftest import NOTHING, Caller, assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

CANARY = "canary@example.com"
LOOKUP = "/api/profiles/lookup/"


def raw(caller: Caller, body: bytes, content_type: str = "application/json") -> Any:
    return caller.client.post(LOOKUP, body, content_type=content_type)


@pytest.mark.parametrize(
    "path", ["/api/", "/api", "/v1/", "/api/people/", f"/api/profiles/{CANARY}/", "/api/profiles", "/v1/batch/x"]
)
def test_an_unknown_route_is_a_problem(path: str) -> None:
    for response in (Client().get(path), Client(enforce_csrf_checks=True).post(path)):
        assert_problem(response, 404, "not_found")
        assert CANARY.encode() not in response.content


def test_a_wrong_method_is_a_problem(service: Caller) -> None:
    for response in (service.get(LOOKUP), service.client.delete(f"/api/profiles/{uuid4()}/")):
        assert_problem(response, 405, "method_not_allowed")
    response = Client().get("/v1/batch")
    assert_problem(response, 405, "method_not_allowed")
    assert "POST" in response["Allow"]


def test_malformed_json_says_where(service: Caller) -> None:
    problem = assert_problem(raw(service, b'{"namespace": "email",\n "value": canary}'), 400, "malformed_json")
    assert "line 2, column 11" in problem["detail"]
    assert "canary" not in json.dumps(problem)


def test_invalid_utf8_names_the_byte(service: Caller) -> None:
    problem = assert_problem(raw(service, b'{"value": "\xff"}'), 400, "invalid_utf8")
    assert "byte 11" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"[]", 400), (b"null", 400), (b'"x"', 400), (b"NaN", 400), (b"[" * 5000, 400), (b" " * 70_000, 413)],
)
def test_odd_bodies_are_refused(body: bytes, status: int, service: Caller) -> None:
    assert raw(service, body).status_code == status


@pytest.mark.parametrize("value", ["a\x00b@example.com", "\ud800@example.com", "x" * 321, "", None, 5, {}, [], True])
def test_odd_values_name_the_field(value: Any, service: Caller) -> None:
    response = raw(service, json.dumps({"namespace": "email", "value": value}).encode())
    if response.status_code != 404:
        problem = assert_problem(response, 400, "invalid")
        assert [error["field"] for error in problem["errors"]] == ["value"]


@pytest.mark.parametrize("content_type", ["text/csv", "multipart/form-data; boundary=x", f"text/{CANARY}"])
def test_another_media_type_is_refused(content_type: str, service: Caller) -> None:
    response = raw(service, b"{}", content_type)
    assert_problem(response, 415, "unsupported_media_type")
    assert CANARY.encode() not in response.content


def test_another_answer_type_is_refused(service: Caller) -> None:
    response = service.client.get("/api/sources/", headers={"Accept": "text/csv"})
    assert_problem(response, 406, "not_acceptable")


def test_an_unexpected_error_tells_and_logs_no_value(
    service: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*args: object, **words: object) -> None:
        raise RuntimeError(f"no place for {CANARY}")

    monkeypatch.setattr(profiles, "look_up", fail)
    response = service.post(LOOKUP, {"namespace": "email", "value": CANARY})
    assert_problem(response, 500, "internal_error")
    logged = capsys.readouterr().out
    assert "RuntimeError" in logged
    assert "views/profiles.py" in logged
    assert CANARY not in logged + response.content.decode()


def test_a_database_that_is_away_is_a_503(service: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **words: object) -> None:
        raise OperationalError(f"lost {CANARY}")

    monkeypatch.setattr(profiles, "look_up", fail)
    response = service.post(LOOKUP, {"namespace": "email", "value": CANARY})
    assert_problem(response, 503, "unavailable")
    assert response["Retry-After"] == "5"
    assert CANARY.encode() not in response.content


WRITES: list[tuple[str, dict[str, Any]]] = [
    (LOOKUP, {"namespace": "email", "value": "x"}),
    (
        "/api/consents/",
        {
            "profile": NOTHING,
            "source_profile": NOTHING,
            "purpose": "marketing",
            "channel": "email",
            "state": "granted",
            "occurred_at": "2026-01-01T00:00:00Z",
            "how": "paper",
            "notice": "",
            "locale": "",
            "jurisdiction": "",
        },
    ),
    (
        "/api/subject-requests/",
        {"kind": "access", "profile": NOTHING, "namespace": "email", "value": "x", "regulation": "gdpr"},
    ),
]


@pytest.mark.parametrize(("path", "field"), [(path, field) for path, body in WRITES for field in body])
@pytest.mark.parametrize("shape", [CANARY, [CANARY], {CANARY: CANARY}, CANARY * 40])
def test_no_answer_and_no_log_repeats_a_value(
    path: str,
    field: str,
    shape: Any,
    call: Callable[..., Caller],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.DEBUG, logger="django.request")
    response = call("service").post(path, dict(WRITES)[path] | {field: shape})
    assert response.status_code in (202, 400, 404)
    assert CANARY not in response.content.decode() + caplog.text + capsys.readouterr().out


@pytest.mark.parametrize("path", ["/api/sources/", "/api/quarantine/", "/api/segments/", "/api/subject-requests/"])
@pytest.mark.parametrize("name", ["cursor", "page_size", "source", "state", "kind", CANARY])
def test_no_query_is_repeated(path: str, name: str, service: Caller) -> None:
    response = service.client.get(path, {name: CANARY})
    assert_problem(response, 400, "invalid")
    assert CANARY.encode() not in response.content
