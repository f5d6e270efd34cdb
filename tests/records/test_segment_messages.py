"""Segment's messages: read as the official clients send them; whatever is wrong is named."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.envelope import Envelope, Reject, Said, message_hash
from records.envelopes.segment import TYPES, read
from records.models import Source

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SHOP = Source(name="shop", kind="online", format="segment")
ALICE: dict[str, Any] = {"type": "track", "userId": "u-alice", "event": "Order Completed"}


def taken(message: object, *, source: Source = SHOP, sent_at: object = None) -> Envelope:
    item = read(message, source, position=7, now=NOW, sent_at=sent_at)
    assert isinstance(item, Envelope), item
    return item


def refused(message: object, *, source: Source = SHOP, sent_at: object = None) -> Reject:
    item = read(message, source, position=7, now=NOW, sent_at=sent_at)
    assert isinstance(item, Reject), item
    return item


def test_an_order_becomes_an_envelope() -> None:
    envelope = taken(
        {
            **ALICE,
            "messageId": "order-1",
            "anonymousId": "device-1",
            "timestamp": "2026-11-20T10:00:00Z",
            "properties": {"revenue": "42.50", "currency": "GBP", "coupon": "secret"},
            "context": {"ip": "192.0.2.1", "page": {"url": "https://shop.example.com/?mail=alice"}},
        }
    )
    assert envelope == Envelope(
        position=7,
        message_hash=message_hash("order-1"),
        kind="track",
        event="Order Completed",
        occurred_at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
        fields={
            "account_id": "u-alice",
            "device_id": "device-1",
            "ip_address": "192.0.2.1",
            "page_url": "https://shop.example.com/?mail=alice",
        },
        properties={"revenue": 42.5, "currency": "GBP", "amount": 42.5},
        flags=("undeclared:1",),
    )


LISTED = [
    {"id": "alice@example.com", "type": "email", "collection": "users", "encoding": "none"},
    {"id": "lc-7001", "type": "loyalty_card"},
]


def test_external_ids_are_identifiers_of_the_person() -> None:
    envelope = taken({**ALICE, "context": {"externalIds": LISTED}})
    assert envelope.fields == {"account_id": "u-alice", "email": "alice@example.com", "loyalty_number": "lc-7001"}
    assert envelope.flags == ()


@pytest.mark.parametrize(
    "dropped",
    [
        {"id": "acme", "type": "email", "collection": "accounts"},
        {"id": "0b2a", "type": "email", "encoding": "md5"},
        {"id": "cross-1", "type": "cross_domain_id"},
        {"id": "u-bob", "type": "user_id"},
        {"id": "device-of-bob", "type": "anonymous_id"},
    ],
    ids=["of an account", "encoded", "unknown", "somebody's account", "somebody's device"],
)
def test_what_is_no_identifier_of_a_user_is_dropped_and_counted(dropped: dict[str, str]) -> None:
    envelope = taken({**ALICE, "context": {"externalIds": [dropped]}})
    assert (envelope.fields, envelope.flags) == ({"account_id": "u-alice"}, ("undeclared:1",))


def test_a_trait_counts_before_an_external_id_and_the_first_of_two() -> None:
    listed = [{"id": f"{name}@example.com", "type": "email"} for name in ("one", "two")]
    assert taken({**ALICE, "context": {"externalIds": listed}}).fields["email"] == "one@example.com"
    told = taken({**ALICE, "traits": {"email": "own@example.com"}, "context": {"externalIds": listed}})
    assert told.fields["email"] == "own@example.com"


def test_a_merge_names_identifiers_of_one_person() -> None:
    pair = [{"type": "email", "value": "alice@example.com"}, {"type": "mobile", "value": "+447700900123"}]
    envelope = taken({"type": "merge", "userId": "u-alice", "mergeProperties": pair})
    assert (envelope.kind, envelope.event) == ("merge", "")
    assert envelope.fields == {"account_id": "u-alice", "email": "alice@example.com", "phone": "+447700900123"}


@pytest.mark.parametrize(
    ("wrong", "code", "field"),
    [
        ({"type": "merge"}, "missing_field", "mergeProperties"),
        ({"type": "merge", "mergeProperties": {"type": "email"}}, "wrong_type", "mergeProperties"),
        ({"type": "merge", "mergeProperties": ["alice"]}, "wrong_type", "mergeProperties.0"),
        ({"type": "merge", "mergeProperties": [{"type": "email", "value": [1]}]}, "wrong_type",
         "mergeProperties.0.value"),
        ({"context": {"externalIds": {}}}, "wrong_type", "context.externalIds"),
        ({"context": {"externalIds": [{"id": "a"}]}}, "wrong_type", "context.externalIds.0"),
        ({"context": {"externalIds": [{"type": "email"}] * 21}}, "too_long", "context.externalIds"),
    ],
)  # fmt: skip
def test_lists_that_cannot_be_read_are_refused(wrong: dict[str, Any], code: str, field: str) -> None:
    reject = refused({**ALICE, **wrong})
    assert (reject.code, reject.field) == (code, field)


TRAITS = {
    "email": "Alice@example.com",
    "firstName": "Alice",
    "lastName": "Example",
    "birthday": "1980-05-04",
    "address": {"street": "1 Example Road", "city": "Leeds", "postalCode": "ls1 1aa", "country": "UK"},
    "plan": "gold",
    "userId": "u-somebody-else",
}
KNOWN = {
    "account_id": "u-alice",
    "email": "alice@example.com",
    "given_name": "Alice",
    "family_name": "Example",
    "birth_date": "1980-05-04",
    "street": "1 Example Road",
    "city": "Leeds",
    "postcode": "LS1 1AA",
    "country": "GB",
}


def test_traits_are_read_wherever_clients_put_them() -> None:
    for where in ({"traits": TRAITS}, {"context": {"traits": TRAITS}}):
        assert taken({"type": "identify", "userId": "u-alice", **where}).fields == KNOWN


def test_traits_of_the_message_count_more_than_those_of_the_context() -> None:
    message = {"type": "identify", "userId": "u", "traits": {"city": "Leeds"}, "context": {"traits": {"city": "York"}}}
    assert taken(message).fields["city"] == "Leeds"


@pytest.mark.parametrize("nobody", [None, ""])
def test_an_anonymous_id_of_null_is_none(nobody: object) -> None:
    assert taken({**ALICE, "anonymousId": nobody}).fields == {"account_id": "u-alice"}
    assert refused({"type": "track", "event": "e", "anonymousId": nobody}).code == "missing_identifier"


def test_a_device_names_itself_in_two_ways() -> None:
    assert taken({"type": "page", "context": {"device": {"id": "d-1"}}}).fields == {"device_id": "d-1"}
    both = {"type": "page", "anonymousId": "a-1", "context": {"device": {"id": "d-1"}}}
    assert taken(both).fields == {"device_id": "a-1"}


@pytest.mark.parametrize("kind", TYPES)
def test_names_of_pages_screens_and_groups_are_not_kept(kind: str) -> None:
    message = {"type": kind, "userId": "u", "event": "Signed Up", "name": "alice@example.com", "groupId": "g"}
    message |= {"mergeProperties": [{"type": "loyalty_card", "value": "lc-7001"}]} if kind == "merge" else {}
    envelope = taken(message)
    assert (envelope.kind, envelope.event) == (kind, "Signed Up" if kind == "track" else "")
    assert "alice" not in repr(envelope)


# The client's clock: what it said, and when it said it was sending.
@pytest.mark.parametrize(
    ("said", "sent_at", "happened"),
    [
        ({"timestamp": "2026-11-20T10:00:00Z"}, None, "2026-11-20T10:00:00Z"),
        ({"timestamp": "2026-11-22T10:00:00Z"}, "2026-11-22T10:00:30Z", "2026-11-22T11:59:30Z"),
        ({"originalTimestamp": "2026-11-22T10:00:00Z"}, "2026-11-22T10:00:30Z", "2026-11-22T11:59:30Z"),
        (
            {"originalTimestamp": "2026-11-22T10:00:00Z", "timestamp": "2026-11-01T00:00:00Z"},
            "2026-11-22T10:00:30Z",
            "2026-11-22T11:59:30Z",
        ),
        (
            {"timestamp": "2026-11-22T10:00:00Z", "sentAt": "2026-11-22T11:00:00Z"},
            "2026-11-22T10:00:30Z",
            "2026-11-22T11:00:00Z",
        ),
        ({"timestamp": "2051-03-01T08:00:00Z"}, "2051-03-01T09:00:00Z", "2026-11-22T11:00:00Z"),
        ({"timestamp": "1970-01-01T00:10:00Z"}, "1970-01-01T00:12:00Z", "2026-11-22T11:58:00Z"),
        ({"timestamp": "2026-11-22T12:00:05Z"}, "2026-11-22T12:00:00Z", "2026-11-22T12:00:00Z"),
        ({}, "2026-11-22T10:00:30Z", "2026-11-22T12:00:00Z"),
        ({"timestamp": ""}, None, "2026-11-22T12:00:00Z"),
    ],
)
def test_the_clients_clock_is_set_right(said: dict[str, str], sent_at: str | None, happened: str) -> None:
    assert taken({**ALICE, **said}, sent_at=sent_at).occurred_at == datetime.fromisoformat(happened)


@pytest.mark.parametrize(
    ("said", "field", "why"),
    [
        ({"timestamp": "soon"}, "timestamp", "not an instant"),
        ({"timestamp": ["2026-11-20"]}, "timestamp", "not an instant"),
        ({"timestamp": True}, "timestamp", "not an instant"),
        ({"timestamp": "1066-10-14T09:00:00Z"}, "timestamp", "before 1970"),
        ({"timestamp": "2999-01-01T00:00:00Z"}, "timestamp", "in the future"),
        ({"timestamp": "2999-01-01T00:00:00Z", "sentAt": "2026-11-22T12:00:00Z"}, "timestamp", "in the future"),
        ({"timestamp": "2026-11-20", "sentAt": "later"}, "sentAt", "not an instant"),
        ({"timestamp": "2026-11-20", "sentAt": {"at": 1}}, "sentAt", "not an instant"),
        ({"originalTimestamp": "soon"}, "originalTimestamp", "not an instant"),
        ({"timestamp": "0001-01-01T00:00:00Z", "sentAt": "9999-01-01T00:00:00Z"}, "timestamp", "too far from"),
        ({"timestamp": "2026-11-20", "sentAt": "0001-01-01"}, "sentAt", "too far from 'timestamp'"),
        ({"timestamp": "2026-11-20", "sentAt": "1700000000"}, "sentAt", "too far from 'timestamp'"),
        ({"timestamp": "2999-01-01", "sentAt": "2026-11-20"}, "timestamp", "in the future"),
    ],
)
def test_an_absurd_instant_names_its_field(said: dict[str, object], field: str, why: str) -> None:
    reject = refused({**ALICE, **said})
    assert (reject.code, reject.field) == ("absurd_date", field)
    assert why in reject.message
    assert reject.message.startswith(f"'{field}' ")


def test_consent_preferences_are_what_the_person_said() -> None:
    context = {"consent": {"categoryPreferences": {"analytics": True, "newsletter": False}}}
    meaning = {"consents": {"newsletter": {"purpose": "marketing", "channel": "email"}}}
    source = Source(name="shop", kind="online", format="segment", mapping=meaning)
    assert taken({**ALICE, "context": context}, source=source).said == (
        Said("analytics", "", True),
        Said("marketing", "email", False),
    )


def preferring(value: object) -> dict[str, object]:
    return {"context": {"consent": {"categoryPreferences": value}}}


WRONG = [5, "text", ["a"], True]
OBJECTS = [
    *(({"traits": value}, "traits") for value in WRONG),
    *(({"properties": value}, "properties") for value in WRONG),
    *(({"context": value}, "context") for value in WRONG),
    *(({"context": {"traits": value}}, "context.traits") for value in WRONG),
    *(({"context": {"page": value}}, "context.page") for value in WRONG),
    *(({"context": {"device": value}}, "context.device") for value in WRONG),
    *(({"context": {"consent": value}}, "context.consent") for value in WRONG),
    *((preferring(value), "context.consent.categoryPreferences") for value in WRONG),
    *(({"traits": {"address": value}}, "traits.address") for value in WRONG),
    ({"context": {"consent": []}}, "context.consent"),
    ({"traits": []}, "traits"),
]
VALUES = [
    *(({"userId": value}, "userId") for value in ({"a": 1}, ["a"], True)),
    *(({"anonymousId": value}, "anonymousId") for value in ({"a": 1}, ["a"], True)),
    *(({"messageId": value}, "messageId") for value in (5, {"a": 1}, ["a"], True)),
    *(({"traits": {"email": value}}, "traits.email") for value in ({"a": 1}, ["a"], False)),
    *(({"traits": {"name": value}}, "traits.name") for value in ({"a": 1}, ["a"], True)),
    *(({"traits": {"birthday": value}}, "traits.birthday") for value in ({"a": 1}, True)),
    *(({"traits": {"address": {"city": value}}}, "traits.address.city") for value in ({"a": 1}, ["a"], True)),
    *(({"context": {"ip": value}}, "context.ip") for value in ({"a": 1}, ["a"], True)),
    *(({"context": {"page": {"url": value}}}, "context.page.url") for value in ({"a": 1}, ["a"], True)),
    *(({"context": {"device": {"id": value}}}, "context.device.id") for value in ({"a": 1}, ["a"], True)),
    *(({"properties": {"revenue": value}}, "revenue") for value in ("lots", {"a": 1}, ["a"], True)),
    *((preferring({"news": value}), "context.consent.categoryPreferences.news") for value in ("yes", 1, None)),
]  # fmt: skip


@pytest.mark.parametrize(("different", "field"), OBJECTS + VALUES)
def test_a_wrong_type_names_its_field(different: dict[str, object], field: str) -> None:
    reject = refused({**ALICE, **different})
    assert (reject.code, reject.field, reject.position) == ("wrong_type", field, 7)
    assert reject.message.startswith(f"'{field}' must be ")
    assert reject.body == json.dumps({**ALICE, **different}, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("message", "code", "field"),
    [
        (None, "unknown_type", "type"),
        ("text", "not_an_object", ""),
        (["track"], "not_an_object", ""),
        (5, "not_an_object", ""),
        ({}, "unknown_type", "type"),
        ({**ALICE, "type": "delete"}, "unknown_type", "type"),
        ({**ALICE, "type": ["track"]}, "unknown_type", "type"),
        ({**ALICE, "type": {"a": 1}}, "unknown_type", "type"),
        ({**ALICE, "event": None}, "missing_field", "event"),
        ({**ALICE, "event": " "}, "missing_field", "event"),
        ({**ALICE, "event": 5}, "missing_field", "event"),
        ({**ALICE, "userId": None}, "missing_identifier", "userId"),
        ({**ALICE, "messageId": "m" * 101}, "too_long", "messageId"),
        ({**ALICE, "userId": "u\0"}, "invalid_text", "userId"),
        ({**ALICE, "traits": {"birthday": "1980-02-30"}}, "absurd_date", "traits.birthday"),
        ({**ALICE, "traits": {"firstName": "cut \ud83d"}}, "unstorable_json", ""),
        ({**ALICE, "properties": {"items": 10**30}}, "unstorable_json", ""),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(message: object, code: str, field: str) -> None:
    reject = refused(message)
    assert (reject.code, reject.field) == (code, field)
    assert reject.body


def nested(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = {"in": [value]}
    return value


def test_what_is_nested_without_end_is_refused_and_told_apart() -> None:
    reject = refused({**ALICE, "properties": nested(5_000)})
    assert (reject.code, reject.message) == (
        "unstorable_json",
        "The message cannot be stored as JSON: recursion limit reached.",
    )
    assert reject.message_hash != refused({**ALICE, "userId": "u-bob", "properties": nested(5_000)}).message_hash


def test_an_oversize_message_is_kept_as_hash_and_size_alone() -> None:
    reject = refused({**ALICE, "properties": {"note": "x" * 40_000}})
    assert (reject.code, reject.body, reject.size) == ("too_large", None, 40_086)
    assert reject.message == "The message has 40086 bytes; at most 32768."


def test_a_message_without_an_id_is_known_by_its_content() -> None:
    assert taken(ALICE).message_hash == taken(dict(ALICE)).message_hash != taken({**ALICE, "userId": "u"}).message_hash
    assert (
        taken({**ALICE, "messageId": "m-1"}).message_hash == taken({**ALICE, "messageId": "m-1", "a": 1}).message_hash
    )


def test_a_long_event_name_is_cut() -> None:
    assert taken({**ALICE, "event": "e\0" * 200}).event == "e" * 60


def test_the_declared_amount_is_what_was_paid() -> None:
    mapping = {"properties": {"net": "number", "value": "number"}, "amount": "net"}
    source = Source(name="shop", kind="online", format="segment", mapping=mapping)
    envelope = taken({**ALICE, "properties": {"net": 8, "value": 10}}, source=source)
    assert envelope.properties == {"net": 8.0, "value": 10.0, "amount": 8.0}


KEYS = st.sampled_from(
    ["type", "userId", "anonymousId", "messageId", "event", "timestamp", "sentAt", "originalTimestamp", "traits",
     "properties", "context", "consent", "categoryPreferences", "page", "url", "ip", "device", "id", "address", "city",
     "email", "phone", "birthday", "name", "revenue", "items"]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.text(st.characters())
    | st.sampled_from(["track", "identify", "2026-11-20", "2026-11-20T10:00:00Z", "\0", "\ud83d"])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.text(), inner, max_size=6)
)


@given(JSON | st.dictionaries(KEYS, JSON), JSON)
def test_whatever_json_says_is_read_or_refused(message: object, sent_at: object) -> None:
    item = read(message, SHOP, position=0, now=NOW, sent_at=sent_at)
    if isinstance(item, Envelope):
        assert item.fields.keys() & {"account_id", "device_id"}
        assert item.occurred_at <= NOW + timedelta(hours=24)
        assert all("\0" not in text and text.encode() for text in item.fields.values())
    else:
        assert item.code
        assert item.message
