"""Currencies among the properties of a record: to their codes, or out of the properties where none is meant."""

from collections.abc import Mapping
from typing import Any

from records import currencies
from records.cleaning import Cleaned
from records.properties import CURRENCY
from records.rules import RULES

STEP = RULES["currency"].label
# Before the property's own name, where fields of the data dictionary have none.
PROPERTY = "properties."
LONGEST_NAME = 40


def with_currencies(properties: dict[str, Any], types: Mapping[str, str], cleaned: Cleaned) -> dict[str, Any]:
    """The properties with each currency as its ISO 4217 code; what was changed is noted in `cleaned`, to be sealed.

    A currency is what is declared as one, and what is called so. What cannot be read may be anything: it leaves the
    properties, which are plain.
    """
    for name in [name for name in properties if name == CURRENCY or types.get(name) == CURRENCY]:
        raw = properties[name]
        if not isinstance(raw, str):
            continue
        code, flag = currencies.code_of(raw.strip())
        if code == raw:
            continue
        kept = {other: value for other, value in properties.items() if other != name}
        properties = {**kept, name: code} if code else kept
        _note(cleaned, PROPERTY + name, raw, flag)
    return properties


def _note(cleaned: Cleaned, where: str, raw: str, flag: str | None) -> None:
    cleaned.raw[where] = raw
    cleaned.steps.append(f"{where[:LONGEST_NAME]}:{STEP}")
    if flag:
        cleaned.flags.append(f"{where[:LONGEST_NAME]}:{flag}")
