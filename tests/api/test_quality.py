"""Quality over the API: completeness and validity by day, and alarms, with figures and never with values."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from records import alarms, intakes
from records.models import QualityAlarm, Source
from records.tallies import Tally
from tests.api.conftest import Caller, Shop, assert_problem, order

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
HERE = "/api/sources/shop/quality/"


def came(source: Source, at: datetime, stored: int, **tally: dict[str, Any]) -> None:
    intakes.note(
        source,
        door="http",
        acknowledged=stored,
        stored=stored,
        duplicate=0,
        quarantined=0,
        refused=0,
        now=at,
        tally=Tally(**tally),
    )


def noon(days_ago: int) -> datetime:
    return datetime.combine(today() - timedelta(days=days_ago), datetime.min.time(), UTC)


def today() -> date:
    return timezone.now().astimezone(UTC).date()


def test_completeness_and_validity_by_day_the_worst_first(service: Caller, shop: Shop) -> None:
    came(shop.source, noon(1), 60, fields={"email": [30, 6, 0], "phone": [60, 0, 0]}, flags={"email:invalid": 6})
    came(shop.source, noon(0), 30, fields={"email": [10, 0, 0], "phone": [30, 0, 0], "total": [5, 0, 2]})
    came(shop.source, noon(0), 10, fields={"email": [10, 0, 0], "phone": [9, 1, 0]}, flags={"phone:invalid": 1})
    came(shop.source, noon(30), 10, fields={"street": [10, 0, 0]})
    told = service.get(HERE).json()
    assert (told["source"], told["stored"]) == ("shop", 100)
    assert told["flags"] == [{"flag": "email:invalid", "records": 6}, {"flag": "phone:invalid", "records": 1}]
    total, email, phone = told["fields"]
    assert (total["field"], total["completeness"], total["validity"]) == ("total", 0.05, 0.6)
    assert email == {
        "field": "email",
        "stored": 100,
        "filled": 50,
        "unreadable": 6,
        "broken": 0,
        "completeness": 0.5,
        "validity": 50 / 56,
        "days": [
            {
                "day": (today() - timedelta(days=1)).isoformat(),
                "stored": 60,
                "filled": 30,
                "unreadable": 6,
                "broken": 0,
                "completeness": 0.5,
                "validity": 30 / 36,
            },
            {
                "day": today().isoformat(),
                "stored": 40,
                "filled": 20,
                "unreadable": 0,
                "broken": 0,
                "completeness": 0.5,
                "validity": 1.0,
            },
        ],
    }
    assert (phone["field"], phone["completeness"], phone["validity"]) == ("phone", 0.99, 0.99)
    assert [one["field"] for one in service.get(HERE, days=31).json()["fields"]] == [
        "total",
        "street",
        "email",
        "phone",
    ]
    assert [one["field"] for one in service.get(HERE, days=1).json()["fields"]] == ["total", "email", "phone"]


def test_what_is_declared_and_never_comes_is_there(service: Caller, shop: Shop) -> None:
    Source.objects.update(mapping={"fields": {"a": "street", "b": "full_name"}, "properties": {"tier": "string"}})
    assert service.get(HERE).json()["fields"] == []
    came(shop.source, noon(0), 10)
    fields = service.get(HERE).json()["fields"]
    assert [(one["field"], one["completeness"], one["validity"]) for one in fields] == [
        ("street", 0.0, None),
        ("tier", 0.0, None),
    ]


def test_it_counts_what_comes_by_http(service: Caller, shop: Shop) -> None:
    about = {"type": "identify", "userId": "u-1", "traits": {"email": "no address"}}
    shop.send({"batch": [about, order("alice", 1), order("alice", 2)]})
    email = next(one for one in service.get(HERE).json()["fields"] if one["field"] == "email")
    assert (email["stored"], email["filled"], email["unreadable"]) == (3, 0, 1)


@pytest.mark.parametrize("days", ["0", "367", "x"])
def test_days_are_a_year_at_most(service: Caller, shop: Shop, days: str) -> None:
    assert_problem(service.get(HERE, days=days), 400, "invalid")


def test_alarms_are_listed_and_filtered(service: Caller, shop: Shop) -> None:
    now = timezone.now()
    for number, (kind, field, ended_at) in enumerate(
        (("silent", "", None), ("completeness", "email", None), ("too_much", "", now))
    ):
        QualityAlarm.objects.create(
            id=f"00000000-0000-7000-8000-00000000000{number}",
            source=shop.source,
            kind=kind,
            field=field,
            cause=f"cause {number}",
            began_at=now - timedelta(hours=number),
            last_seen_at=now,
            ended_at=ended_at,
        )

    def listed(**query: Any) -> list[str]:
        return [one["cause"] for one in service.get("/api/alarms/", **query).json()["results"]]

    assert listed() == ["cause 0", "cause 1"]
    assert listed(ended="true") == ["cause 0", "cause 1", "cause 2"]
    assert listed(kind="completeness", source="shop") == ["cause 1"]
    first = service.get("/api/alarms/", page_size=1).json()
    assert (first["results"][0]["source"], first["results"][0]["field"], first["next"] is None) == ("shop", "", False)
    assert_problem(service.get("/api/alarms/", kind="odd"), 400, "invalid")
    assert_problem(service.get("/api/alarms/", source="odd"), 400, "invalid")
    assert alarms.standing().count() == 2


def test_reading_needs_the_scope(call: Any, shop: Shop) -> None:
    other = call("service", scopes=["profiles:read"])
    for path in (HERE, "/api/alarms/"):
        assert_problem(other.get(path), 403, "missing_scope")
