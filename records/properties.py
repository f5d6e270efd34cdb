"""Properties: the plain values of a record that its source has declared, typed. What is not declared is dropped."""

import math
import re
from collections.abc import Mapping
from typing import Any

from records.envelope import Unreadable
from records.yes_no import yes_or_no

CURRENCY = "currency"
TYPES = ("number", "integer", "string", "boolean", CURRENCY)
# The plain members of Segment's e-commerce events; a source's own mapping replaces them.
COMMERCE = {
    "order_id": "string",
    "total": "number",
    "revenue": "number",
    "value": "number",
    "amount": "number",
    "currency": CURRENCY,
    "quantity": "integer",
    "price": "number",
    "discount": "number",
    "product_id": "string",
    "sku": "string",
    "category": "string",
    "brand": "string",
    "items": "integer",
    "store": "string",
    "metric": "string",
    "unit": "string",
}
AMOUNTS = ("amount", "total", "revenue", "value")
LONGEST = 200
# Digits in groups, with a comma among them: which is the decimal mark, nobody guesses.
WITH_COMMA = re.compile(r"^[^\w,.]*\d[\d.' \u00a0\u202f]*,\d[\d.,]*[^\w,.]*$")
# Beyond it a number read from JSON no longer says which integer was meant (RFC 8259, section 6).
LARGEST_INTEGER = 2**53


def declared(values: Mapping[str, Any], types: Mapping[str, str]) -> tuple[dict[str, Any], int]:
    """The declared properties, typed, and how many others were dropped. Raises `Unreadable` on a wrong type."""
    kept = {
        name: typed(name, value, types[name])
        for name, value in values.items()
        if name in types and value not in (None, "")
    }
    return kept, sum(1 for name in values if name not in types)


def with_amount(properties: dict[str, Any], paid: str = "") -> dict[str, Any]:
    """The properties with `amount` filled from what this source declares, or seems, to call what was paid."""
    if not paid and properties.keys().isdisjoint(AMOUNTS):
        return properties
    for name in (paid, *AMOUNTS):
        if isinstance(amount := properties.get(name), int | float) and not isinstance(amount, bool):
            return {**properties, "amount": amount}
    return properties


def typed(name: str, value: object, kind: str) -> Any:
    """The value as the declared type; raises `Unreadable` naming the property."""
    if kind == "string" and type(value) is str and "\0" not in value:
        return value[:LONGEST]
    try:
        return _READERS[kind](value)
    except (ValueError, TypeError, OverflowError):
        told = f"'{name}' must be {'an' if kind == 'integer' else 'a'} {kind}."
        raise Unreadable("wrong_type", name, told + _hint(value, kind)) from None


def _hint(value: object, kind: str) -> str:
    """The way out where a number is written as in many countries; nothing of the value."""
    if kind in ("number", "integer") and isinstance(value, str) and WITH_COMMA.match(value):
        if kind == "integer":
            return " It has a comma: write digits alone, such as 1234."
        return " It has a comma: write digits, and a point before the decimals, such as 1234.50."
    return ""


def _number(value: object) -> float:
    if type(value) is float and math.isfinite(value):
        return value
    # Python reads 1_0 as ten; nobody who writes amounts means that.
    if isinstance(value, bool) or not isinstance(value, str | int | float) or "_" in str(value):
        raise TypeError
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _integer(value: object) -> int:
    if type(value) is int and abs(value) <= LARGEST_INTEGER:
        return value
    number = _number(value)
    if number != int(number) or abs(number) > LARGEST_INTEGER:
        raise ValueError
    return int(number)


def _string(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or "\0" in str(value):
        raise TypeError
    return str(value)[:LONGEST]


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    said = yes_or_no(value) if isinstance(value, str) else None
    if said is None:
        raise TypeError
    return said


_READERS = {"number": _number, "integer": _integer, "string": _string, "boolean": _boolean, CURRENCY: _string}
