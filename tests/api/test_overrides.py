"""Golden values set by hand over the API: who may, what may be set, and that it is undone by a DELETE."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from consent.restrictions import RESTRICTION, restrict
from identity import profiles
from identity.models import GoldenOverride
from tests.api.conftest import NOTHING, Caller, assert_problem
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

Call = Callable[..., Caller]
WHY = "letter of March 3, case 7"


def put(caller: Caller, profile: UUID | str, field: str, **body: Any) -> Any:
    path = f"/api/profiles/{profile}/overrides/{field}/"
    return caller.client.put(path, {"reason": WHY, **body}, content_type="application/json")


def test_a_value_is_set_read_and_taken_back(alice: UUID, call: Call) -> None:
    caller = call("service", scopes=["profiles:read", "profiles:write"])
    before = caller.get(f"/api/profiles/{alice}/").json()["attributes"]
    answer = put(caller, alice, "city", value=" Bristol ")
    assert answer.status_code == 200
    row = answer.json()
    actor, set_at = row.pop("actor"), row.pop("set_at")
    assert row == {"field": "city", "value": "Bristol", "source": "by hand", "chosen": False, "reason": WHY}
    known = caller.get(f"/api/profiles/{alice}/").json()["attributes"]["city"]
    assert known == {"value": "Bristol", "source": "by hand", "seen_at": set_at, "reason": "set by hand"}
    listed = caller.get(f"/api/profiles/{alice}/overrides/").json()
    assert listed == {"profile": str(alice), "results": [{**row, "actor": actor, "set_at": set_at}]}
    entry = AuditEntry.objects.get(action="set golden value")
    assert (entry.actor, entry.actor_kind, entry.reason) == (actor, "api", f"override: {WHY}")
    gone = caller.client.delete(f"/api/profiles/{alice}/overrides/city/")
    assert (gone.status_code, gone.json()) == (200, {"profile": str(alice), "results": []})
    assert caller.get(f"/api/profiles/{alice}/").json()["attributes"] == before
    again = caller.client.delete(f"/api/profiles/{alice}/overrides/city/")
    assert assert_problem(again, 404, "not_found")["detail"] == "City: nobody has set it by hand."


@pytest.mark.parametrize(
    ("field", "body", "said"),
    [
        ("email", {"value": "mallory@example.org"}, "email: choose a value that a source has"),
        ("shoe_size", {"value": "43"}, "shoe size: cannot be set by hand"),
        ("birth_date", {"value": "May"}, "birth date: is not a date"),
        ("city", {"value": "Bath", "reason": "a@example.com said so"}, "name a case"),
        ("city", {"value": ""}, "may not be blank"),
    ],
)
def test_what_cannot_be_set_is_refused_without_the_value(
    alice: UUID, call: Call, field: str, body: dict[str, str], said: str
) -> None:
    answer = put(call("service", scopes=["profiles:write"]), alice, field, **body)
    assert answer.status_code == 400
    text = answer.content.decode()
    assert said in text
    assert "mallory" not in text
    assert GoldenOverride.objects.count() == 0


def test_a_purpose_that_does_not_see_the_field_sets_none(alice: UUID, call: Call) -> None:
    caller = call("analytics", scopes=["profiles:write"])
    assert_problem(put(caller, alice, "city", value="Bath"), 403, "field_not_needed")
    answer = put(caller, alice, "country", value="GB")
    assert (answer.status_code, answer.json()["value"]) == (200, "GB")


def test_whoever_may_not_be_read_is_left_alone(alice: UUID, call: Call) -> None:
    restrict(profiles.source_profiles(alice), kind=RESTRICTION, actor="officer-1", now=timezone.now())
    answer = put(call("service", scopes=["profiles:write"]), alice, "city", value="Bath")
    assert_problem(answer, 403, "consent_refused")
    assert GoldenOverride.objects.count() == 0


def test_of_nobody_nothing_is_set(call: Call, db: None) -> None:
    assert_problem(put(call("service", scopes=["profiles:write"]), NOTHING, "city", value="Bath"), 404, "not_found")
