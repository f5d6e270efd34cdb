"""Refresh: features and memberships follow what people do and what they agree to."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.models import Purpose
from identity.models import Assignment
from outbox.changes import SEGMENT_ENTERED, SEGMENT_LEFT, News
from segments import catalog
from segments.models import Membership, ProfileFeatures, Segment
from segments.refresh import refresh
from tests.segments.factories import NOW, assign, days_ago, did, grant, known_to, make_source, person, unify, withdraw
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

BUYERS = {
    "rule": {"feature": "orders_90d", "op": ">=", "value": 1},
    "score": {"terms": [{"feature": "orders_90d", "weight": 1, "low": 0, "high": 4}], "threshold": 25},
}
LATER = NOW + timedelta(days=1)


@pytest.fixture
def buyers() -> Segment:
    return catalog.create("buyers", name="Buyers", purpose="analytics", definition=BUYERS)


@pytest.fixture
def to_be_mailed() -> Segment:
    return catalog.create("to-be-mailed", name="To be mailed", purpose="marketing", channel="email", definition=BUYERS)


def members(segment: Segment) -> set[UUID]:
    """Who is in the segment now."""
    return set(Membership.objects.filter(segment=segment, left_at=None).values_list("profile_id", flat=True))


def rows() -> list[Mapping[str, Any]]:
    """Everything that refresh writes."""
    return [
        *ProfileFeatures.objects.order_by("pk").values("profile_id", "values"),
        *Membership.objects.order_by("pk").values(),
    ]


def test_a_buyer_enters_with_score_and_explanation(buyers: Segment) -> None:
    alice, alices = person()
    did(alices, "purchase", ago=1, count=2, amount="10")
    news = refresh([alice], now=NOW)
    membership = Membership.objects.get()
    assert news == [News(alice, SEGMENT_ENTERED, {"segment": "buyers", "score": 50.0})]
    assert (membership.profile_id, membership.segment, membership.entered_at, membership.left_at) == (
        alice,
        buyers,
        NOW,
        None,
    )
    assert (membership.score, membership.left_because) == (50.0, "")
    assert membership.why == {
        "score": 50.0,
        "threshold": 25,
        "contributions": [{"feature": "orders_90d", "value": 2, "weight": 1, "points": 50.0, "missing": False}],
        "conditions": [
            {"path": "$.rule", "feature": "orders_90d", "op": ">=", "expected": 1, "value": 2, "holds": True}
        ],
    }


def test_features_are_kept_with_their_instant(buyers: Segment) -> None:
    alice, _ = person()
    refresh([alice], now=NOW)
    kept = ProfileFeatures.objects.get()
    assert (kept.profile_id, kept.computed_at, kept.values["orders_90d"], kept.values["sources_count"]) == (
        alice,
        NOW,
        0,
        1,
    )


def test_a_second_refresh_changes_nothing(buyers: Segment) -> None:
    alice, alices = person()
    did(alices, "purchase", ago=1)
    refresh([alice], now=NOW)
    before = rows()
    assert refresh([alice, alice], now=NOW) == []
    assert rows() == before


def test_who_no_longer_meets_the_rule_leaves(buyers: Segment) -> None:
    alice, alices = person()
    did(alices, "purchase", ago=89)
    refresh([alice], now=NOW)
    assert refresh([alice], now=LATER) == [
        News(alice, SEGMENT_LEFT, {"segment": "buyers", "because": "rule: no longer holds"})
    ]
    ended = Membership.objects.get()
    assert (ended.left_at, ended.left_because) == (LATER, "rule: no longer holds")


def test_who_falls_below_the_threshold_leaves(buyers: Segment) -> None:
    alice, alices = person()
    did(alices, "purchase", ago=1)
    refresh([alice], now=NOW)
    definition = {**BUYERS, "score": {**BUYERS["score"], "threshold": 26}}
    catalog.update(buyers, definition=definition)
    news = refresh([alice], now=NOW)
    assert [item.detail["because"] for item in news] == ["score: below the threshold"]


def test_who_stays_is_scored_anew_without_news(buyers: Segment) -> None:
    alice, alices = person()
    did(alices, "purchase", ago=1)
    refresh([alice], now=NOW)
    did(alices, "purchase", ago=0, count=2)
    assert refresh([alice], now=LATER) == []
    membership = Membership.objects.get()
    assert (membership.entered_at, membership.score, membership.why["conditions"][0]["value"]) == (NOW, 75.0, 3)


def test_who_comes_back_has_two_memberships(buyers: Segment) -> None:
    alice, alices = person()
    did(alices, "purchase", ago=89)
    for now in (NOW, LATER):
        refresh([alice], now=now)
    did(alices, "purchase", ago=0)
    assert [item.kind for item in refresh([alice], now=LATER)] == [SEGMENT_ENTERED]
    assert sorted(Membership.objects.values_list("left_at", flat=True), key=str) == [LATER, None]


def test_without_consent_to_analytics_there_are_no_features(buyers: Segment) -> None:
    bob_who_never_agreed, bobs = person(agrees_to=())
    did(bobs, "purchase", ago=1)
    assert refresh([bob_who_never_agreed], now=NOW) == []
    assert rows() == []


def test_who_withdraws_loses_features_and_memberships(buyers: Segment) -> None:
    carol_who_withdrew, carols = person()
    did(carols, "purchase", ago=1)
    refresh([carol_who_withdrew], now=NOW)
    withdraw(carols, "analytics", at=NOW)
    news = refresh([carol_who_withdrew], now=LATER)
    assert news == [
        News(carol_who_withdrew, SEGMENT_LEFT, {"segment": "buyers", "because": "consent: withdrawn or refused"})
    ]
    assert not ProfileFeatures.objects.exists()
    assert Membership.objects.get().left_because == "consent: withdrawn or refused"


def test_a_no_said_to_one_source_holds_for_the_whole_person(buyers: Segment) -> None:
    at_shop, at_till = known_to(make_source("web-shop")), known_to(make_source("till", kind="offline"))
    alice = unify(at_shop, at_till)
    grant(at_shop, "analytics")
    did(at_shop, "purchase", ago=1)
    refresh([alice], now=NOW)
    withdraw(at_till, "analytics", at=NOW)
    refresh([alice], now=LATER)
    assert members(buyers) == set()


def test_a_segment_asks_for_its_own_purpose_and_channel(buyers: Segment, to_be_mailed: Segment) -> None:
    alice, alices = person()
    bob, bobs = person()
    for theirs in (alices, bobs):
        did(theirs, "purchase", ago=1)
    grant(alices, "marketing", "email")
    grant(bobs, "marketing", "sms")
    refresh([alice, bob], now=NOW)
    assert (members(buyers), members(to_be_mailed)) == ({alice, bob}, {alice})
    withdraw(alices, "marketing", "email", at=NOW)
    assert refresh([alice, bob], now=LATER) == [
        News(alice, SEGMENT_LEFT, {"segment": "to-be-mailed", "because": "consent: withdrawn or refused"})
    ]
    assert members(buyers) == {alice, bob}


def test_marketing_alone_does_not_open_a_segment(to_be_mailed: Segment) -> None:
    alice, alices = person(agrees_to=("marketing",))
    did(alices, "purchase", ago=1)
    refresh([alice], now=NOW)
    assert members(to_be_mailed) == set()


def test_a_segment_out_of_use_is_left_by_all(buyers: Segment) -> None:
    alice, alices = person()
    did(alices, "purchase", ago=1)
    refresh([alice], now=NOW)
    catalog.update(buyers, active=False)
    assert [item.detail["because"] for item in refresh([alice], now=NOW)] == ["segment: inactive"]
    assert ProfileFeatures.objects.exists()


def test_a_purpose_out_of_use_allows_nobody(buyers: Segment) -> None:
    alice, alices = person()
    did(alices, "purchase", ago=1)
    refresh([alice], now=NOW)
    Purpose.objects.filter(slug="analytics").update(active=False, rule_since=NOW)
    assert [item.detail["because"] for item in refresh([alice], now=NOW)] == ["consent: inactive purpose"]


def test_a_definition_that_cannot_be_read_holds_for_nobody(buyers: Segment, to_be_mailed: Segment) -> None:
    alice, alices = person()
    did(alices, "purchase", ago=1)
    refresh([alice], now=NOW)
    Segment.objects.filter(id=buyers.id).update(definition={"rule": {"feature": "gone", "op": "exists"}})
    grant(alices, "marketing", "email")
    kinds = {item.detail["segment"]: item.kind for item in refresh([alice], now=NOW)}
    assert kinds == {"buyers": SEGMENT_LEFT, "to-be-mailed": SEGMENT_ENTERED}
    assert Membership.objects.get(segment=buyers).left_because == "definition: invalid"


def test_a_profile_merged_away_leaves_and_the_other_takes_over(buyers: Segment) -> None:
    alice, alices = person()
    alice_at_work, _ = person()
    did(alices, "purchase", ago=1)
    refresh([alice, alice_at_work], now=NOW)
    Assignment.objects.filter(profile_id=alice).update(ended_at=NOW)
    assign(alices, alice_at_work)
    news = refresh([alice, alice_at_work], now=LATER)
    assert {(item.profile_id, item.kind) for item in news} == {(alice, SEGMENT_LEFT), (alice_at_work, SEGMENT_ENTERED)}
    assert Membership.objects.get(profile_id=alice).left_because == "consent: no source profile left"
    assert list(ProfileFeatures.objects.values_list("profile_id", flat=True)) == [alice_at_work]


def test_only_who_is_named_is_touched(buyers: Segment) -> None:
    alice, alices = person()
    _, bobs = person()
    for theirs in (alices, bobs):
        did(theirs, "purchase", ago=1)
    refresh([alice], now=NOW)
    assert members(buyers) == {alice}


def test_unknown_profiles_are_passed_over(buyers: Segment) -> None:
    assert refresh([new_id()], now=NOW) == []
    assert refresh([], now=NOW) == []
    assert rows() == []


def test_consent_is_asked_as_of_now_not_as_of_today(buyers: Segment) -> None:
    alice, alices = person(agrees_to=())
    grant(alices, "analytics", at=days_ago(400))
    did(alices, "purchase", ago=1)
    refresh([alice], now=NOW)
    assert members(buyers) == set()
    refresh([alice], now=days_ago(6))
    assert ProfileFeatures.objects.get().profile_id == alice


def test_a_failure_changes_nothing(buyers: Segment, monkeypatch: pytest.MonkeyPatch) -> None:
    alice, alices = person()
    did(alices, "purchase", ago=1)

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("segments.membership._leave", fail)
    with pytest.raises(RuntimeError):
        refresh([alice], now=NOW)
    assert rows() == []


def test_the_queries_do_not_grow_with_the_people(buyers: Segment, to_be_mailed: Segment) -> None:
    counts = {people: _queries_of_a_life(people) for people in (2, 40)}
    assert counts[2] == counts[40]
    assert max(counts[2]) <= 34


def _queries_of_a_life(people: int) -> list[int]:
    """The queries of entering, staying and leaving, for half of so many people each with and without e-mail."""
    everyone = [person() for _ in range(people)]
    for _, source_profile in everyone:
        did(source_profile, "purchase", ago=89)
    for _, source_profile in everyone[::2]:
        grant(source_profile, "marketing", "email")
    ids = [profile for profile, _ in everyone]
    counts = [_queries(ids, days=0)]
    for _, source_profile in everyone:
        did(source_profile, "purchase", ago=88)
    return [*counts, _queries(ids, days=0), _queries(ids, days=2)]


def _queries(profiles: list[UUID], *, days: int) -> int:
    with CaptureQueriesContext(connection) as queries:
        refresh(profiles, now=NOW + timedelta(days=days))
    return len(queries)
