"""Mappings: from a source's own fields to the data dictionary; checked before they are kept."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from records import quality_faults
from records.dictionary import FIELDS
from records.json_schema import is_deeper
from records.properties import TYPES

TEXTS = ("kind", "kind_column", "event", "occurred_at", "amount", "opens_episode", "region_column", "event_column")
LONGEST = {"kind": 16, "event": 120, "opens_episode": 16}
LONGEST_COLUMN, LONGEST_CHANNEL = 200, 20
TCF_PURPOSES, HIGHEST_VENDOR = 24, 65_535
DEEPEST = 10
ORDERS = ("dmy", "mdy", "ymd")
# No JSON in the database holds these.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")
KNOWN = (
    *TEXTS,
    *("message_id", "fields", "properties", "consents", "date_order", "signals", "special_categories", "recognize"),
    *("quality", "outliers"),
)


def faults(mapping: object) -> list[str]:
    """What is wrong with a mapping, a sentence each, naming the place; none when it can be used."""
    if not isinstance(mapping, dict):
        return ["The mapping must be an object."]
    if is_deeper(mapping, DEEPEST):
        return [f"The mapping is nested more than {DEEPEST} deep."]
    if any(map(UNSTORABLE.search, _texts(mapping))):
        return ["The mapping holds a zero byte or half a character, which text cannot hold."]
    return list(_faults(mapping))


def _texts(value: object) -> Iterator[str]:
    """Every name and every text in it."""
    if isinstance(value, str):
        yield value
    for inner in (*value, *value.values()) if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)


def _faults(mapping: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(set(mapping) - set(KNOWN)):
        yield f"'{name[:40]}' is not known; a mapping has {', '.join(KNOWN)}."
    for name in TEXTS:
        if not isinstance(mapping.get(name, ""), str):
            yield f"'{name}' must be a text."
        elif len(mapping.get(name, "")) > LONGEST.get(name, LONGEST_COLUMN):
            yield f"'{name}' has at most {LONGEST.get(name, LONGEST_COLUMN)} characters."
    if mapping.get("date_order") not in (None, *ORDERS):
        yield f"'date_order' must be one of {', '.join(ORDERS)}."
    for name in ("message_id", "special_categories"):
        columns = mapping.get(name, [])
        if not isinstance(columns, list) or not all(isinstance(column, str) for column in columns):
            yield f"'{name}' must be a list of names."
    if not isinstance(mapping.get("recognize", False), bool):
        yield "'recognize' must be true or false."
    yield from _of_choices(mapping, "fields", FIELDS)
    yield from _of_choices(mapping, "properties", TYPES)
    yield from _of_consents(mapping.get("consents", {}))
    yield from _of_signals(mapping.get("signals", {}))
    yield from quality_faults.faults(mapping)


def _of_choices(mapping: Mapping[str, Any], name: str, choices: Any) -> Iterator[str]:
    """An object from the source's names to one of these."""
    given = mapping.get(name, {})
    if not isinstance(given, dict):
        yield f"'{name}' must be an object."
        return
    for key, value in given.items():
        if not isinstance(value, str) or value not in choices:
            yield f"'{name}.{key[:40]}' must be one of {', '.join(choices)}."


def _of_consents(given: object) -> Iterator[str]:
    if not isinstance(given, dict):
        yield "'consents' must be an object."
        return
    for key, value in given.items():
        if not isinstance(value, dict) or not isinstance(value.get("purpose"), str) or not _is_channel(value):
            yield f"'consents.{key[:40]}' must be an object with a purpose and, optionally, a channel."
        elif not isinstance(value.get("double_opt_in", False), bool):
            yield f"'consents.{key[:40]}.double_opt_in' must be true or false."
        elif value.get("double_opt_in") and value.get("channel") != "email":
            yield f"'consents.{key[:40]}.double_opt_in' is for the channel email."


def _of_signals(given: object) -> Iterator[str]:
    """How consent signals are read: see `consent.signals.meaning`."""
    if not isinstance(given, dict) or set(given) - {"tcf", "vendor", "opt_out"}:
        yield "'signals' must be an object of tcf, vendor and opt_out."
        return
    needs = given.get("tcf", {})
    if not isinstance(needs, dict) or not all(_is_purposes_of_tcf(needed) for needed in needs.values()):
        yield f"'signals.tcf' must name, for each purpose, TCF purposes from 1 to {TCF_PURPOSES}."
    vendor = given.get("vendor")
    if vendor is not None and (not _is_number(vendor) or not 1 <= vendor <= HIGHEST_VENDOR):
        yield f"'signals.vendor' must be a number from 1 to {HIGHEST_VENDOR}."
    opt_out = given.get("opt_out", [])
    if not isinstance(opt_out, list) or not all(isinstance(purpose, str) for purpose in opt_out):
        yield "'signals.opt_out' must be a list of purposes."


def _is_purposes_of_tcf(needed: object) -> bool:
    return (
        isinstance(needed, list) and needed != [] and all(_is_number(it) and 1 <= it <= TCF_PURPOSES for it in needed)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_channel(value: Mapping[str, Any]) -> bool:
    channel = value.get("channel", "")
    return isinstance(channel, str) and len(channel) <= LONGEST_CHANNEL
