"""The access answer as one readable page: no script, nothing loaded from elsewhere, to be read, kept or printed."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

TEMPLATE = "privacy/access_answer.html"


def render(answered: Mapping[str, Any]) -> str:
    """The page of an answer that `privacy.access.answer` gave."""
    latest = sorted(answered["records"], key=lambda record: str(record["occurred_at"]), reverse=True)
    context = {
        "answered": answered,
        "features": list(answered["features"].items()),
        "records": [(record, _lines(record)) for record in latest],
        "organization": settings.ORGANIZATION,
    }
    return render_to_string(TEMPLATE, context)


def _lines(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Everything that a record says, a line each. As pairs: a template takes a property called `items` for a method."""
    content = record["content"]
    raw = [(f"{name} as it came", value) for name, value in content.get("raw", {}).items()]
    return [*record["properties"].items(), *content.get("fields", {}).items(), *raw]
