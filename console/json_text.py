"""JSON as people type it into a form. What is nested beyond reading is none: to check or show it would take a stack."""

import json
from typing import Any

from django import forms

DEEPEST = 100


class IndentedJSON(forms.JSONField):
    """JSON that is shown as people write it, a line for each name."""

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return indented(value) if value else "{}"
        return super().prepare_value(value)


class Typed(json.JSONDecoder):
    """Raises `json.JSONDecodeError` also for what is nested too deep."""

    def decode(self, text: str, *args: Any) -> Any:
        try:
            value = super().decode(text, *args)
            _must_be_readable(value)
        except RecursionError:
            raise json.JSONDecodeError(f"nested more than {DEEPEST} deep", text, 0) from None
        return value


def indented(value: Any) -> str:
    """JSON, a line for each name."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _must_be_readable(value: object) -> None:
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [inner for outer in level for inner in _inside(outer)]
    if level:
        raise RecursionError


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []
