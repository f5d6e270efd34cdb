"""Consents: what stands, and acts recorded on every source profile of the person."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from access.models import ApiKey
from consent.models import Act
from identity import ledger, profiles
from pipeline import queue
from tests.api.conftest import NOTHING, Caller, Shop, assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def act(**differently: Any) -> dict[str, Any]:
    """A sound body, but for this."""
    sound = {"purpose": "marketing", "channel": "email", "state": "withdrawn", "how": "phone_call"}
    return {**sound, **differently}


def by_purpose(body: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["purpose"], row["channel"]): row for row in body["results"]}


def test_what_stands_is_told_by_purpose_and_channel(service: Caller, alice: UUID) -> None:
    body = service.get("/api/consents/", profile=alice).json()
    rows = by_purpose(body)
    assert body["profile"] == str(alice)
    assert (rows["marketing", "email"]["state"], rows["marketing", "email"]["allowed"]) == ("granted", True)
    assert (rows["service", ""]["state"], rows["service", ""]["decision"]) == ("", "allowed")
    assert service.get(f"/api/profiles/{alice}/consents/").json() == body


def test_what_stands_is_told_of_those_who_refused(service: Caller, carol_who_withdrew: UUID) -> None:
    rows = by_purpose(service.get("/api/consents/", profile=carol_who_withdrew).json())
    assert (rows["marketing", "email"]["state"], rows["marketing", "email"]["allowed"]) == ("withdrawn", False)
    assert rows["marketing", "email"]["decision"] == "withdrawn or refused"


def test_an_act_is_recorded_on_every_source_profile_and_queued(
    call: Callable[..., Caller], shop: Shop, alice: UUID
) -> None:
    survivor = ledger.merge(alice, shop.meet("alicia"), actor="steward", reason="same", now=timezone.now())
    caller = call("marketing")
    waiting, occurred_at = queue.waiting(), timezone.now() - timedelta(minutes=3)
    words = act(occurred_at=occurred_at.isoformat(), notice="marketing-2026-01", locale="en-GB", jurisdiction="GB")
    response = caller.post("/api/consents/", {"profile": str(alice), **words})
    body = response.json()
    assert (response.status_code, body["profile"], len(body["acts"])) == (201, str(survivor), 2)
    recorded = Act.objects.filter(id__in=body["acts"])
    assert {row.source_profile_id for row in recorded} == set(profiles.source_profiles(survivor))
    assert {(row.state, row.occurred_at, row.how, row.verified, row.actor) for row in recorded} == {
        ("withdrawn", occurred_at, "phone_call", True, str(ApiKey.objects.get().id))
    }
    assert {(row.notice, row.locale, row.jurisdiction) for row in recorded} == {("marketing-2026-01", "en-GB", "GB")}
    assert queue.waiting() == waiting + 2
    standing = {row["channel"]: row["allowed"] for row in body["standing"]}
    assert standing == {"email": False, "sms": True, "push": True, "post": True}


def test_a_withdrawal_for_all_channels_closes_reading_at_once(call: Callable[..., Caller], alice: UUID) -> None:
    caller = call("marketing")
    assert caller.get(f"/api/profiles/{alice}/").status_code == 200
    assert caller.post("/api/consents/", {"profile": str(alice), **act(channel="")}).status_code == 201
    assert_problem(caller.get(f"/api/profiles/{alice}/"), 403, "consent_refused")


def test_a_grant_opens_reading_at_once(call: Callable[..., Caller], dave_who_never_said: UUID) -> None:
    caller = call("analytics")
    assert_problem(caller.get(f"/api/profiles/{dave_who_never_said}/"), 403, "consent_refused")
    said = act(purpose="analytics", channel="", state="granted", how="web_form")
    assert caller.post("/api/consents/", {"profile": str(dave_who_never_said), **said}).status_code == 201
    assert caller.get(f"/api/profiles/{dave_who_never_said}/").status_code == 200


def test_the_person_may_be_named_by_a_source_profile(service: Caller, alice: UUID) -> None:
    source_profile = profiles.source_profiles(alice)[0]
    response = service.post("/api/consents/", {"source_profile": str(source_profile), **act()})
    assert (response.status_code, response.json()["profile"]) == (201, str(alice))


@pytest.mark.parametrize("name", ["profile", "source_profile"])
def test_nobody_is_not_found_and_nothing_is_recorded(name: str, service: Caller) -> None:
    before = Act.objects.count()
    assert_problem(service.post("/api/consents/", {name: NOTHING, **act()}), 404, "not_found")
    assert Act.objects.count() == before


@pytest.mark.parametrize(
    ("differently", "field", "code"),
    [
        ({"purpose": "no-such"}, "purpose", "unknown_purpose"),
        ({"purpose": "Not A Slug"}, "purpose", "invalid"),
        ({"channel": "pigeon"}, "channel", "unknown_channel"),
        ({"state": "maybe"}, "state", "invalid_choice"),
        ({"state": None}, "state", "null"),
        ({"how": "she rang alice@example.com"}, "how", "invalid"),
        ({"how": ""}, "how", "blank"),
        ({"occurred_at": "2199-01-01T00:00:00Z"}, "occurred_at", "absurd_date"),
        ({"occurred_at": "0001-01-01T00:00:00Z"}, "occurred_at", "absurd_date"),
        ({"occurred_at": "yesterday"}, "occurred_at", "invalid"),
        ({"occurred_at": 5}, "occurred_at", "invalid"),
        ({"profile": "alice@example.com"}, "profile", "invalid"),
        ({"profile": [1]}, "profile", "invalid"),
        ({"source_profile": NOTHING}, "profile", "one_of_two"),
        ({"locale": "x" * 17}, "locale", "max_length"),
        ({"notice": "\x00"}, "notice", "invalid"),
        ({"jurisdiction": {"a": 1}}, "jurisdiction", "invalid"),
    ],
)
def test_a_bad_act_names_the_field_and_records_nothing(
    differently: dict[str, Any], field: str, code: str, service: Caller, alice: UUID
) -> None:
    before = Act.objects.count()
    response = service.post("/api/consents/", act(profile=str(alice)) | differently)
    problem = assert_problem(response, 400, "invalid")
    assert (field, code) in [(error["field"], error["code"]) for error in problem["errors"]]
    assert b"alice@" not in response.content
    assert Act.objects.count() == before


def test_a_person_must_be_named(service: Caller) -> None:
    problem = assert_problem(service.post("/api/consents/", act()), 400, "invalid")
    assert [error["code"] for error in problem["errors"]] == ["one_of_two"]
    assert_problem(service.get("/api/consents/"), 400, "invalid")
