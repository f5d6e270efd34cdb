"""The pixel: a message in an image's address, each load an event, never with a secret key."""

from typing import Any

import pytest
from django.test import Client

from records import sources
from records.models import Record
from tests.api.conftest import Shop, assert_problem

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def key(db: None) -> str:
    return sources.add("mails", kind="online", client_side=True, purposes=["service"])[1]


def load(path: str = "track", *, gpc: bool = False, **query: str) -> Any:
    named = {name.replace("__", "."): value for name, value in query.items()}
    return Client(headers={"Sec-GPC": "1"} if gpc else {}).get(f"/pixel/v1/{path}", named)


def test_an_image_is_an_event(key: str) -> None:
    answer = load(
        writeKey=key, anonymousId="d-1", event="Mail Opened", properties__category="spring", properties__x="1"
    )
    assert (answer.status_code, answer["Content-Type"], answer["Cache-Control"]) == (200, "image/gif", "no-store")
    assert answer.content.startswith(b"GIF89a")
    record = Record.objects.get()
    assert (record.kind, record.event, record.properties) == ("track", "Mail Opened", {"category": "spring"})


def test_every_load_counts_and_a_named_one_once(key: str) -> None:
    for _ in range(2):
        load(writeKey=key, anonymousId="d-1", event="Mail Opened")
        load("page", writeKey=key, anonymousId="d-1", messageId="m-1", context__page__url="https://shop.example/")
    assert sorted(Record.objects.values_list("kind", flat=True)) == ["page", "track", "track"]


def test_asking_about_the_image_is_no_event(key: str) -> None:
    asked = Client().head("/pixel/v1/track", {"writeKey": key, "anonymousId": "d-1", "event": "Mail Opened"})
    assert (asked.status_code, Record.objects.count()) == (200, 0)


def test_what_is_wrong_is_told(key: str, shop: Shop) -> None:
    assert_problem(load(anonymousId="d-1", event="x"), 401, "unknown_write_key")
    assert_problem(load(writeKey=shop.write_key, anonymousId="d-1", event="x"), 403, "key_is_secret")
    assert_problem(load(writeKey=key, event="x"), 400, "missing_identifier")
    assert_problem(load(writeKey=key, anonymousId="d-1"), 400, "missing_field")
    many = {f"properties__{number}": "1" for number in range(201)}
    assert_problem(load(writeKey=key, anonymousId="d-1", event="x", **many), 400, "too_many_parameters")


@pytest.mark.parametrize("query", [{"context": "x", "context.page.url": "u"}, {"a.b": "1", "a": "2"}, {"..": "1"}])
def test_odd_names_are_no_fault(query: dict[str, str], key: str) -> None:
    told = {"writeKey": key, "anonymousId": "d-1", "event": "x", **query}
    assert Client().get("/pixel/v1/track", told).status_code in (200, 400)
