"""Properties are typed as their source declares them; what is not declared is dropped."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records.envelope import Unreadable
from records.properties import TYPES, declared, typed, with_amount


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        ("12.50", "number", 12.5),
        (" 12 ", "number", 12.0),
        (12, "number", 12.0),
        (-0.5, "number", -0.5),
        ("1e3", "number", 1000.0),
        ("3", "integer", 3),
        ("3.0", "integer", 3),
        (3.0, "integer", 3),
        (2**53, "integer", 2**53),
        ("GB-LDN-1", "string", "GB-LDN-1"),
        (5, "string", "5"),
        ("x" * 201, "string", "x" * 200),
        (True, "boolean", True),
        ("Yes", "boolean", True),
        ("0", "boolean", False),
    ],
)
def test_values_are_read_as_the_declared_type(value: object, kind: str, expected: object) -> None:
    read = typed("total", value, kind)
    assert read == expected
    assert type(read) is type(expected)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("lots", "number"),
        ("1_000", "number"),
        ("nan", "number"),
        ("-inf", "number"),
        (10**400, "number"),
        (True, "number"),
        ([1], "number"),
        ("1.5", "integer"),
        (1e300, "integer"),
        (2**53 + 2, "integer"),
        (False, "integer"),
        ({"a": 1}, "string"),
        (True, "string"),
        ("zero\0byte", "string"),
        ("maybe", "boolean"),
        (1, "boolean"),
    ],
)
def test_a_wrong_type_names_the_property(value: object, kind: str) -> None:
    with pytest.raises(Unreadable) as raised:
        typed("total", value, kind)
    assert (raised.value.code, raised.value.field) == ("wrong_type", "total")
    assert raised.value.message == f"'total' must be {'an' if kind == 'integer' else 'a'} {kind}."


def test_what_is_not_declared_is_dropped_and_counted() -> None:
    values = {"total": "12.50", "currency": "GBP", "note": "call alice@example.com", "gift": None, "sku": ""}
    types = {"total": "number", "currency": "string", "sku": "string"}
    assert declared(values, types) == ({"total": 12.5, "currency": "GBP"}, 2)


@pytest.mark.parametrize(
    ("properties", "paid", "amount"),
    [
        ({"amount": 5.0, "total": 7.0}, "", 5.0),
        ({"total": 7.0, "value": 9.0}, "", 7.0),
        ({"revenue": 3}, "", 3),
        ({"value": 2.0}, "", 2.0),
        ({"dollars": 11.77, "value": 1.0}, "dollars", 11.77),
        ({"amount": "5", "total": 7.0}, "", 7.0),
        ({"value": True}, "", None),
        ({"store": "GB-1"}, "", None),
        ({"value": 2.0}, "dollars", 2.0),
    ],
)
def test_what_was_paid_is_the_amount(properties: dict[str, object], paid: str, amount: object) -> None:
    before = dict(properties)
    assert with_amount(properties, paid).get("amount") == amount
    assert properties == before


ANY = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists)


@given(ANY, st.sampled_from(TYPES))
def test_any_value_is_read_or_refused(value: object, kind: str) -> None:
    with suppress(Unreadable):
        read = typed("total", value, kind)
        assert isinstance(
            read, {"number": float, "integer": int, "string": str, "boolean": bool, "currency": str}[kind]
        )


@pytest.mark.parametrize("value", ["12,50", "-1.234,5", "1,234.50", "€ 12,5", "1 234,5", "1'234,50"])
@pytest.mark.parametrize(
    ("kind", "told", "example"),
    [
        ("number", "a number. It has a comma: write digits, and a point before the decimals, such as", "1234.50"),
        ("integer", "an integer. It has a comma: write digits alone, such as", "1234"),
    ],
)
def test_a_number_with_a_comma_is_answered_with_a_way_to_write_it_that_can_be_read(
    value: str, kind: str, told: str, example: str
) -> None:
    with pytest.raises(Unreadable) as raised:
        typed("total", value, kind)
    assert raised.value.message == f"'total' must be {told} {example}."
    assert typed("total", example, kind) == float(example)


@pytest.mark.parametrize(("value", "kind"), [("lots, of them", "number"), ("12,5 lots", "number"), ("1,2", "boolean")])
def test_what_is_no_number_with_a_comma_is_not(value: str, kind: str) -> None:
    with pytest.raises(Unreadable) as raised:
        typed("total", value, kind)
    assert raised.value.message == f"'total' must be a {kind}."
