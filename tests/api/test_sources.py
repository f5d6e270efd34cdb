"""Sources with their counts; the quarantine with its reasons."""

from base64 import urlsafe_b64encode

import pytest

from records import sources
from tests.api.conftest import Caller, Shop, assert_problem, order

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

BAD = {"type": "track", "userId": "u-canary", "event": "Order Completed", "timestamp": "canary"}


def test_sources_are_listed_with_what_became_of_their_records(service: Caller, shop: Shop) -> None:
    sources.add("till", kind="offline")
    for _ in range(2):
        shop.send({"batch": [order("alice", 1), order("alice", 2), BAD]})
    response = service.get("/api/sources/")
    rows = {row["name"]: row for row in response.json()["results"]}
    assert rows["shop"]["counts"] == {
        "acknowledged": 6,
        "stored": 2,
        "duplicate": 3,
        "quarantined": 1,
        "refused": 0,
    }
    assert rows["till"]["counts"] == dict.fromkeys(rows["shop"]["counts"], 0)
    assert (rows["till"]["last_received_at"], rows["shop"]["last_received_at"] is None) == (None, False)


def test_no_write_key_is_shown(service: Caller, shop: Shop) -> None:
    response = service.get("/api/sources/")
    assert b"wk_" not in response.content
    assert shop.source.write_key_hint.encode() not in response.content
    assert not [name for name in response.json()["results"][0] if "key" in name and name != "stable_key"]


def test_the_quarantine_tells_reasons_and_no_values(service: Caller, shop: Shop) -> None:
    shop.send({"batch": [order("alice", 1), BAD, {"type": "track", "event": "canary"}]})
    response = service.get("/api/quarantine/", source="shop")
    rows = response.json()["results"]
    assert sorted((row["line"], row["reason"], row["field"]) for row in rows) == [
        (1, "absurd_date", "timestamp"),
        (2, "missing_identifier", "userId"),
    ]
    assert b"canary" not in response.content


def test_the_quarantine_is_filtered_and_paged(service: Caller, shop: Shop) -> None:
    shop.send({"batch": [{**BAD, "messageId": f"m{n}"} for n in range(3)]})
    assert len(service.get("/api/quarantine/", reason="absurd_date").json()["results"]) == 3
    assert service.get("/api/quarantine/", reason="other").json()["results"] == []
    first = service.get("/api/quarantine/", page_size=2).json()
    second = service.client.get(first["next"]).json()
    assert (len({row["id"] for row in first["results"] + second["results"]}), second["next"]) == (3, None)


def test_an_unknown_source_is_an_error(service: Caller) -> None:
    problem = assert_problem(service.get("/api/quarantine/", source="nowhere"), 400, "invalid")
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [("source", "unknown_source")]


def test_a_cursor_that_no_page_gave_is_refused(service: Caller) -> None:
    forged = urlsafe_b64encode(b'["\\u0000"]').decode()
    problem = assert_problem(service.get("/api/sources/", cursor=forged), 400, "invalid")
    assert [error["field"] for error in problem["errors"]] == ["cursor"]
