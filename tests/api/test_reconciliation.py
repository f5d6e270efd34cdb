"""Reconciliation over the API: the source's own counts beside what came and is stored, with figures alone."""

from datetime import UTC, timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.api.conftest import Caller, Shop, assert_problem, order

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
HERE = "/api/sources/shop/reconciliation/"


@pytest.fixture
def came(shop: Shop) -> str:
    """Two orders, of which one came twice, and one message that says nothing; returns the day."""
    shop.send({"batch": [order("alice", 1, revenue=20.5), order("alice", 2), order("alice", 1, revenue=20.5)]})
    shop.send({"batch": [{"type": "track"}]})
    return timezone.now().astimezone(UTC).date().isoformat()


def test_what_a_source_says_beside_what_came(service: Caller, came: str) -> None:
    told = service.post(HERE, {"days": [{"day": came, "records": 6, "sum": "40.75"}], "property": "revenue"}).json()
    assert (told["source"], told["by"], told["property"]) == ("shop", "received", "revenue")
    assert told["lines"] == [
        {
            "day": came,
            "said": 6,
            "acknowledged": 4,
            "duplicate": 1,
            "quarantined": 1,
            "refused": 0,
            "stored": 2,
            "gone": 0,
            "missing": 2,
            "said_sum": "40.75",
            "stored_sum": "30.5",
            "missing_sum": "10.25",
            "agrees": False,
            "explanation": [
                "2 records did not come.",
                "1 record came again and was known already.",
                "1 record is in quarantine.",
                "'revenue' adds up to 10.25 less in what is stored than the source says.",
            ],
        }
    ]
    assert told["totals"] == {
        "days": 1,
        "differing": 1,
        "said": 6,
        "acknowledged": 4,
        "duplicate": 1,
        "quarantined": 1,
        "refused": 0,
        "stored": 2,
        "missing": 2,
        "said_sum": "40.75",
        "stored_sum": "30.5",
        "missing_sum": "10.25",
    }


def test_by_the_day_on_which_it_happened(service: Caller, came: str) -> None:
    yesterday = (timezone.now() - timedelta(days=1)).astimezone(UTC).date().isoformat()
    told = service.post(HERE, {"by": "happened", "days": [{"day": yesterday, "records": 2, "sum": 30.5}]}).json()
    (line,) = told["lines"]
    assert (line["stored"], line["missing"], line["missing_sum"], line["agrees"]) == (2, 0, "0", True)
    assert (line["acknowledged"], line["explanation"]) == (None, ["All agrees."])


def test_what_came_without_the_sources_word(service: Caller, came: str) -> None:
    told = service.get(HERE).json()
    assert len(told["lines"]) == 30
    last = told["lines"][-1]
    assert (last["day"], last["said"], last["acknowledged"], last["stored"], last["stored_sum"]) == (
        came,
        None,
        4,
        2,
        "30.5",
    )
    assert (told["totals"]["days"], told["totals"]["acknowledged"], told["totals"]["missing"]) == (30, 4, None)
    chosen = service.get(HERE, first="2026-01-01", last="2026-01-02", by="happened").json()
    assert [line["day"] for line in chosen["lines"]] == ["2026-01-01", "2026-01-02"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"first": "2026-01-02", "last": "2026-01-01"}, "first"),
        ({"first": "2020-01-01", "last": "2026-01-01"}, "first"),
        ({"first": "0001-01-01"}, "first"),
        ({"by": "odd"}, "by"),
        ({"property": "event"}, "property"),
    ],
)
def test_days_that_cannot_be_told(service: Caller, shop: Shop, query: dict[str, str], field: str) -> None:
    told = assert_problem(service.get(HERE, **query), 400, "invalid")
    assert [error["field"] for error in told["errors"]] == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "days"),
        ({"days": []}, "days"),
        ({"days": [{"day": "2026-01-01", "records": 1}] * 2}, "days"),
        ({"days": [{"day": "2026-02-30", "records": 1}]}, "days.0.day"),
        ({"days": [{"day": "2026-01-01", "records": 1}, {"day": "9999-12-31", "records": 1}]}, "days.1.day"),
        ({"days": [{"day": "2026-01-01", "records": -1}]}, "days.0.records"),
        ({"days": [{"day": "2026-01-01", "records": 1, "sum": "NaN"}]}, "days.0.sum"),
        ({"days": [{"day": "2026-01-01", "records": 1}], "property": "shoe_size"}, "property"),
    ],
)
def test_an_error_says_where(service: Caller, shop: Shop, body: dict[str, Any], field: str) -> None:
    told = assert_problem(service.post(HERE, body), 400, "invalid")
    assert [error["field"] for error in told["errors"]] == [field]


def test_it_needs_the_scope_and_a_source(call: Any, shop: Shop) -> None:
    body = {"days": [{"day": "2026-01-01", "records": 1}]}
    assert call("service", scopes=["profiles:read"]).post(HERE, body).status_code == 403
    assert call("service").post("/api/sources/nobody/reconciliation/", body).status_code == 404
