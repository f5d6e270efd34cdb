"""The door for Segment's clients: what they send, and everything that can be wrong with it."""

import base64
import gzip
import json
import zlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from access.limits import TooMany
from api.views import messages
from records import limits, sources
from records.models import Identifier, QuarantinedRecord, Record, Source
from tests.api.conftest import Shop, assert_problem, order

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

CANARY = "canary@example.com"
BAD = {"type": "track", "userId": "u-bob", "event": "Order Completed", "timestamp": CANARY}


def basic(write_key: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{write_key}:".encode()).decode()}


def send(body: Any, path: str = "/v1/batch", **headers: str) -> Any:
    return Client().post(path, json.dumps(body), content_type="application/json", headers=headers)


def test_a_batch_is_taken_in_and_accounted_for(shop: Shop) -> None:
    response = shop.send({"batch": [order("alice", 1), order("alice", 1), BAD]})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    body = response.json()
    rejects = body.pop("rejects")
    assert body == {
        "success": True,
        "acknowledged": 3,
        "accepted": 1,
        "duplicates": 1,
        "quarantined": 1,
        "refused": 0,
    }
    assert [(reject["index"], reject["code"], reject["field"]) for reject in rejects] == [
        (2, "absurd_date", "timestamp")
    ]
    assert CANARY not in response.content.decode()


def test_sending_again_changes_nothing(shop: Shop) -> None:
    batch = {"batch": [order("alice", 1), BAD]}
    shop.send(batch)
    kept = Record.objects.count(), QuarantinedRecord.objects.count()
    assert shop.send(batch).json()["duplicates"] == 2
    assert (Record.objects.count(), QuarantinedRecord.objects.count()) == kept == (1, 1)


def test_the_write_key_is_taken_from_wherever_clients_put_it(shop: Shop) -> None:
    key = shop.write_key
    answers = [
        send({"batch": [order("alice", 1)]}, **basic(key)),
        send({"batch": [order("alice", 2)], "writeKey": key}),
        send({"batch": [order("alice", 3)]}, Authorization=f"Bearer {key}"),
        send({"batch": [order("alice", 4)], "writeKey": key}, Authorization="Bearer another-token"),
    ]
    assert [answer.json()["accepted"] for answer in answers] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, {}),
        (basic("wk_unknown"), {}),
        (basic(""), {}),
        ({"Authorization": "Basic %%%"}, {}),
        ({"Authorization": "Bearer wk_unknown"}, {}),
        ({}, {"writeKey": "wk_unknown"}),
        ({}, {"writeKey": 5}),
        ({}, {"writeKey": None}),
        ({}, {"writeKey": ["wk"]}),
    ],
)
def test_an_unknown_source_is_refused(headers: dict[str, str], body: dict[str, Any], shop: Shop) -> None:
    response = send({"batch": [order("alice", 1)], **body}, **headers)
    assert_problem(response, 401, "unknown_write_key")
    assert response["WWW-Authenticate"] == 'Basic realm="onym"'
    assert Record.objects.count() == 0


def test_a_source_that_is_switched_off_is_refused(shop: Shop) -> None:
    Source.objects.filter(pk=shop.source.pk).update(enabled=False)
    assert_problem(shop.send({"batch": [order("alice", 1)]}), 404, "source_disabled")
    assert Record.objects.count() == 0


def test_an_api_key_does_not_open_this_door(service: Any) -> None:
    assert_problem(service.post("/v1/batch", {"batch": []}), 401, "unknown_write_key")


@pytest.mark.parametrize("type", ["identify", "track", "page", "screen", "group", "alias"])
def test_single_messages_have_routes_of_their_own(type: str, shop: Shop) -> None:
    for path in (f"/v1/{type}", f"/v1/{type[0]}"):
        message = {
            "userId": "u-alice",
            "event": "Order Completed",
            "groupId": "g",
            "previousId": "p",
            "messageId": path,
        }
        assert shop.send(message, path=path).json()["accepted"] == 1
    assert set(Record.objects.values_list("kind", flat=True)) == {type}


def test_a_merge_has_a_route(shop: Shop) -> None:
    pair = [{"type": "email", "value": "alice@example.com"}, {"type": "phone", "value": "+447700900123"}]
    assert shop.send({"userId": "u-alice", "mergeProperties": pair}, path="/v1/merge").json()["accepted"] == 1
    assert set(Identifier.objects.values_list("namespace", flat=True)) == {"account_id", "email", "phone"}
    assert_problem(
        shop.send({"userId": "u-alice"}, path="/v1/merge", **{"X-Strict-Mode": "1"}), 400, "messages_rejected"
    )


def test_the_write_key_in_a_body_is_no_part_of_the_message(shop: Shop) -> None:
    message = {"userId": "u-alice", "event": "Order Completed", "timestamp": "2026-01-01T00:00:00Z"}
    assert shop.send(message, path="/v1/track").json()["accepted"] == 1
    assert send({**message, "writeKey": shop.write_key}, path="/v1/track").json()["duplicates"] == 1


def test_browsers_send_text(shop: Shop) -> None:
    answer = shop.send({"batch": [order("alice", 1)]}, path="/v1/b", content_type="text/plain;charset=UTF-8")
    assert answer.json()["accepted"] == 1


def test_browsers_may_ask_first() -> None:
    response = Client().options(
        "/v1/t", headers={"Origin": "https://shop.example.com", "Access-Control-Request-Method": "POST"}
    )
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "X-Retry-Count" in response["Access-Control-Allow-Headers"]
    assert "POST" in response["Access-Control-Allow-Methods"]


def test_browsers_may_read_answers_and_errors(shop: Shop) -> None:
    for response in (shop.send({"batch": []}), send({})):
        assert response["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Origin" not in Client().get("/api/sources/")


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)]
)
def test_packed_bodies_are_unpacked(encoding: str, pack: Any, shop: Shop) -> None:
    body = pack(json.dumps({"batch": [order("alice", 1)]}).encode())
    assert shop.send(body, **{"Content-Encoding": encoding}).json()["accepted"] == 1


def test_packed_json_that_is_called_a_form_is_taken(shop: Shop) -> None:
    """As Rudder's Node client sends it."""
    body = gzip.compress(json.dumps({"batch": [order("alice", 1)]}).encode())
    headers = {"Content-Encoding": "gzip", "content_type": "application/x-www-form-urlencoded"}
    assert shop.send(body, **headers).json()["accepted"] == 1


def test_a_body_that_cannot_be_unpacked_is_a_400(shop: Shop) -> None:
    for body in (b"not gzip", gzip.compress(b"{}")[:-9], gzip.compress(b"{}") + b"tail"):
        assert_problem(shop.send(body, **{"Content-Encoding": "gzip"}), 400, "malformed_encoding")


def test_a_body_without_a_length_is_a_411(shop: Shop) -> None:
    headers = {"Transfer-Encoding": "chunked", **basic(shop.write_key)}
    response = Client().generic("POST", "/v1/batch", b"", content_type="application/json", headers=headers)
    assert_problem(response, 411, "length_required")


def test_an_unknown_packing_is_a_415(shop: Shop) -> None:
    assert_problem(shop.send(b"{}", **{"Content-Encoding": "br"}), 415, "unsupported_encoding")
    assert_problem(shop.send(b"{}", content_type="multipart/form-data; boundary=x"), 415, "unsupported_media_type")


def test_an_oversize_body_is_a_413_packed_or_not(shop: Shop, settings: Any) -> None:
    Source.objects.filter(pk=shop.source.pk).update(max_body_bytes=2_000)
    big = json.dumps({"batch": [order("alice", n) for n in range(30)], "writeKey": shop.write_key}).encode()
    bomb = gzip.compress(b" " * 50_000_000)
    for body, headers in (
        (big, {}),
        (gzip.compress(big), {"Content-Encoding": "gzip"}),
        (bomb, {"Content-Encoding": "gzip"}),
    ):
        problem = assert_problem(shop.send(body, **headers), 413, "body_too_large")
        assert problem["limit"] == 2_000
    in_the_body = Client().post("/v1/batch", big, content_type="application/json")
    assert assert_problem(in_the_body, 413, "body_too_large")["limit"] == 2_000
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000
    assert assert_problem(shop.send(big), 413, "body_too_large")["limit"] == 1_000
    assert Record.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_json"),
        (b"{", "malformed_json"),
        (b'{"batch": [NaN]}', "malformed_json"),
        (b'{"batch": ' + b"[" * 5_000, "malformed_json"),
        (b'{"batch": "\xe9"}', "invalid_utf8"),
        (b"[]", "not_an_object"),
        (b"5", "not_an_object"),
        (b"null", "not_an_object"),
        (b"{}", "missing_field"),
        (b'{"batch": {}}', "missing_field"),
        (b'{"batch": null}', "missing_field"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_400(body: bytes, code: str, shop: Shop) -> None:
    problem = assert_problem(shop.send(body), 400, code)
    assert problem["errors"][0]["field"] == ("batch" if code == "missing_field" else "")
    assert Record.objects.count() == QuarantinedRecord.objects.count() == 0


def test_invalid_utf8_names_the_byte(shop: Shop) -> None:
    problem = assert_problem(shop.send(b'{"batch": [{"userId": "\xfc"}]}'), 400, "invalid_utf8")
    assert "byte 23" in problem["detail"]


BAD_MESSAGES: list[tuple[Any, str, str]] = [
    (None, "unknown_type", "type"),
    (5, "not_an_object", ""),
    ("text", "not_an_object", ""),
    ([], "not_an_object", ""),
    ({}, "unknown_type", "type"),
    ({"type": "delete", "userId": "u"}, "unknown_type", "type"),
    ({"type": ["track"], "userId": "u"}, "unknown_type", "type"),
    ({"type": "track", "event": "e"}, "missing_identifier", "userId"),
    ({"type": "track", "event": "e", "userId": "", "anonymousId": None}, "missing_identifier", "userId"),
    ({"type": "track", "userId": "u"}, "missing_field", "event"),
    ({"type": "track", "userId": "u", "event": 5}, "missing_field", "event"),
    ({"type": "track", "userId": "u", "event": "e", "properties": 5}, "wrong_type", "properties"),
    ({"type": "track", "userId": "u", "event": "e", "properties": {"revenue": "lots"}}, "wrong_type", "revenue"),
    ({"type": "identify", "userId": "u", "traits": []}, "wrong_type", "traits"),
    ({"type": "identify", "userId": "u", "context": "x"}, "wrong_type", "context"),
    ({"type": "track", "userId": "u", "event": "e", "messageId": 5}, "wrong_type", "messageId"),
    ({"type": "track", "userId": "u", "event": "e", "messageId": "m" * 101}, "too_long", "messageId"),
    ({"type": "track", "userId": "u", "event": "e", "timestamp": "soon"}, "absurd_date", "timestamp"),
    ({"type": "track", "userId": "u", "event": "e", "timestamp": "1066-10-14T09:00:00Z"}, "absurd_date", "timestamp"),
    ({"type": "track", "userId": "u", "event": "e", "timestamp": "2999-01-01T00:00:00Z"}, "absurd_date", "timestamp"),
    ({"type": "track", "userId": "u", "event": "e", "timestamp": True}, "absurd_date", "timestamp"),
    ({"type": "track", "userId": "u", "event": "e", "timestamp": 1e300}, "absurd_date", "timestamp"),
    ({"type": "track", "userId": "u", "event": "e", "properties": {"x": "y" * 40_000}}, "too_large", ""),
]


@pytest.mark.parametrize(("message", "code", "field"), BAD_MESSAGES)
def test_a_bad_message_is_kept_with_its_reason_and_the_good_ones_land(
    message: Any, code: str, field: str, shop: Shop
) -> None:
    response = shop.send({"batch": [order("alice", 1), message, order("alice", 2)]})
    body = response.json()
    assert (response.status_code, body["accepted"], body["quarantined"]) == (200, 2, 1)
    assert [(reject["index"], reject["code"], reject["field"]) for reject in body["rejects"]] == [(1, code, field)]
    kept = QuarantinedRecord.objects.get()
    assert (kept.reason, kept.field, kept.message) == (code, field, body["rejects"][0]["message"])


@pytest.mark.parametrize(
    "message",
    [
        {"type": "track", "userId": "u\x00x", "event": "e\x00", "properties": {"sku": "a"}},
        {"type": "track", "userId": "\ud83d", "event": "cut \ud83d", "properties": {"category": "\ude00"}},
        {
            "type": "identify",
            "userId": "u",
            "traits": {"firstName": "\x00", "country": "\x00", "address": {"city": "\ud83d"}},
        },
        {"type": "track", "userId": 10**30, "event": "e", "properties": {"items": 10**30}},
        {"type": "track", "userId": {"a": 1}, "event": "e"},
        {"type": "track", "userId": "u" * 5_000, "event": "e" * 5_000},
        {"type": "identify", "userId": "u", "traits": {"email": ["a"], "phone": {"n": 1}, "birthday": -1}},
        {"type": "identify", "userId": "u", "traits": {"birthday": "2999-01-01"}},
        {"type": "identify", "userId": "u", "context": {"consent": {"categoryPreferences": {"\x00": "yes"}}}},
    ],
)
def test_whatever_a_message_holds_it_costs_only_itself(message: Any, shop: Shop) -> None:
    response = shop.send({"batch": [order("alice", 1), message, order("alice", 2)]})
    body = response.json()
    assert response.status_code == 200, body
    assert body["acknowledged"] == 3
    assert body["accepted"] in (2, 3)
    assert body["accepted"] + body["quarantined"] == 3


def test_strict_mode_turns_rejects_into_a_400_and_keeps_the_good(shop: Shop) -> None:
    response = shop.send({"batch": [order("alice", 1), BAD]}, **{"X-Strict-Mode": "1"})
    problem = assert_problem(response, 400, "messages_rejected")
    assert [error["field"] for error in problem["errors"]] == ["batch.1.timestamp"]
    assert (problem["success"], problem["accepted"], problem["quarantined"]) == (False, 1, 1)
    assert shop.send({"batch": [order("alice", 2)]}, **{"X-Strict-Mode": "1"}).status_code == 200


def test_a_database_that_is_away_asks_to_come_again(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*args: object, **words: object) -> None:
        raise OperationalError("the connection is lost")

    for module, name in ((messages.doors, "segment"), (sources, "by_write_key")):
        with monkeypatch.context() as patched:
            patched.setattr(module, name, away)
            response = shop.send({"batch": [order("alice", 1)]})
        assert_problem(response, 503, "unavailable")
        assert response["Retry-After"] == "5"
    assert shop.send({"batch": [order("alice", 1)]}).json()["accepted"] == 1


def test_an_empty_batch_is_fine(shop: Shop) -> None:
    assert shop.send({"batch": []}).json()["acknowledged"] == 0


def test_the_context_of_a_batch_holds_for_its_messages(shop: Shop) -> None:
    batch = {"batch": [order("alice", 1)], "context": {"consent": {"categoryPreferences": {"marketing": True}}}}
    assert shop.send(batch).json()["accepted"] == 1


@pytest.mark.usefixtures("one_minute")
def test_above_the_limit_of_its_source_nothing_is_kept_and_the_sender_told_when_to_come_again(shop: Shop) -> None:
    sources.change(shop.source, records_per_minute=3)
    assert shop.send({"batch": [order("alice", 1), order("alice", 2)]}).status_code == 200
    assert shop.send({"batch": [order("alice", 3), order("alice", 4)]}).status_code == 200
    answer = shop.send({"batch": [order("alice", 5)]})
    assert_problem(answer, 429, "too_many_requests")
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer["Access-Control-Expose-Headers"] == "Retry-After"
    assert answer.json()["detail"].startswith("This source has sent as many records as it may in a minute")
    assert Record.objects.count() == 4


@pytest.mark.usefixtures("one_minute")
def test_a_source_has_a_limit_of_its_own(shop: Shop) -> None:
    sources.change(shop.source, records_per_minute=1)
    other, key = sources.add("other", kind="online", purposes=["service"])
    other = sources.change(other, records_per_minute=1)
    assert shop.send({"batch": [order("alice", 1)]}).status_code == 200
    assert Shop(other, key).send({"batch": [order("alice", 1)]}).status_code == 200
    for full in (shop, Shop(other, key)):
        assert full.send({"batch": [order("alice", 2)]}).status_code == 429


def test_the_next_minute_is_another(shop: Shop) -> None:
    source = sources.change(shop.source, records_per_minute=1)
    now = datetime(2026, 11, 22, 12, 0, 59, tzinfo=UTC)
    limits.pass_through(source, 5, now=now)
    with pytest.raises(TooMany) as caught:
        limits.pass_through(source, 1, now=now)
    assert caught.value.retry_after == 1
    limits.pass_through(source, 1, now=now + timedelta(seconds=1))
