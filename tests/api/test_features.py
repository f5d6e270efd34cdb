"""Features over the API: their policies, and what is known or estimated of one person, for analytics alone."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from consent.acts import NewAct, record
from identity import profiles
from pipeline.process import let_time_pass
from segments import catalog
from segments.features.registry import FEATURES
from segments.imputation import policies
from segments.models import ProfileFeatures
from tests.api.conftest import Caller, assert_problem
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def estimate(feature: str, constant: object) -> None:
    policies.change(feature, method="constant", constant=constant, by="t", now=timezone.now())


def test_features_are_listed_with_their_policy(service: Caller, alice: UUID) -> None:
    estimate("country", "FR")
    policies.change("recency_days", method="median", by="t", now=timezone.now())
    rows = {row["slug"]: row for row in service.get("/api/features/").json()}
    assert list(rows) == list(FEATURES)
    assert {**rows["country"], "policy": None} == {
        "slug": "country",
        "name": "Country",
        "description": "Country of the most trusted source that knows it: two letters.",
        "type": "text",
        "unit": "",
        "options": [],
        "indicator": "country_is_missing",
        "policy": None,
    }
    policy = rows["country"]["policy"]
    assert (policy["method"], policy["version"], policy["value"], policy["profiles"], policy["measured_at"]) == (
        "constant",
        1,
        "FR",
        None,
        None,
    )
    measured = rows["recency_days"]["policy"]
    assert (measured["method"], measured["value"], measured["profiles"]) == ("median", None, 1)
    assert rows["age_band"]["options"] == ["under 18", "18-24", "25-34", "35-44", "45-54", "55-64", "65+"]
    assert rows["age_band"]["policy"] is None


def test_a_profile_tells_what_is_known_and_what_is_estimated(call: Callable[..., Caller], alice: UUID) -> None:
    estimate("age_band", "35-44")
    let_time_pass(now=timezone.now())
    body = call("analytics").get(f"/api/profiles/{alice}/features/").json()
    rows = {row.pop("feature"): row for row in body["results"]}
    assert (body["profile"], list(rows)) == (str(alice), list(FEATURES))
    nothing = {"method": None, "policy_version": None}
    assert rows["country"] == {"value": "GB", "missing": False, "estimated": False, **nothing}
    assert rows["age_band"] == {
        "value": "35-44",
        "missing": True,
        "estimated": True,
        "method": "constant",
        "policy_version": 1,
    }
    assert AuditEntry.objects.filter(actor_kind="api", action="read features", fields=["features"]).count() == 1


def test_what_is_not_known_and_not_estimated_is_null(call: Callable[..., Caller], alice: UUID) -> None:
    rows = call("analytics").get(f"/api/profiles/{alice}/features/").json()["results"]
    (band,) = (row for row in rows if row["feature"] == "age_band")
    assert (band["value"], band["missing"], band["estimated"]) == (None, True, False)


def test_features_are_read_for_analytics_alone(call: Callable[..., Caller], alice: UUID) -> None:
    assert_problem(call("service").get(f"/api/profiles/{alice}/features/"), 403, "purpose_not_held")
    asked = call("service", "analytics").get(f"/api/profiles/{alice}/features/", purpose="service")
    assert_problem(asked, 400, "purpose_mismatch")


def test_who_has_just_withdrawn_is_refused_though_the_features_are_still_there(
    call: Callable[..., Caller], alice: UUID
) -> None:
    now = timezone.now()
    mine = profiles.source_profiles(alice)
    record([NewAct(id, "analytics", "", "withdrawn", now, "t", verified=True) for id in mine], now=now)
    assert ProfileFeatures.objects.filter(profile=alice).exists()
    assert_problem(call("analytics").get(f"/api/profiles/{alice}/features/"), 403, "consent_refused")


def test_of_somebody_new_nothing_is_computed_yet(call: Callable[..., Caller], alice: UUID) -> None:
    ProfileFeatures.objects.all().delete()
    body = call("analytics").get(f"/api/profiles/{alice}/features/").json()
    assert (body["computed_at"], body["results"]) == (None, [])


def test_reasons_of_a_membership_name_what_was_estimated(call: Callable[..., Caller], alice: UUID) -> None:
    estimate("age_band", "35-44")
    rule = {"feature": "age_band", "op": "==", "value": "35-44"}
    catalog.create("middle", name="Middle", purpose="analytics", definition={"rule": rule})
    let_time_pass(now=timezone.now() + timedelta(seconds=1))
    (row,) = call("analytics").get(f"/api/profiles/{alice}/segments/").json()["results"]
    assert row["why"]["conditions"][0]["estimated"] == {"method": "constant", "version": 1}
