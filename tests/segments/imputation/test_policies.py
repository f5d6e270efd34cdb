"""Policies of imputation: checked, versioned, and measured of twenty people or more that allow it."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from segments.features.registry import FEATURES
from segments.imputation import policies
from segments.imputation.measure import keep_current
from segments.imputation.survey import survey
from segments.models import FeatureStatistic, ImputationPolicy, ProfileFeatures
from segments.refresh import refresh
from segments.rules.definition import Estimate
from tests.segments.factories import NOW, did, person, withdraw
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
TOMORROW = NOW + timedelta(days=1)


def buyers(*days: int) -> list[tuple[Any, Any]]:
    """People who bought last so many days ago, with their features computed."""
    everyone = [person() for _ in days]
    for ago, (_, source_profile) in zip(days, everyone, strict=True):
        did(source_profile, "purchase", ago=ago, amount="10")
    refresh([profile for profile, _ in everyone], now=NOW)
    return everyone


def set_to(method: str, constant: object = None, *, feature: str = "recency_days", now: Any = NOW) -> Any:
    return policies.change(feature, method=method, constant=constant, by="u-1", now=now)[1]


def test_without_a_policy_nothing_is_estimated() -> None:
    assert policies.standing() == {}
    assert policies.change("recency_days", method="missing", by="u-1", now=NOW) == (None, None)
    assert not ImputationPolicy.objects.exists()


def test_a_constant() -> None:
    before, after = policies.change("country", method="constant", constant="GB", by="u-1", now=NOW)
    assert (before, after.version, after.saved_by, after.saved_at) == (None, 1, "u-1", NOW)
    assert policies.estimates_of(policies.standing()) == {"country": Estimate("GB", "constant", 1)}
    assert not FeatureStatistic.objects.exists()


def test_false_is_a_constant_and_no_absence() -> None:
    set_to("constant", False, feature="app_user")
    assert policies.estimates_of(policies.standing()) == {"app_user": Estimate(False, "constant", 1)}


def test_each_change_is_a_version_and_the_last_one_stands() -> None:
    first, second = set_to("constant", 30), set_to("constant", 40, now=TOMORROW)
    before, third = policies.change("recency_days", method="missing", by="u-2", now=TOMORROW)
    assert (before, third.version, third.constant) == (second, 3, None)
    assert policies.standing() == {}
    assert [(one.version, one.constant) for one in policies.versions_of("recency_days")] == [
        (3, None),
        (2, 40),
        (1, 30),
    ]
    first.refresh_from_db()
    assert (first.constant, first.saved_by) == (30, "u-1")


def test_the_same_again_is_no_version() -> None:
    first = set_to("constant", 30)
    assert policies.change("recency_days", method="constant", constant=30, by="u-2", now=TOMORROW) == (first, None)
    assert ImputationPolicy.objects.count() == 1


@pytest.mark.parametrize(
    ("feature", "method", "constant", "field", "said"),
    [
        ("shoe_size", "mean", None, "feature", "there is no such feature; allowed: recency_days, "),
        (
            "country",
            "mean",
            None,
            "method",
            "'mean' is not possible for a text feature; allowed: missing, constant, most",
        ),
        (
            "recency_days",
            "most_frequent",
            None,
            "method",
            "for a number feature; allowed: missing, constant, median, mean",
        ),
        ("recency_days", "constant", None, "constant", "is null; allowed: a finite number between -1e15 and 1e15"),
        ("recency_days", "constant", "30", "constant", "is a text; allowed: a finite number"),
        ("recency_days", "constant", float("nan"), "constant", "is not a number (NaN); allowed"),
        ("recency_days", "median", 3, "constant", "goes with the method 'constant' alone"),
        (
            "age_band",
            "constant",
            "middle",
            "constant",
            "'middle' is not possible for this feature; allowed: one of under 18,",
        ),
        ("app_user", "constant", 1, "constant", "is a number; allowed: true or false"),
        ("country", "constant", "", "constant", "has 0 characters; allowed: a text of 1 to 200"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_and_the_way_out(
    feature: str, method: str, constant: object, field: str, said: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        policies.change(feature, method=method, constant=constant, by="u-1", now=NOW)
    assert list(refused.value.message_dict) == [field]
    assert said in refused.value.message_dict[field][0]
    assert not ImputationPolicy.objects.exists()


def test_a_statistic_is_measured_on_saving_with_its_instant_and_number() -> None:
    buyers(*[10] * 12, *[20] * 13)
    set_to("mean")
    kept = FeatureStatistic.objects.get()
    assert (kept.value, kept.profiles, kept.measured_at) == (15.0, 20, NOW)
    assert policies.estimates_of(policies.standing()) == {"recency_days": Estimate(15.0, "mean", 1)}


def test_of_nineteen_there_is_no_statistic() -> None:
    everyone = buyers(*[10] * 19)
    set_to("median")
    kept = FeatureStatistic.objects.get()
    assert (kept.value, kept.profiles) == (None, 19)
    assert policies.estimates_of(policies.standing()) == {}
    assert policies.standing()["recency_days"].profiles == 19
    twentieth, theirs = person()
    did(theirs, "purchase", ago=10)
    refresh([twentieth, everyone[0][0]], now=TOMORROW)
    keep_current(now=TOMORROW)
    assert policies.standing()["recency_days"].profiles == 20


def test_the_database_admits_no_statistic_of_fewer() -> None:
    policy = set_to("median")
    with pytest.raises(IntegrityError), transaction.atomic():
        FeatureStatistic.objects.create(id=new_id(), policy=policy, value=1, profiles=19, measured_at=NOW)


def test_who_has_just_withdrawn_is_not_counted_though_their_features_are_still_there() -> None:
    everyone = buyers(*[10] * 20)
    for _, source_profile in everyone[:1]:
        withdraw(source_profile, "analytics", at=NOW)
    set_to("median", now=TOMORROW)
    assert ProfileFeatures.objects.count() == 20
    assert (FeatureStatistic.objects.get().profiles, FeatureStatistic.objects.get().value) == (19, None)


def test_an_estimate_never_feeds_on_itself() -> None:
    everyone = buyers(*[10] * 20)
    set_to("median")
    never_bought = [person()[0] for _ in range(5)]
    refresh([*never_bought, *(profile for profile, _ in everyone)], now=NOW)
    found = survey(["recency_days"], now=NOW)
    assert (found.profiles, found.known("recency_days"), dict(found.counts["recency_days"])) == (25, 20, {10: 20})


def test_statistics_are_measured_anew_once_a_day() -> None:
    buyers(*[10] * 20)
    set_to("median")
    set_to("constant", "GB", feature="country")
    assert keep_current(now=NOW + timedelta(hours=11, minutes=59)) == 0
    assert keep_current(now=NOW + timedelta(hours=12)) == 1
    assert keep_current(now=NOW + timedelta(hours=13)) == 0
    set_to("missing")
    assert keep_current(now=NOW + timedelta(days=9)) == 0
    assert FeatureStatistic.objects.count() == 2


def test_the_latest_statistic_of_the_last_version_counts() -> None:
    buyers(*[10] * 20)
    set_to("median")
    ProfileFeatures.objects.update(values={"recency_days": 30})
    keep_current(now=TOMORROW)
    assert policies.standing()["recency_days"].value == 30
    assert policies.standing()["recency_days"].measured_at == TOMORROW


def test_the_policies_of_all_features_are_one_query() -> None:
    for slug, feature in FEATURES.items():
        set_to({"number": "median"}.get(feature.type, "most_frequent"), feature=slug)
    with CaptureQueriesContext(connection) as queries:
        assert len(policies.standing()) == len(FEATURES)
    assert len(queries) == 1
