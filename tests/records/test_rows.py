"""Rows: read by their source's mapping, or by what their columns are called."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.envelope import Envelope, Reject, Said, message_hash
from records.envelopes import rows
from records.models import Source

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TILL: dict[str, Any] = {
    "kind": "purchase",
    "event": "Purchase",
    "message_id": ["receipt", "line"],
    "occurred_at": "sold_at",
    "amount": "paid",
    "date_order": "dmy",
    "region_column": "store",
    "fields": {"card": "loyalty_number", "buyer.phone": "phone", "buyer.name": "full_name", "born": "birth_date"},
    "properties": {"store": "string", "paid": "number"},
    "consents": {"letters": {"purpose": "marketing", "channel": "post"}, "analytics": {"purpose": "analytics"}},
}
SALE: dict[str, Any] = {
    "receipt": "R-1",
    "line": 0,
    "sold_at": "2026-11-20T10:00:00Z",
    "store": "FR-PAR-2",
    "card": "L-7001",
    "paid": "12.50",
    "buyer": {"phone": "01 99 00 12 34", "name": "Alice Example"},
    "born": "04/05/1980",
    "letters": "no",
    "analytics": "YES",
    "remark": "nice",
}


def read(row: object, mapping: dict[str, Any] | None = None, *, kind: str = "offline", copy: int = 0) -> Any:
    source = Source(name="till", kind=kind, format="rows", mapping=mapping or {})
    columns = tuple(rows.flatten(row)) if isinstance(row, dict) else ()
    return rows.read(row, source, rows.mapping_for(source, columns), position=3, now=NOW, copy=copy)


def test_a_sale_becomes_an_envelope() -> None:
    assert read(SALE, TILL) == Envelope(
        position=3,
        message_hash=message_hash("R-1|0"),
        kind="purchase",
        event="Purchase",
        occurred_at=datetime(2026, 11, 20, 10, 0, tzinfo=UTC),
        fields={
            "loyalty_number": "L-7001",
            "phone": "+33199001234",
            "given_name": "Alice",
            "family_name": "Example",
            "birth_date": "1980-05-04",
        },
        raw={"phone": "01 99 00 12 34", "full_name": "Alice Example", "birth_date": "04/05/1980"},
        properties={"store": "FR-PAR-2", "paid": 12.5, "amount": 12.5},
        said=(Said("marketing", "post", False), Said("analytics", "", True)),
        flags=("undeclared:1",),
        cleaned=("phone:phone/1", "birth_date:date/2", "family_name:split/1", "given_name:split/1"),
    )


def test_a_store_without_a_country_is_at_home() -> None:
    envelope = read({**SALE, "store": "Leeds", "buyer": {"phone": "07700 900123"}}, TILL)
    assert envelope.fields["phone"] == "+447700900123"


def test_columns_that_are_missing_say_nothing() -> None:
    envelope = read({"card": "L-7001"}, TILL)
    assert (envelope.occurred_at, envelope.said, envelope.properties) == (NOW, (), {})


@pytest.mark.parametrize("lacking", [{"receipt": None}, {"receipt": ""}, {"line": None}])
def test_a_row_that_lacks_part_of_its_id_is_known_by_its_content(lacking: dict[str, object]) -> None:
    row, other = {**SALE, **lacking}, {**SALE, **lacking, "paid": "13.00"}
    assert read(row, TILL).message_hash != read(other, TILL).message_hash
    assert read(row, TILL).message_hash != read(row, TILL, copy=1).message_hash


def test_ids_of_several_columns_are_never_mixed_up() -> None:
    ids = [("a|b", "c"), ("a", "b|c"), ("a\\", "|b"), ("a\\|", "b"), ("a|", "b"), ("a", "|b")]
    hashes = {read({**SALE, "receipt": receipt, "line": line}, TILL).message_hash for receipt, line in ids}
    assert len(hashes) == len(ids)


def test_columns_are_recognized_by_their_names() -> None:
    row = {
        "Order ID": "O-1",
        "Date": "2026-11-20",
        "Customer No": "C-7001",
        "E-Mail": "Alice@example.com",
        "Total": "12.50",
        "Currency": "GBP",
        "Remark": "nice",
    }
    envelope = read(row)
    assert envelope.kind == "purchase"
    assert envelope.fields == {"customer_number": "C-7001", "email": "alice@example.com"}
    assert envelope.properties == {"Order ID": "O-1", "Total": 12.5, "Currency": "GBP", "amount": 12.5}
    assert envelope.occurred_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert envelope.message_hash == message_hash("O-1")


@pytest.mark.parametrize(
    ("row", "source_kind", "kind"),
    [
        ({"email": "alice@example.com", "city": "Leeds"}, "offline", "profile"),
        ({"email": "alice@example.com", "amount": "5"}, "offline", "purchase"),
        ({"device_id": "d-1", "value": "21.5"}, "iot", "telemetry"),
    ],
)
def test_the_kind_follows_from_the_columns(row: dict[str, object], source_kind: str, kind: str) -> None:
    assert read(row, kind=source_kind).kind == kind


def test_nested_columns_are_recognized_by_their_last_name() -> None:
    assert read({"owner": {"email": "alice@example.com"}}).fields == {"email": "alice@example.com"}


def test_the_kind_of_a_row_may_stand_in_a_column() -> None:
    mapping = {"kind_column": "type", "kind": "telemetry", "opens_episode": "setup", "fields": {"id": "device_id"}}
    assert (read({"id": "d-1", "type": "setup"}, mapping).kind, read({"id": "d-1"}, mapping).kind) == (
        "setup",
        "telemetry",
    )
    assert read({"id": "d-1", "type": "setup"}, mapping).opens_episode
    assert not read({"id": "d-1"}, mapping).opens_episode
    assert read({"id": "d-1", "type": "t" * 30}, mapping).kind == "t" * 16
    for wrong in ("zero\0byte", ["setup"], True):
        assert read({"id": "d-1", "type": wrong}, mapping).field == "type"


@pytest.mark.parametrize(
    ("different", "code", "field"),
    [
        ({"sold_at": "soon"}, "absurd_date", "sold_at"),
        ({"sold_at": "1066-10-14"}, "absurd_date", "sold_at"),
        ({"sold_at": ["2026-11-20"]}, "absurd_date", "sold_at"),
        ({"born": "30/02/1980"}, "absurd_date", "born"),
        ({"born": ["1980"]}, "wrong_type", "born"),
        ({"card": {"no": 1}, "buyer": None}, "missing_identifier", "card"),
        ({"card": "L\x007001"}, "invalid_text", "card"),
        ({"card": True}, "wrong_type", "card"),
        ({"paid": "lots"}, "wrong_type", "paid"),
        ({"store": ["FR"]}, "wrong_type", "store"),
        ({"letters": "perhaps"}, "wrong_type", "letters"),
        ({"letters": ["yes"]}, "wrong_type", "letters"),
        ({"remark": "x" * 40_000}, "too_large", ""),
        ({"remark": "cut \ud83d"}, "unstorable_json", ""),
    ],
)
def test_whatever_is_wrong_is_named(different: dict[str, object], code: str, field: str) -> None:
    reject = read({**SALE, **different}, TILL)
    assert isinstance(reject, Reject)
    assert (reject.code, reject.field, reject.position) == (code, field, 3)
    assert (reject.body is None) == (code == "too_large")


def test_a_row_about_nobody_says_what_would_help() -> None:
    reject = read({"city": "Leeds", "phone": "0000000000"})
    assert (reject.code, reject.field) == ("missing_identifier", "phone")
    assert reject.message == "No identifier has a readable value; give one of: phone."


def test_a_family_name_is_enough_to_be_somebody() -> None:
    assert read({"last name": "Example"}).fields == {"family_name": "Example"}


@pytest.mark.parametrize("row", [None, 5, "text", ["a"]])
def test_a_row_is_an_object(row: object) -> None:
    assert read(row).code == "not_an_object"


def nested(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = {"in": value}
    return value


def test_a_row_nested_without_end_is_refused() -> None:
    assert read({"email": "alice@example.com", "more": nested(5_000)}).code == "unstorable_json"
    assert read({"email": "alice@example.com", "more": nested(100)}).fields == {"email": "alice@example.com"}


COLUMNS = st.sampled_from([*SALE, "buyer.name", "email", "phone", "date", "total", "country", "type"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(COLUMNS | st.text(), inner, max_size=4),
)


@given(st.dictionaries(COLUMNS | st.text(), VALUES) | VALUES, st.sampled_from([TILL, None]))
def test_any_row_is_read_or_refused(row: object, mapping: dict[str, Any] | None) -> None:
    item = read(row, mapping)
    if isinstance(item, Envelope):
        assert all("\0" not in text and text.encode() for text in (*item.fields.values(), item.kind))
    else:
        assert item.message
