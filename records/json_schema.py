"""Schemas that a source's records can be held against: JSON Schema, draft 2020-12, checked before they are kept.

Taken are schemas whose check ends soon, whatever the record: all references are local, none leads back to itself, and
every pattern is matched in linear time. Nothing is ever fetched. See docs/decisions/contracts.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator, RegexOptions, ValidationError
from jsonschema_rs import meta as meta_schema

DRAFT = "https://json-schema.org/draft/2020-12/schema"
ABSOLUTE = ("https:", "http:", "urn:")
LARGEST = 65_536
DEEPEST = 32
# Subschemas, each counted as often as references lead to it.
MOST_SUBSCHEMAS = 5_000
LONGEST_PATTERN = 500
PATTERNS = RegexOptions(size_limit=256 * 1024, dfa_size_limit=1024 * 1024)
LONGEST_PLACE = 120
# References one behind the other.
LONGEST_CHAIN = 100

# Where subschemas stand: below a keyword as it is, in a list, or under names.
AS_IT_IS = frozenset(
    {
        *("additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then"),
        *("unevaluatedItems", "unevaluatedProperties", "contentSchema"),
    }
)
LISTED = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
NAMED = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
# Members that stand for the same value as the schema itself.
OF_THE_SAME = frozenset({"allOf", "anyOf", "oneOf", "if", "then", "else", "dependentSchemas"})
NOT_TAKEN = {
    "$dynamicRef": "'$dynamicRef' is not taken; use '$ref' with a place in this schema.",
    "$recursiveRef": "'$recursiveRef' is not taken; use '$ref' with a place in this schema.",
    "$dynamicAnchor": "'$dynamicAnchor' is not taken; name places in this schema by '#/…'.",
    "$anchor": "'$anchor' is not taken; name places in this schema by '#/…'.",
    "$vocabulary": "'$vocabulary' is not taken.",
}


class NoSchema(ValueError):
    """This is no schema that can be used; carries what is wrong with it, a sentence each."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__(" ".join(faults))
        self.faults = faults


def faults(text: str) -> list[str]:
    """What is wrong with a schema, a sentence each, naming the place; none when it can be used, or is empty."""
    try:
        compiled(text)
    except NoSchema as error:
        return error.faults
    return []


def compiled(text: str) -> tuple[Draft202012Validator, dict[str, Any]] | None:
    """The schema's validator, and the schema; None for an empty text. Raises `NoSchema`."""
    if not text.strip():
        return None
    schema = parsed(text)
    found = list(_faults(schema))
    if found:
        raise NoSchema(found)
    try:
        return validator_of(schema), schema
    except (ValidationError, ValueError):
        raise NoSchema(["The schema cannot be compiled: one of its references or patterns cannot be used."]) from None


def validator_of(schema: Mapping[str, Any]) -> Draft202012Validator:
    """Its validator, which fetches nothing. Raises `ValueError`."""
    return Draft202012Validator(dict(schema), offline=True, validate_formats=True, pattern_options=PATTERNS)


def parsed(text: str) -> dict[str, Any]:
    """The schema as an object. Raises `NoSchema`."""
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise NoSchema(["The schema holds half a character, which text cannot hold."]) from None
    if len(data) > LARGEST:
        raise NoSchema([f"The schema has {len(data):,} bytes; at most {LARGEST:,}."])
    try:
        schema = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise NoSchema([f"The schema is not JSON: it breaks in line {error.lineno}, column {error.colno}."]) from None
    if not isinstance(schema, dict):
        raise NoSchema(["The schema must be an object."])
    if is_deeper(schema, DEEPEST):
        raise NoSchema([f"The schema is nested more than {DEEPEST} deep."])
    if "\\u0000" in text and _holds_zero(schema):
        raise NoSchema(["The schema holds a zero byte, which text cannot hold."])
    return schema


def written(schema: Mapping[str, Any]) -> str:
    """The schema as people read it, a line for each name."""
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode()


def at(schema: Mapping[str, Any], reference: str) -> Any:
    """What stands where a local reference leads to: `#`, or `#/` and the names on the way. Raises `LookupError`."""
    if reference == "#":
        return schema
    if not reference.startswith("#/"):
        raise LookupError
    found: Any = schema
    for step in reference[2:].split("/"):
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and name.isascii() and name.isdigit():
            found = found[int(name)] if int(name) < len(found) else None
        else:
            found = found.get(name) if isinstance(found, dict) else None
        if found is None:
            raise LookupError
    return found


def inside(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every subschema right below this one: its keyword, its place from here, and itself."""
    for keyword, value in schema.items():
        if keyword in AS_IT_IS:
            yield keyword, _step(keyword), value
        elif keyword in LISTED and isinstance(value, list):
            yield from ((keyword, f"{_step(keyword)}/{number}", one) for number, one in enumerate(value))
        elif keyword in NAMED and isinstance(value, dict):
            yield from ((keyword, f"{_step(keyword)}{_step(name)}", one) for name, one in value.items())


def _step(name: str) -> str:
    return "/" + name.replace("~", "~0").replace("/", "~1")


def _faults(schema: dict[str, Any]) -> Iterator[str]:
    declared = schema.get("$schema", DRAFT)
    if not isinstance(declared, str) or declared.rstrip("#") != DRAFT:
        yield f"'$schema' must be {DRAFT}, or be left out."
        return
    if not str(schema.get("$id", "https:")).startswith(ABSOLUTE):
        yield "'$id' must be an address with its scheme, such as https://example.com/orders, or be left out."
        return
    walk = _Walk(schema)
    walk.go()
    yield from walk.faults
    if not walk.faults:
        yield from _of_the_standard(schema)


def _of_the_standard(schema: dict[str, Any]) -> Iterator[str]:
    """What the standard's own schema of schemas says; `$schema` and `$id` aside, which would lead elsewhere."""
    try:
        meta_schema.validate({**{name: it for name, it in schema.items() if name != "$id"}, "$schema": DRAFT})
    except ValidationError as error:
        yield f"At '{_place(error.instance_path)}' stands what the standard does not allow there."
    except ValueError:
        yield "The schema is none of the draft 2020-12."


def _place(path: list[str | int]) -> str:
    return ("#" + "".join(_step(str(step)) for step in path))[:LONGEST_PLACE]


@dataclass
class _Walk:
    """Goes through a schema once, place by place, and counts what a check of it may have to look at."""

    schema: dict[str, Any]
    faults: list[str] = field(default_factory=list)
    _sizes: dict[str, int] = field(default_factory=dict)
    _under_way: set[str] = field(default_factory=set)

    def go(self) -> None:
        size = self._size("#", self.schema)
        if not self.faults and size > MOST_SUBSCHEMAS:
            self.faults.append(
                f"With its references followed the schema has {min(size, 10**9):,} subschemas; "
                f"at most {MOST_SUBSCHEMAS:,}."
            )

    def _size(self, place: str, schema: Any) -> int:
        if not isinstance(schema, dict):
            return 1
        if len(self._under_way) > LONGEST_CHAIN:
            if not self.faults:
                self._fault(place, f"stands at the end of more than {LONGEST_CHAIN} places that lead to each other.")
            return 1
        if place in self._under_way:
            self._fault(place, "leads back to itself; schemas that contain themselves are not taken.")
            return 1
        if place not in self._sizes:
            self._under_way.add(place)
            self._check(place, schema)
            size = 1 + sum(self._size(f"{place}{below}", one) for _, below, one in inside(schema))
            self._sizes[place] = size + self._referred(place, schema)
            self._under_way.discard(place)
        return self._sizes[place]

    def _referred(self, place: str, schema: dict[str, Any]) -> int:
        reference = schema.get("$ref")
        if reference is None:
            return 0
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            self._fault(place, "refers to another document; a '$ref' must begin with '#/'. Nothing is fetched.")
            return 0
        if "%" in reference:
            self._fault(place, "refers to a place with a '%' in it; write the place as it is.")
            return 0
        try:
            return self._size(reference, at(self.schema, reference))
        except LookupError:
            self._fault(place, "refers to a place that there is not in this schema.")
            return 0

    def _check(self, place: str, schema: dict[str, Any]) -> None:
        for name, sentence in NOT_TAKEN.items():
            if name in schema:
                self._fault(place, sentence, of="")
        if place != "#" and ("$id" in schema or "$schema" in schema):
            self._fault(place, "has an '$id' or '$schema' of its own; only the schema as a whole may.")
        patterns = schema.get("patternProperties")
        for pattern in (schema.get("pattern"), *(patterns if isinstance(patterns, dict) else ())):
            if isinstance(pattern, str) and not is_linear(pattern):
                self._fault(
                    place,
                    f"has a pattern that cannot be matched in linear time (looking around, repeating what was found, "
                    f"or beyond {LONGEST_PATTERN} characters), or is none.",
                )

    def _fault(self, place: str, what: str, *, of: str = "The schema at '{place}' ") -> None:
        told = of.format(place=place[:LONGEST_PLACE].replace("{", "").replace("}", "")) if of else ""
        sentence = f"{told}{what}" if told else f"At '{place[:LONGEST_PLACE]}': {what}"
        if sentence not in self.faults and len(self.faults) < 20:
            self.faults.append(sentence)


def is_linear(pattern: str) -> bool:
    """Whether this is a pattern that is matched in linear time, whatever the text."""
    if len(pattern) > LONGEST_PATTERN:
        return False
    try:
        validator_of({"pattern": pattern})
    except ValueError:
        return False
    return True


def is_deeper(value: object, levels: int) -> bool:
    """Whether a value of JSON is nested more than so many levels deep."""
    level: list[object] = [value]
    for _ in range(levels):
        level = [inner for outer in level for inner in _parts(outer)]
    return bool(level)


def _parts(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _holds_zero(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    names = list(value) if isinstance(value, dict) else []
    return any(map(_holds_zero, [*names, *_parts(value)]))
