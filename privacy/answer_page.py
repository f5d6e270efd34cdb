"""The access answer as one readable page: no script, nothing loaded from elsewhere, to be read, kept or printed."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

TEMPLATE = "privacy/access_answer.html"


def render(answered: Mapping[str, Any]) -> str:
    """The page of an answer that `privacy.access.answer` gave."""
    latest = sorted(answered["records"], key=lambda record: str(record["occurred_at"]), reverse=True)
    context = {"answered": answered, "records": latest, "organization": settings.ORGANIZATION}
    return render_to_string(TEMPLATE, context)
