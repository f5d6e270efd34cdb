"""Imputation at work: who is in a segment by an estimate, how it is told, and what stays known to be missing."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from outbox.changes import SEGMENT_ENTERED, SEGMENT_LEFT, News
from outbox.models import Change
from pipeline.process import let_time_pass
from segments import catalog
from segments.imputation import policies
from segments.models import HeldChange, Membership, ProfileFeatures, Segment
from segments.preview import preview
from segments.refresh import refresh
from tests.segments.factories import NOW, did, person, withdraw

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
LATER = NOW + timedelta(hours=1)
RECENT = {
    "rule": {"feature": "recency_days", "op": "<=", "value": 60},
    "score": {"terms": [{"feature": "recency_days", "weight": -1, "low": 0, "high": 100}], "threshold": 20},
}


@pytest.fixture
def recent() -> Segment:
    return catalog.create("recent", name="Recent", purpose="analytics", definition=RECENT)


def set_to(method: str, constant: object = None, *, feature: str = "recency_days", now: Any = NOW) -> None:
    policies.change(feature, method=method, constant=constant, by="u-1", now=now)


def inside(segment: Segment) -> set[UUID]:
    return set(Membership.objects.filter(segment=segment, left_at=None).values_list("profile_id", flat=True))


def test_without_a_policy_who_never_bought_stays_out(recent: Segment) -> None:
    alice, _ = person()
    assert refresh([alice], now=NOW) == []
    assert ProfileFeatures.objects.get().estimated == {}


def test_an_estimate_is_compared_scored_and_told_as_one(recent: Segment) -> None:
    set_to("constant", 40)
    alice, _ = person()
    assert refresh([alice], now=NOW) == [News(alice, SEGMENT_ENTERED, {"segment": "recent", "score": 60.0})]
    estimated = {"method": "constant", "version": 1}
    assert Membership.objects.get().why == {
        "score": 60.0,
        "threshold": 20,
        "contributions": [
            {
                "feature": "recency_days",
                "value": 40,
                "weight": -1,
                "points": 60.0,
                "missing": True,
                "estimated": estimated,
            }
        ],
        "conditions": [
            {
                "path": "$.rule",
                "feature": "recency_days",
                "op": "<=",
                "expected": 60,
                "value": 40,
                "holds": True,
                "estimated": estimated,
            }
        ],
    }
    kept = ProfileFeatures.objects.get()
    assert "recency_days" not in kept.values
    assert kept.estimated == {"recency_days": {"value": 40, **estimated}}


def test_what_is_known_is_never_replaced(recent: Segment) -> None:
    set_to("constant", 40)
    alice, alices = person()
    did(alices, "purchase", ago=70)
    refresh([alice], now=NOW)
    assert inside(recent) == set()
    assert (ProfileFeatures.objects.get().estimated, ProfileFeatures.objects.get().values["recency_days"]) == ({}, 70)


def test_the_median_of_the_others(recent: Segment) -> None:
    buyers = [person() for _ in range(20)]
    for _, theirs in buyers:
        did(theirs, "purchase", ago=30)
    alice, _ = person()
    everyone = [alice, *(profile for profile, _ in buyers)]
    refresh(everyone, now=NOW)
    set_to("median")
    refresh(everyone, now=LATER)
    theirs = Membership.objects.get(profile_id=alice)
    assert (theirs.entered_at, theirs.score, theirs.why["conditions"][0]["estimated"]) == (
        LATER,
        70.0,
        {"method": "median", "version": 1},
    )


def test_the_periodic_refresh_measures_before_it_computes(recent: Segment) -> None:
    set_to("median")
    for _ in range(20):
        did(person()[1], "purchase", ago=30)
    alice, _ = person()
    let_time_pass(now=NOW)
    assert alice not in inside(recent)
    tomorrow = NOW + timedelta(days=1)
    let_time_pass(now=tomorrow)
    assert Membership.objects.get(profile_id=alice).why["conditions"][0]["value"] == 30


def test_a_changed_policy_reaches_everybody_and_keeps_the_history(recent: Segment) -> None:
    person()
    set_to("constant", 40)
    let_time_pass(now=NOW)
    set_to("constant", 90, now=LATER)
    let_time_pass(now=LATER)
    assert [change.kind for change in Change.objects.order_by("id")] == [SEGMENT_ENTERED, SEGMENT_LEFT]
    ended = Membership.objects.get()
    assert (ended.entered_at, ended.left_at, ended.left_because) == (NOW, LATER, "rule: no longer holds")
    assert ended.why["conditions"][0]["estimated"] == {"method": "constant", "version": 1}
    assert [one.constant for one in policies.versions_of("recency_days")] == [90, 40]


def test_who_turns_out_to_have_the_value_is_judged_by_it(recent: Segment) -> None:
    set_to("constant", 40)
    alice, alices = person()
    refresh([alice], now=NOW)
    did(alices, "purchase", ago=10)
    assert refresh([alice], now=LATER) == []
    assert Membership.objects.get().score == 90.0
    assert "estimated" not in Membership.objects.get().why["conditions"][0]
    assert ProfileFeatures.objects.get().estimated == {}


@pytest.mark.parametrize("with_policy", [True, False])
def test_the_indicator_says_missing_whether_or_not_the_value_was_estimated(with_policy: bool) -> None:
    if with_policy:
        set_to("constant", "GB", feature="country")
    missing = catalog.create(
        "missing",
        name="Missing",
        purpose="analytics",
        definition={
            "rule": {"feature": "country_is_missing", "op": "==", "value": True},
            "score": {"terms": [{"feature": "country_is_missing", "weight": 1, "low": 0, "high": 1}]},
        },
    )
    there = catalog.create(
        "there",
        name="There",
        purpose="analytics",
        definition={"rule": {"feature": "country_is_missing", "op": "==", "value": False}},
    )
    alice, _ = person()
    refresh([alice], now=NOW)
    assert (inside(missing), inside(there)) == ({alice}, set())
    assert Membership.objects.get(profile_id=alice).score == 100.0
    assert "country_is_missing" not in ProfileFeatures.objects.get(profile_id=alice).values


def test_exists_asks_what_is_known_and_an_estimate_is_not() -> None:
    set_to("constant", "GB", feature="country")
    known, unknown, british = (
        catalog.create(slug, name=slug, purpose="analytics", definition={"rule": rule})
        for slug, rule in {
            "known": {"feature": "country", "op": "exists", "value": True},
            "unknown": {"feature": "country", "op": "exists", "value": False},
            "british": {"feature": "country", "op": "==", "value": "GB"},
        }.items()
    )
    alice, _ = person()
    refresh([alice], now=NOW)
    assert (inside(known), inside(unknown), inside(british)) == (set(), {alice}, {alice})
    assert "estimated" not in Membership.objects.get(segment=unknown).why["conditions"][0]


def test_a_segment_with_a_significant_effect_holds_who_would_enter_by_an_estimate() -> None:
    catalog.create("credit", name="Credit", purpose="analytics", definition=RECENT, significant_effect=True)
    set_to("constant", 40)
    alice, _ = person()
    assert refresh([alice], now=NOW) == []
    held = HeldChange.objects.get()
    assert (held.profile_id, held.why["conditions"][0]["estimated"]) == (alice, {"method": "constant", "version": 1})
    assert not Membership.objects.exists()


def test_who_withdraws_leaves_no_estimate_behind(recent: Segment) -> None:
    set_to("constant", 40)
    alice, alices = person()
    refresh([alice], now=NOW)
    withdraw(alices, "analytics", at=NOW)
    refresh([alice], now=LATER)
    assert not ProfileFeatures.objects.exists()
    assert inside(recent) == set()


def test_the_preview_estimates_as_the_refresh_does(recent: Segment) -> None:
    alice, _ = person()
    refresh([alice], now=NOW)
    assert preview(RECENT, "analytics", now=NOW).members == 0
    set_to("constant", 40)
    seen = preview(RECENT, "analytics", now=NOW)
    assert (seen.members, seen.histogram) == (1, [0, 0, 0, 0, 0, 0, 1, 0, 0, 0])


def test_policies_cost_one_query_a_batch_however_many_there_are(recent: Segment) -> None:
    everyone = [person()[0] for _ in range(3)]
    refresh(everyone, now=NOW)

    def queries() -> int:
        with CaptureQueriesContext(connection) as made:
            refresh(everyone, now=NOW)
        return len(made)

    without = queries()
    for feature, constant in {"recency_days": 90, "average_order_value": 5, "country": "GB", "age_band": "65+"}.items():
        set_to("constant", constant, feature=feature)
    assert queries() == without
