"""Each feature has an exact value for a named person, over all of their source profiles."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from segments.features import registry
from segments.features.demography import age_band
from segments.rules.definition import BOOLEAN, NUMBER, TEXT
from tests.segments.factories import NOW, did, grant, known_to, make_source, person, unify, withdraw

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

NOBODY_SPECIAL = {
    "frequency_365d": 0,
    "monetary_365d": 0.0,
    "orders_90d": 0,
    "days_since_first_seen": 100,
    "sources_count": 1,
    "visits_30d": 0,
    "store_visits_90d": 0,
    "app_user": False,
    "appliance_owner": False,
    "newsletter": False,
    "engagement": 0.0,
}


def features_of(*source_profiles: UUID) -> dict[str, Any]:
    """The features of one profile with these source profiles."""
    profile = unify(*source_profiles)
    return registry.compute({profile: list(source_profiles)}, now=NOW)[profile]


@pytest.fixture
def alice() -> UUID:
    return known_to(make_source("web-shop"))


@pytest.fixture
def alice_at_the_till() -> UUID:
    return known_to(make_source("till", kind="offline"), seen=400)


def test_who_did_nothing_has_zeros_and_no_recency(alice: UUID) -> None:
    assert features_of(alice) == NOBODY_SPECIAL


def test_purchases_add_up_over_source_profiles(alice: UUID, alice_at_the_till: UUID) -> None:
    did(alice, "purchase", ago=3, amount="20.50")
    did(alice_at_the_till, "purchase", ago=89, count=2, amount="30")
    did(alice_at_the_till, "purchase", ago=90, amount="5")
    did(alice_at_the_till, "purchase", ago=364, amount="4.50")
    did(alice_at_the_till, "purchase", ago=365, amount="1000")
    known = features_of(alice, alice_at_the_till)
    assert {slug: known[slug] for slug in known if slug not in ("newsletter", "engagement")} == {
        "recency_days": 3,
        "frequency_365d": 5,
        "monetary_365d": 60.0,
        "average_order_value": 12.0,
        "orders_90d": 3,
        "days_since_first_seen": 400,
        "sources_count": 2,
        "visits_30d": 0,
        "store_visits_90d": 0,
        "app_user": False,
        "appliance_owner": False,
    }


def test_an_old_purchase_leaves_recency_alone(alice: UUID) -> None:
    did(alice, "purchase", ago=500, amount="10")
    known = features_of(alice)
    assert (known["recency_days"], known["frequency_365d"], known["monetary_365d"]) == (500, 0, 0.0)
    assert "average_order_value" not in known


def test_what_lies_ahead_does_not_count(alice: UUID) -> None:
    for event in ("purchase", "page", "visit", "telemetry", "app opened"):
        did(alice, event, ago=-2, amount="10")
    assert features_of(alice) == NOBODY_SPECIAL


def test_visits_online_count_views_and_in_stores_days(alice: UUID) -> None:
    did(alice, "page", ago=29, count=4)
    did(alice, "page", ago=30, count=100)
    did(alice, "screen", ago=1, count=2)
    did(alice, "visit", ago=5, count=17)
    did(alice, "visit", ago=6)
    did(alice, "visit", ago=90)
    known = features_of(alice)
    assert (known["visits_30d"], known["store_visits_90d"], known["app_user"]) == (6, 2, True)


def test_one_day_in_a_store_seen_by_two_sources_is_one_visit(alice: UUID, alice_at_the_till: UUID) -> None:
    did(alice, "visit", ago=5)
    did(alice_at_the_till, "visit", ago=5)
    assert features_of(alice, alice_at_the_till)["store_visits_90d"] == 1


@pytest.mark.parametrize(("event", "uses"), [("app opened", True), ("application opened", True), ("page", False)])
def test_app_user(alice: UUID, event: str, uses: bool) -> None:
    did(alice, event, ago=200)
    assert features_of(alice)["app_user"] is uses


def test_who_left_the_app_a_year_ago_is_no_app_user(alice: UUID) -> None:
    did(alice, "app opened", ago=365)
    assert features_of(alice)["app_user"] is False


@pytest.mark.parametrize(
    ("event", "owner"), [("telemetry", True), ("registration", True), ("product registered", True), ("page", False)]
)
def test_appliance_owner(alice: UUID, event: str, owner: bool) -> None:
    did(alice, event, ago=900)
    assert features_of(alice)["appliance_owner"] is owner


def test_newsletter_is_what_the_person_last_said(alice: UUID, alice_at_the_till: UUID) -> None:
    grant(alice, "marketing", "email")
    assert features_of(alice)["newsletter"] is True
    withdraw(alice, "marketing", "sms")
    assert registry.compute({alice: [alice]}, now=NOW)[alice]["newsletter"] is True
    withdraw(alice_at_the_till, "marketing", "email")
    assert registry.compute({alice: [alice, alice_at_the_till]}, now=NOW)[alice]["newsletter"] is False


def test_country_and_age_come_from_the_most_trusted_source_that_has_them() -> None:
    crm = known_to(make_source("crm", kind="offline", trust_rank=90), country="AT")
    shop = known_to(make_source("web-shop"), country="DE", birth_year=1990)
    till = known_to(make_source("till"), birth_year=1950, last_seen_at=NOW - timedelta(days=9))
    known = features_of(crm, shop, till)
    assert (known["country"], known["age_band"]) == ("AT", "35-44")


def test_country_and_age_do_not_come_from_a_public_write_key_while_a_trusted_source_has_them() -> None:
    site = known_to(make_source("site", trust_rank=100, client_side=True), country="DE", birth_year=1950)
    shop = known_to(make_source("web-shop"), country="AT", birth_year=1990, last_seen_at=NOW - timedelta(days=9))
    known = features_of(site, shop)
    assert (known["country"], known["age_band"]) == ("AT", "35-44")


@pytest.mark.parametrize(
    ("birth_year", "band"),
    [
        (2009, "under 18"),
        (2008, "18-24"),
        (2001, "25-34"),
        (1961, "65+"),
        (1906, "65+"),
        (1905, ""),
        (2027, ""),
        (None, ""),
    ],
)
def test_age_band(birth_year: int | None, band: str) -> None:
    assert age_band(birth_year, year=2026) == band


def test_engagement_weighs_halves_and_saturates(alice: UUID, alice_at_the_till: UUID) -> None:
    did(alice, "purchase", ago=30)
    did(alice, "page", ago=0, count=400)
    did(alice, "telemetry", ago=0, count=9)
    did(alice, "purchase", ago=90)
    assert features_of(alice)["engagement"] == 28.3  # 10 / 2 + 5 = 10 points: 100 * (1 - exp(-10 / 30))
    did(alice_at_the_till, "purchase", ago=0, count=9)
    assert registry.compute({alice: [alice_at_the_till]}, now=NOW)[alice]["engagement"] == 81.1


def test_people_do_not_mix() -> None:
    alice, alices = person()
    bob, bobs = person()
    did(alices, "purchase", ago=1, amount="10")
    did(bobs, "page", ago=1)
    values = registry.compute({alice: [alices], bob: [bobs]}, now=NOW)
    assert (values[alice]["frequency_365d"], values[alice]["visits_30d"]) == (1, 0)
    assert (values[bob]["frequency_365d"], values[bob]["visits_30d"]) == (0, 1)


def test_nobody() -> None:
    assert registry.compute({}, now=NOW) == {}


def test_every_value_has_the_type_of_its_feature(alice: UUID) -> None:
    did(alice, "purchase", ago=1, amount="10")
    for slug, value in features_of(alice).items():
        kind = {bool: BOOLEAN, int: NUMBER, float: NUMBER, str: TEXT}[type(value)]
        assert kind == registry.FEATURES[slug].type


def test_slugs_are_unique() -> None:
    assert len(registry.FEATURES) == sum(len(group.features) for group in registry.GROUPS) == 15
