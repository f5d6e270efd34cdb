"""Daily activity is what the records say, however often and however many at once roll it up."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from segments.activity import roll_up
from segments.models import DailyActivity
from tests.segments.factories import activity_of, known_to, make_source, sent

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

MAY_1, MAY_2, MAY_3 = (datetime(2026, 5, day, 10, tzinfo=UTC) for day in (1, 2, 3))


@pytest.fixture
def alice() -> UUID:
    return known_to(make_source("web-shop"))


@pytest.fixture
def bob() -> UUID:
    return known_to(make_source("web-shop"))


def test_a_day_is_counted_and_summed_by_event(alice: UUID) -> None:
    sent(alice, "purchase", at=MAY_1, amount=10.25)
    sent(alice, "purchase", at=MAY_1.replace(hour=23), amount="4.75")
    sent(alice, "page", at=MAY_1)
    sent(alice, "purchase", at=MAY_2, amount=3)
    roll_up([(alice, None)])
    assert activity_of(alice) == [
        (date(2026, 5, 1), "page", 1, Decimal(0)),
        (date(2026, 5, 1), "purchase", 2, Decimal("15.00")),
        (date(2026, 5, 2), "purchase", 1, Decimal("3.00")),
    ]
    assert DailyActivity.objects.get(source_profile_id=alice, day=date(2026, 5, 1), event="purchase").last_at == (
        MAY_1.replace(hour=23)
    )


def test_what_a_source_deleted_is_nothing_that_the_person_did(alice: UUID) -> None:
    sent(alice, "page", at=MAY_1)
    sent(alice, "deletion", at=MAY_2)
    roll_up([(alice, None)])
    assert activity_of(alice) == [(date(2026, 5, 1), "page", 1, Decimal(0))]


def test_days_are_days_in_utc(alice: UUID) -> None:
    sent(alice, "page", at=datetime.fromisoformat("2026-05-02T01:30:00+02:00"))
    roll_up([(alice, None)])
    assert activity_of(alice) == [(date(2026, 5, 1), "page", 1, Decimal(0))]


@pytest.mark.parametrize(
    ("kind", "event", "key"),
    [
        ("purchase", "", "purchase"),
        ("purchase", "Till receipt", "purchase"),
        ("track", "Order Completed", "purchase"),
        ("track", " order completed ", "purchase"),
        ("track", "Product Viewed", "product viewed"),
        ("track", "Purchase", "track: purchase"),
        ("track", "Visit", "track: visit"),
        ("track", "", "track"),
        ("track", "É" * 120, "é" * 120),
        ("page", "Home", "page"),
        ("telemetry", "", "telemetry"),
        ("visit", "", "visit"),
    ],
)
def test_the_event_key(alice: UUID, kind: str, event: str, key: str) -> None:
    sent(alice, kind, at=MAY_1, event=event)
    roll_up([(alice, None)])
    assert [row[1] for row in activity_of(alice)] == [key]


@pytest.mark.parametrize(
    ("amount", "worth"),
    [
        (12, "12.00"),
        (12.345, "12.35"),
        (-5.5, "-5.50"),
        ("7.10", "7.10"),
        ("-7", "-7.00"),
        ("7,10", "0"),
        ("EUR 7", "0"),
        ("NaN", "0"),
        ("1e5", "0"),
        ("", "0"),
        (True, "0"),
        (None, "0"),
        ([1], "0"),
        ({"value": 1}, "0"),
        (1e300, "0"),
        (1e9, "0"),
        (999_999_999, "999999999.00"),
    ],
)
def test_an_amount_counts_where_it_is_a_number(alice: UUID, amount: object, worth: str) -> None:
    sent(alice, "purchase", at=MAY_1, amount=amount)
    roll_up([(alice, None)])
    assert activity_of(alice) == [(date(2026, 5, 1), "purchase", 1, Decimal(worth))]


def test_what_telemetry_measures_is_not_money(alice: UUID) -> None:
    sent(alice, "telemetry", at=MAY_1, amount=240.0)
    roll_up([(alice, None)])
    assert activity_of(alice) == [(date(2026, 5, 1), "telemetry", 1, Decimal(0))]


def test_rolling_up_twice_changes_nothing(alice: UUID) -> None:
    sent(alice, "purchase", at=MAY_1, amount=1)
    roll_up([(alice, None)])
    once = activity_of(alice)
    roll_up([(alice, None), (alice, MAY_1.date())])
    assert activity_of(alice) == once


def test_only_from_that_day_on_and_only_who_is_named(alice: UUID, bob: UUID) -> None:
    for source_profile in (alice, bob):
        sent(source_profile, "page", at=MAY_1)
        sent(source_profile, "page", at=MAY_2)
    roll_up([(alice, MAY_2.date())])
    assert activity_of(alice) == [(date(2026, 5, 2), "page", 1, Decimal(0))]
    assert activity_of(bob) == []


def test_the_earliest_day_named_counts(alice: UUID) -> None:
    for at in (MAY_1, MAY_2, MAY_3):
        sent(alice, "page", at=at)
    roll_up([(alice, MAY_3.date()), (alice, MAY_2.date())])
    assert [row[0] for row in activity_of(alice)] == [date(2026, 5, 2), date(2026, 5, 3)]


def test_what_records_no_longer_say_is_forgotten(alice: UUID) -> None:
    for day in (1, 2):
        DailyActivity.objects.create(
            source_profile_id=alice, day=date(2026, 5, day), event="page", count=9, amount=0, last_at=MAY_1
        )
    roll_up([(alice, date(2026, 5, 2))])
    assert activity_of(alice) == [(date(2026, 5, 1), "page", 9, Decimal(0))]


def test_nothing_to_do() -> None:
    roll_up([])
    assert DailyActivity.objects.count() == 0


@pytest.mark.parametrize("people", [1, 40])
def test_the_queries_do_not_grow_with_the_people(people: int) -> None:
    shop = make_source("web-shop")
    work = [(known_to(shop), None) for _ in range(people)]
    for source_profile, _ in work:
        sent(source_profile, "page", at=MAY_1)
    with CaptureQueriesContext(connection) as queries:
        roll_up(work)
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 3
    assert DailyActivity.objects.count() == people
