"""Contracts: what a source declares, what its schema refuses, and what becomes of the rest, row by row."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from records import json_schema, sources
from records.contracts import contract_of
from records.declared import shape_of
from records.envelope import Envelope, Reject
from records.envelopes import cloudevents, rows, segment
from records.envelopes.streamed import Around, Reader, always
from records.models import Source

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
MAPPING: dict[str, Any] = {
    "fields": {"customer_number": "customer_number", "contact.mail": "email"},
    "properties": {"tier": "string"},
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["customer_number"],
    "properties": {
        "customer_number": {"type": "string", "pattern": "^[0-9]+$"},
        "tier": {"enum": ["gold", "silver"]},
        "points": {"type": "integer", "minimum": 0},
        "active": {"type": "boolean"},
        "contact": {"$ref": "#/$defs/contact"},
    },
    "$defs": {"contact": {"properties": {"mail": {"type": "string", "maxLength": 40}, "fax": {"type": "string"}}}},
}
ALICE = {"customer_number": "1001", "contact": {"mail": "alice@example.com"}}


def source(mode: str = "strict", schema: object = None, *, format: str = "rows", mapping: Any = None) -> Source:
    return Source(
        name="crm",
        kind="offline",
        format=format,
        mapping=MAPPING if mapping is None else mapping,
        contract_mode=mode,
        contract_schema=json.dumps(schema) if schema else "",
    )


def read(row: dict[str, Any], of: Source) -> Envelope | Reject:
    return rows.read(row, of, rows.mapping_for(of, tuple(rows.flatten(row))), position=1, now=NOW)


def why(item: Envelope | Reject) -> tuple[str, str]:
    assert isinstance(item, Reject)
    return item.code, item.field


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"customer_number": "canary"}, "customer_number", "does not match the schema's pattern (pattern)"),
        ({"customer_number": ""}, "customer_number", "is missing (required)"),
        ({"customer_number": None}, "customer_number", "is missing (required)"),
        ({"tier": "canary"}, "tier", "is not one of the values that the schema lists (enum)"),
        ({"points": "canary"}, "points", "must be integer (type)"),
        ({"points": "-1"}, "points", "must be at least 0 (minimum)"),
        ({"points": -1}, "points", "must be at least 0 (minimum)"),
        ({"points": 1.5}, "points", "must be integer (type)"),
        ({"active": "perhaps"}, "active", "must be boolean (type)"),
        ({"contact": {"mail": "canary" * 9}}, "contact.mail", "must have at most 40 characters (maxLength)"),
    ],
)
@pytest.mark.parametrize("mode", ["strict", "discover", "block"])
def test_what_breaks_the_schema_is_named_without_its_value(
    mode: str, change: dict[str, Any], field: str, message: str
) -> None:
    reject = read({**ALICE, **change}, source(mode, SCHEMA))
    assert why(reject) == ("breaks_contract", field)
    assert reject.message == f"'{field}' {message}."


def test_text_counts_as_what_it_says() -> None:
    row = {**ALICE, "points": " 12 ", "active": "Yes", "tier": "gold"}
    assert isinstance(read(row, source("block", SCHEMA)), Envelope)


def test_null_counts_where_the_schema_takes_it() -> None:
    schema = {"required": ["points"], "properties": {"points": {"type": ["integer", "null"]}}}
    assert isinstance(read({**ALICE, "points": None}, source("strict", schema)), Envelope)
    assert why(read({**ALICE, "points": ""}, source("strict", schema))) == ("breaks_contract", "points")


def test_names_that_a_record_brings_are_masked() -> None:
    closed = {**SCHEMA, "additionalProperties": False}
    reject = read({**ALICE, "canary@example.com": "x"}, source("strict", closed))
    assert why(reject) == ("breaks_contract", "…")
    assert "canary" not in reject.message
    blocked = read({**ALICE, "canary@example.com": "x"}, source("block"))
    assert why(blocked) == ("undeclared_field", "…")
    assert "canary" not in blocked.message


def test_strict_drops_and_counts_what_neither_mapping_nor_schema_declares() -> None:
    read_ = read(
        {**ALICE, "points": 5, "shoe_size": 44, "contact": {**ALICE["contact"], "fax": "1"}}, source(schema=SCHEMA)
    )
    assert (read_.flags, read_.undeclared) == (("undeclared:1",), {})


def test_discover_keeps_what_is_undeclared_and_filled() -> None:
    row = {**ALICE, "shoe": {"size": 44, "left": None}, "hobbies": ["chess"], "remark": "", "points": 5}
    read_ = read(row, source("discover", SCHEMA))
    assert (read_.undeclared, read_.flags) == ({"shoe.size": 44, "hobbies": ["chess"]}, ("discovered",))


def test_block_refuses_what_is_undeclared_and_filled() -> None:
    assert why(read({**ALICE, "shoe_size": 44}, source("block", SCHEMA))) == ("undeclared_field", "shoe_size")
    assert isinstance(read({**ALICE, "shoe_size": None, "points": "3"}, source("block", SCHEMA)), Envelope)


@pytest.mark.parametrize("undeclared", [{"religion": "x"}, {"remark": "hiv test"}, {"more": [{"note": "hiv test"}]}])
def test_discover_keeps_nothing_of_a_special_category(undeclared: dict[str, Any]) -> None:
    assert why(read({**ALICE, **undeclared}, source("discover")))[0] == "special_category"
    allowed = {**MAPPING, "special_categories": [*undeclared]}
    assert isinstance(read({**ALICE, **undeclared}, source("discover", mapping=allowed)), Envelope)


def test_columns_recognized_by_name_are_declared() -> None:
    row = {"Customer ID": "1001", "E-Mail": "alice@example.com", "shoe_size": 44}
    assert read(row, source("discover", mapping={})).undeclared == {"shoe_size": 44}
    by_name = read(
        {**row, "shoe_size": "44"}, source(mapping={"recognize": True, "properties": {"shoe_size": "integer"}})
    )
    assert (by_name.fields, by_name.properties) == (
        {"customer_number": "1001", "email": "alice@example.com"},
        {"shoe_size": 44},
    )


MESSAGE: dict[str, Any] = {
    "type": "track",
    "event": "Ordered",
    "userId": "u-1",
    "properties": {"total": 5, "mood": "good", "cart": {"size": 2}},
    "context": {"traits": {"email": "alice@example.com", "plan": "pro", "address": {"city": "Leeds", "floor": 3}}},
}


def told(of: Source, message: dict[str, Any] = MESSAGE) -> Envelope | Reject:
    return segment.read(message, of, position=0, now=NOW)


def test_messages_keep_undeclared_properties_and_traits() -> None:
    assert told(source("discover", format="segment", mapping={})).undeclared == {
        "properties.mood": "good",
        "properties.cart.size": 2,
        "traits.plan": "pro",
        "traits.address.floor": 3,
    }


def test_a_schema_declares_members_of_a_message() -> None:
    parts = {
        "properties": {"properties": {"mood": {"type": "string"}, "cart": {}}},
        "context": {"properties": {"traits": {"properties": {"plan": {"enum": ["pro"]}}}}},
        "traits": {"properties": {"address": {"properties": {"floor": {"type": "integer"}}}}},
    }
    declared = source("block", {"properties": parts}, format="segment", mapping={})
    assert isinstance(told(declared), Envelope)
    broken = {**MESSAGE, "properties": {"mood": 5}}
    assert why(told(declared, broken)) == ("breaks_contract", "properties.mood")
    assert why(told(source("block", format="segment", mapping={}))) == ("undeclared_field", "properties.mood")


def test_a_mapping_declares_traits_and_what_is_nested_in_messages() -> None:
    mapping = {
        "fields": {"traits.address.floor": "street", "properties.mood": "city"},
        "properties": {"total": "number", "cart.size": "integer", "traits.plan": "string"},
    }
    read_ = told(source("block", format="segment", mapping=mapping))
    assert read_.properties == {"total": 5.0, "amount": 5.0, "cart.size": 2, "traits.plan": "pro"}
    assert (read_.fields["street"], read_.fields["city"]) == ("3", "Good")


def test_strict_messages_are_read_as_ever() -> None:
    read_ = told(source(format="segment", mapping={}))
    assert (read_.undeclared, read_.flags) == ({}, ("undeclared:2",))


def test_events_and_streams_are_held_against_the_contract() -> None:
    of = source("block", SCHEMA)
    event = {"specversion": "1.0", "id": "1", "source": "/t", "type": "x", "data": {**ALICE, "points": -1}}
    assert why(cloudevents.read(event, of, position=0, now=NOW)) == ("breaks_contract", "points")
    event["data"] = {**ALICE, "shoe_size": 1}
    assert why(cloudevents.read(event, of, position=0, now=NOW)) == ("undeclared_field", "shoe_size")
    event["data"] = ALICE
    assert isinstance(cloudevents.read(event, of, position=0, now=NOW), Envelope)
    reader, around = Reader(of, NOW), Around({"kafka.key": "k"})
    for row, expected in (
        ({**ALICE, "points": -1}, "breaks_contract"),
        ({**ALICE, "shoe_size": 1}, "undeclared_field"),
    ):
        assert why(reader.read(row, around, known_by=always(b"1"), position=0))[0] == expected
    assert isinstance(reader.read(ALICE, around, known_by=always(b"1"), position=0), Envelope)
    assert isinstance(
        reader.read_deletion({"customer_number": "1", "x": 1}, around, known_by=b"1", position=0), Envelope
    )


def test_without_schema_and_strict_there_is_nothing_to_hold_against() -> None:
    assert contract_of(source()) is None


def test_a_schema_is_compiled_once() -> None:
    assert contract_of(source("block", SCHEMA)) is contract_of(source("block", SCHEMA))


def test_what_a_schema_declares() -> None:
    shape = shape_of(SCHEMA)
    assert sorted(shape.names()) == [
        "active", "contact", "contact.fax", "contact.mail", "customer_number", "points", "tier",
    ]  # fmt: skip
    assert (shape.declares("contact.fax"), shape.declares("contact.tel"), shape.declares("tier.any")) == (
        True,
        False,
        True,
    )
    spelled = [name for name in ("contact.fax", "contact.tel", "tier", "tier.any", "any.tier") if shape.spells(name)]
    assert spelled == ["contact.fax", "tier"]
    branches = {"anyOf": [{"properties": {"a": {}}}, {"$ref": "#/$defs/b"}], "$defs": {"b": {"properties": {"b": {}}}}}
    assert sorted(shape_of({**branches, "not": {"properties": {"c": {}}}}).names()) == ["a", "b"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
PLACES = st.sampled_from(["#", "#/", "#/$defs/a", "#/properties/a", "#/nowhere", "https://example.com/a", "a.json"])
KEYWORDS = st.sampled_from(
    [
        *("type", "properties", "items", "required", "enum", "const", "pattern", "format", "minimum", "multipleOf"),
        *("anyOf", "allOf", "oneOf", "not", "if", "then", "else", "$ref", "$defs", "$id", "$schema", "minLength"),
        *("patternProperties", "additionalProperties", "dependentSchemas", "unevaluatedProperties", "contains"),
    ]
)
WORDS = st.sampled_from(["string", "number", "object", "^a+$", "(?=a)", "(a)\\1"])
NAMES = st.sampled_from(["a", "b", "^a"])
SCHEMAS = st.recursive(
    st.dictionaries(KEYWORDS, JSON | PLACES | WORDS),
    lambda inner: st.dictionaries(
        KEYWORDS, inner | st.lists(inner, max_size=2) | st.dictionaries(NAMES, inner, max_size=2) | PLACES, max_size=4
    ),
    max_leaves=6,
)


@given(SCHEMAS | JSON, st.dictionaries(st.sampled_from(["a", "b", "customer_number"]), JSON, max_size=3))
def test_no_schema_and_no_row_is_unhandled(schema: object, row: dict[str, Any]) -> None:
    text = json.dumps(schema)
    found = json_schema.faults(text)
    assert all(isinstance(fault, str) and fault.endswith(".") for fault in found)
    if not found:
        for mode in ("strict", "discover", "block"):
            of = Source(name="crm", kind="offline", mapping=MAPPING, contract_mode=mode, contract_schema=text)
            assert isinstance(read(row, of), Envelope | Reject)
            of.format = "segment"
            message = {"type": "identify", "userId": "u", "traits": row, "properties": row}
            assert isinstance(segment.read(message, of, position=0, now=NOW), Envelope | Reject)


@given(st.text())
def test_no_text_is_an_unhandled_schema(text: str) -> None:
    assert isinstance(json_schema.faults(text), list)


@pytest.mark.parametrize(
    "undeclared",
    [
        {"jane.doe@example.com": {"diagnosis": "x"}},
        {"jane.doe@example.com": "hiv test"},
        {"020 7946 0958.religion": "y"},
    ],
)
def test_names_that_are_somebodys_stand_in_no_reason(undeclared: dict[str, Any]) -> None:
    reject = read({**ALICE, **undeclared}, source("discover"))
    assert why(reject)[0] == "special_category"
    assert isinstance(reject, Reject)
    assert not any(word in reject.field + reject.message for word in ("jane", "7946", "example.com"))


def test_discover_looks_at_the_names_within_lists() -> None:
    visits = {"visits": [{"room": 1, "members": [{"religion": "x"}]}]}
    assert why(read({**ALICE, **visits}, source("discover"))) == ("special_category", "visits")


def test_a_message_declares_no_account_by_a_trait(db: None) -> None:
    for field in ("account_id", "device_id"):
        with pytest.raises(ValidationError, match="userId and anonymousId"):
            sources.add("web", kind="online", mapping={"fields": {"traits.id": field}})
