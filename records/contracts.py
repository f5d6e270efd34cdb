"""Contracts: what a source's records must be, and what becomes of fields that it has not declared.

A field is declared by the source's mapping or by its schema. What a schema declares and no mapping takes is checked,
and not kept. A field without a value (an empty cell, null) is not there.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from jsonschema_rs import Draft202012Validator, ValidationError

from records import contract_words, json_schema
from records.declared import NOTHING, NULL, STRING, Shape, shape_of
from records.envelope import Unreadable, as_json
from records.models import BLOCK, DISCOVER, STRICT, Source
from records.shown_names import shown
from records.yes_no import yes_or_no

NUMBER = re.compile(r"-?\d{1,18}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,3})?", re.ASCII)


@dataclass(frozen=True)
class Contract:
    """What holds for the records of one source."""

    mode: str
    shape: Shape
    validator: Draft202012Validator | None = None

    def check_row(self, row: Mapping[str, Any]) -> None:
        """Raises `Unreadable` where a row breaks the schema. A text counts as the number that it says: files of text
        have nothing else."""
        if self.validator:
            self._check(_readable(orjson.loads(as_json(row)[0]), self.shape))

    def check_message(self, message: Mapping[str, Any]) -> None:
        """The same for a message of JSON, as it is."""
        if self.validator:
            self._check(message)

    def settle(self, undeclared: Mapping[str, Any]) -> dict[str, Any]:
        """What of these undeclared fields is to be kept. Raises `Unreadable` where the record may not have any."""
        filled = {name: value for name, value in undeclared.items() if value not in (None, "")}
        if self.mode == BLOCK and filled:
            told = shown(next(iter(filled)))
            raise Unreadable(
                "undeclared_field", told, f"'{told}' is declared neither by the source's mapping nor by its schema."
            )
        return filled if self.mode == DISCOVER else {}

    def _check(self, instance: object) -> None:
        try:
            if self.validator is not None:
                # The first fault alone: to find all of them may take many times as long as the record is worth.
                self.validator.validate(instance)
        except ValidationError as error:
            field, sentence = contract_words.of(error)
            raise Unreadable("breaks_contract", field, sentence) from None
        except ValueError:
            # Nested beyond what the validator follows, or no value of JSON.
            raise Unreadable("breaks_contract", "", contract_words.UNCHECKED) from None


def contract_of(source: Source) -> Contract | None:
    """What holds for this source's records; None where it drops what is undeclared and has no schema.

    Its schema is compiled once in each process.
    """
    if not source.contract_schema and source.contract_mode == STRICT:
        return None
    return _contract(source.contract_mode, source.contract_schema)


@lru_cache(maxsize=128)
def _contract(mode: str, schema: str) -> Contract:
    compiled = json_schema.compiled(schema)
    if compiled is None:
        return Contract(mode, NOTHING)
    validator, parsed = compiled
    return Contract(mode, shape_of(parsed), validator)


def names_in(value: Any) -> Iterable[str]:
    """Every name of a member in this value, however deep it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield str(name)
            yield from names_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from names_in(inner)


def texts_in(values: Iterable[Any]) -> Iterable[str]:
    """Every text in these values, however deep it stands; numbers are written out."""
    for value in values:
        if isinstance(value, dict):
            yield from texts_in([*value, *value.values()])
        elif isinstance(value, list | tuple):
            yield from texts_in(value)
        elif value is not None and not isinstance(value, bool):
            yield str(value)


def _readable(row: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """The row as the schema is to see it: without fields that have no value, and with texts read as declared."""
    return {
        name: _read(value, shape.member(name))
        for name, value in row.items()
        if value != "" and (value is not None or NULL in shape.member(name).types)
    }


def _read(value: Any, shape: Shape) -> Any:
    if isinstance(value, dict):
        return _readable(value, shape)
    if not isinstance(value, str) or not shape.types or STRING in shape.types:
        return value
    text = value.strip()
    if shape.types & {"number", "integer"} and NUMBER.fullmatch(text):
        return float(text) if any(sign in text for sign in ".eE") else int(text)
    said = yes_or_no(text) if "boolean" in shape.types else None
    return value if said is None else said
