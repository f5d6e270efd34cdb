"""What is wrong with the rules of quality in a mapping, a sentence each, naming the place."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from records import properties
from records.dictionary import FIELDS, IDENTIFIERS
from records.json_schema import LONGEST_PATTERN, is_linear
from records.quality import (
    EVENT,
    FRESH,
    KIND,
    OCCURRED_AT,
    OF_RECORDS,
    ONE_OF,
    PATTERN,
    PRESENT,
    QUARANTINE,
    RANGE,
    RULES,
    UNIQUE,
)

MOST_RULES, MOST_VALUES, MOST_WATCHED = 100, 1_000, 20
# So that a flag with the name in it has room in a record.
LONGEST_NAME = 40
LONGEST_VALUE = 200
MOST_DAYS = 36_500
# Beyond it a number does not stand exactly in JSON.
LARGEST = 2**53
NUMBERS = ("number", "integer")
MEMBERS = {
    PRESENT: (),
    RANGE: ("min", "max"),
    PATTERN: ("pattern",),
    ONE_OF: ("values",),
    FRESH: ("days",),
    UNIQUE: (),
}


def faults(mapping: Mapping[str, Any]) -> Iterator[str]:
    """Of the rules, and of the properties whose outliers are to be flagged."""
    types = types_of(mapping)
    yield from _of_rules(mapping.get("quality", []), types)
    watched = mapping.get("outliers", [])
    if not isinstance(watched, list) or not all(isinstance(name, str) for name in watched):
        yield "'outliers' must be a list of names of properties."
    elif len(watched) > MOST_WATCHED:
        yield f"'outliers' names at most {MOST_WATCHED} properties."
    else:
        for name in watched:
            if types.get(name) not in NUMBERS or len(name) > LONGEST_NAME:
                yield f"'outliers' names '{name[:40]}', which is no declared property of numbers."


def types_of(mapping: Mapping[str, Any]) -> dict[str, str]:
    """The type of each property that a record of this mapping may have."""
    declared = mapping.get("properties")
    known = {name: it for name, it in declared.items() if isinstance(it, str)} if isinstance(declared, dict) else {}
    recognized = properties.COMMERCE if declared is None or mapping.get("recognize") else {}
    return {"amount": "number", **recognized, **known}


def _of_rules(given: object, types: Mapping[str, str]) -> Iterator[str]:
    if not isinstance(given, list):
        yield "'quality' must be a list of rules."
        return
    if len(given) > MOST_RULES:
        yield f"'quality' has at most {MOST_RULES} rules."
        return
    for number, rule in enumerate(given, 1):
        fault = _of_rule(rule, types)
        if fault:
            yield f"Rule {number} of 'quality' {fault}"


def _of_rule(rule: object, types: Mapping[str, str]) -> str:
    """What is wrong with it, as the end of a sentence; empty when nothing is."""
    if not isinstance(rule, dict) or not isinstance(rule.get("field"), str) or not isinstance(rule.get("rule"), str):
        return "must be an object with a 'field' and a 'rule'."
    name = rule["rule"]
    if name not in RULES:
        return f"must be one of {', '.join(RULES)}."
    if rule.get("otherwise") not in (None, "flag", QUARANTINE):
        return "says what happens 'otherwise': flag or quarantine."
    if unknown := sorted(set(rule) - {"field", "rule", "otherwise", *MEMBERS[name]}):
        return f"has '{unknown[0][:40]}', which a rule '{name}' does not know."
    return _of_field(rule, types) or _of_members(rule)


def _of_field(rule: Mapping[str, Any], types: Mapping[str, str]) -> str:
    name, field = rule["rule"], rule["field"]
    if field == "full_name":
        return "names full_name, which is kept as given_name and family_name: name one of these."
    if field not in FIELDS and field not in types and field not in OF_RECORDS:
        return (
            f"names '{field[:40]}', which is neither a field of the data dictionary nor a declared property, nor one "
            f"of {', '.join(OF_RECORDS)}."
        )
    if len(field) > LONGEST_NAME:
        return f"names a property of more than {LONGEST_NAME} characters."
    if name == UNIQUE:
        if field not in IDENTIFIERS:
            return f"is for an identifier: {', '.join(sorted(IDENTIFIERS))}."
        return "can only flag: whose record it is, is known once it is taken in." if rule.get("otherwise") else ""
    if name == RANGE and (field in FIELDS or types.get(field) not in NUMBERS):
        return "is for a property of numbers."
    if name == FRESH and field != OCCURRED_AT:
        return f"is for {OCCURRED_AT}."
    if name != FRESH and field == OCCURRED_AT:
        return f"names {OCCURRED_AT}, for which there is the rule '{FRESH}'."
    if name == PATTERN and field not in (*FIELDS, KIND, EVENT) and types.get(field) != "string":
        return "is for a text."
    return ""


def _of_members(rule: Mapping[str, Any]) -> str:
    name = rule["rule"]
    if name == RANGE:
        ends = [rule[end] for end in ("min", "max") if end in rule]
        if not ends or not all(map(_is_number, ends)) or ends != sorted(ends):
            return "needs 'min' or 'max' or both, numbers of which the first is not the larger one."
    if name == PATTERN and not (isinstance(rule.get("pattern"), str) and is_linear(rule["pattern"])):
        return (
            "has no pattern, or one that cannot be matched in linear time (looking around, repeating what was found, "
            f"or beyond {LONGEST_PATTERN} characters)."
        )
    if name == ONE_OF and not _is_reference_set(rule.get("values")):
        return f"needs 'values': 1 to {MOST_VALUES:,} texts (of at most {LONGEST_VALUE} characters) or numbers."
    if name == FRESH and not (_is_number(rule.get("days")) and 0 < rule["days"] <= MOST_DAYS):
        return f"needs 'days': a number above 0, at most {MOST_DAYS:,}."
    return ""


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and math.isfinite(value)
        and abs(value) <= LARGEST
    )


def _is_reference_set(values: object) -> bool:
    return (
        isinstance(values, list)
        and 1 <= len(values) <= MOST_VALUES
        and all(_is_number(it) or (isinstance(it, str) and len(it) <= LONGEST_VALUE) for it in values)
    )
