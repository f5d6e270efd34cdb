"""Who may call: keys, scopes and purposes."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from access import api_keys
from access.api_keys import SCOPES
from tests.api.conftest import NOTHING, Caller, assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

ROUTES = [
    ("POST", "/api/profiles/lookup/", "profiles:read"),
    ("GET", f"/api/profiles/{NOTHING}/", "profiles:read"),
    ("GET", f"/api/profiles/{NOTHING}/events/", "profiles:read"),
    ("GET", f"/api/profiles/{NOTHING}/identifiers/", "profiles:read"),
    ("GET", f"/api/profiles/{NOTHING}/overrides/", "profiles:read"),
    ("PUT", f"/api/profiles/{NOTHING}/overrides/city/", "profiles:write"),
    ("DELETE", f"/api/profiles/{NOTHING}/overrides/city/", "profiles:write"),
    ("GET", f"/api/profiles/{NOTHING}/ledger/", "profiles:read"),
    ("GET", f"/api/profiles/{NOTHING}/household/", "profiles:read"),
    ("POST", f"/api/profiles/{NOTHING}/merges/", "identity:write"),
    ("POST", f"/api/profiles/{NOTHING}/merges/undo/", "identity:write"),
    ("POST", f"/api/profiles/{NOTHING}/splits/", "identity:write"),
    ("POST", f"/api/profiles/{NOTHING}/splits/undo/", "identity:write"),
    ("GET", f"/api/profiles/{NOTHING}/consents/", "consents:read"),
    ("POST", f"/api/profiles/{NOTHING}/consents/explain/", "consents:read"),
    ("GET", f"/api/profiles/{NOTHING}/consents/receipts/", "consents:read"),
    ("GET", f"/api/profiles/{NOTHING}/segments/", "segments:read"),
    ("GET", "/api/consents/", "consents:read"),
    ("POST", "/api/consents/", "consents:write"),
    ("GET", "/api/segments/", "segments:read"),
    ("GET", "/api/segments/champions/", "segments:read"),
    ("GET", "/api/segments/champions/members/", "segments:read"),
    ("GET", "/api/subject-requests/", "requests:read"),
    ("POST", "/api/subject-requests/", "requests:write"),
    ("GET", f"/api/subject-requests/{NOTHING}/", "requests:read"),
    ("GET", "/api/sources/", "sources:read"),
    ("GET", "/api/quarantine/", "sources:read"),
    ("POST", "/api/sources/till/files/", "sources:write"),
    ("GET", f"/api/files/{NOTHING}/", "sources:read"),
    ("GET", "/api/sources/till/mapping/", "sources:read"),
    ("PUT", "/api/sources/till/mapping/", "sources:write"),
    ("GET", "/api/sources/till/mapping/versions/", "sources:read"),
    ("POST", "/api/sources/till/mapping/try/", "sources:write"),
    ("GET", "/api/sources/till/contract/", "sources:read"),
    ("PUT", "/api/sources/till/contract/", "sources:write"),
    ("GET", "/api/sources/till/contract/versions/", "sources:read"),
    ("GET", "/api/sources/till/discovered/", "sources:read"),
    ("PATCH", f"/api/discovered-fields/{NOTHING}/", "sources:write"),
    ("GET", "/api/changes/", "changes:read"),
    ("GET", "/api/deliveries/", "deliveries:read"),
    ("GET", "/api/recipients/", "recipients:read"),
    ("POST", "/api/recipients/", "recipients:write"),
    ("GET", f"/api/recipients/{NOTHING}/", "recipients:read"),
    ("PATCH", f"/api/recipients/{NOTHING}/", "recipients:write"),
]


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_without_a_key_nothing_answers(method: str, path: str, scope: str) -> None:
    response = Client().generic(method, path, b"{}", content_type="application/json")
    assert_problem(response, 401, "not_authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="onym"'


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_every_route_needs_its_scope(method: str, path: str, scope: str, call: Callable[..., Caller]) -> None:
    caller = call("service", scopes=[other for other in SCOPES if other != scope])
    response = caller.client.generic(method, path, b"{}", content_type="application/json")
    assert assert_problem(response, 403, "missing_scope")["scope"] == scope
    assert f'error="insufficient_scope", scope="{scope}"' in response["WWW-Authenticate"]


@pytest.mark.parametrize(("method", "path", "scope"), ROUTES)
def test_its_scope_alone_is_enough(method: str, path: str, scope: str, call: Callable[..., Caller]) -> None:
    response = call("service", scopes=[scope]).client.generic(method, path, b"{}", content_type="application/json")
    assert response.status_code in (200, 400, 404)


@pytest.mark.parametrize("header", ["Bearer onym_unknown", "bearer ", "Bearer", "Bearer ü"])
def test_an_unknown_key_is_refused(header: str) -> None:
    response = Client().get("/api/sources/", headers={"Authorization": header})
    assert_problem(response, 401, "invalid_api_key")
    assert response["WWW-Authenticate"] == 'Bearer realm="onym", error="invalid_token"'


def test_a_write_key_opens_nothing_here() -> None:
    assert_problem(Client().get("/api/sources/", headers={"Authorization": "Basic d2s6"}), 401, "not_authenticated")


def test_a_revoked_or_expired_key_is_refused() -> None:
    now = timezone.now()
    key, revoked = api_keys.add("revoked", purposes=["service"])
    api_keys.revoke(key, now=now)
    _, expired = api_keys.add("expired", purposes=["service"], expires_at=now - timedelta(seconds=1))
    for text in (revoked, expired):
        response = Client().get("/api/sources/", headers={"Authorization": f"Bearer {text}"})
        assert_problem(response, 401, "invalid_api_key")


def test_a_key_with_several_purposes_must_name_one(call: Callable[..., Caller], alice: UUID) -> None:
    caller = call("service", "marketing")
    problem = assert_problem(caller.get(f"/api/profiles/{alice}/"), 400, "purpose_required")
    assert problem["purposes"] == ["service", "marketing"]
    assert caller.get(f"/api/profiles/{alice}/", purpose="marketing").json()["purpose"] == "marketing"


def test_a_key_without_purposes_reads_nothing(call: Callable[..., Caller], alice: UUID) -> None:
    assert_problem(call().get(f"/api/profiles/{alice}/"), 400, "purpose_required")


@pytest.mark.parametrize("purpose", ["marketing", "security", "no-such-purpose"])
def test_a_key_reads_for_none_but_its_own_purposes(purpose: str, service: Caller, alice: UUID) -> None:
    response = service.get(f"/api/profiles/{alice}/", purpose=purpose)
    assert assert_problem(response, 403, "purpose_not_held")["purposes"] == ["service"]


def test_answers_may_not_be_cached(service: Caller) -> None:
    assert service.get("/api/sources/")["Cache-Control"] == "no-store"
