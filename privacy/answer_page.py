"""The access answer as one readable page: no script, nothing loaded from elsewhere, to be read, kept or printed.

It says in words what the machine-readable answer says in slugs: purposes, sources, features and the rules of segments.
"""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from consent.models import Purpose
from privacy.references import reference_of
from segments import catalog
from segments.rules.parse import InvalidDefinition
from segments.wording import Line, feature_name, lines_of, origin_of, weights_of, with_unit

TEMPLATE = "privacy/access_answer.html"
# Members of the answer that hold a slug wherever they stand outside of records.
SLUGS = frozenset(
    {"source", "sources", "namespace", "field", "legal_basis", "how", "reason", "kind", "state", "decision"}
)
# What the person, a program or a source wrote itself; it stays as it was written.
AS_WRITTEN = frozenset({"records", "logic", "who_looked", "features", "estimated_features", "request", "set_by_hand"})


def render(answered: Mapping[str, Any]) -> str:
    """The page of an answer that `privacy.access.answer` gave."""
    purposes = dict(Purpose.objects.values_list("slug", "name"))
    latest = sorted(answered["records"], key=lambda record: str(record["occurred_at"]), reverse=True)
    context = {
        "answered": {
            name: part if name in AS_WRITTEN else _in_words(part, purposes) for name, part in answered.items()
        },
        "features": [(feature_name(slug), with_unit(slug, value)) for slug, value in answered["features"].items()],
        "segments": [(_in_words(one, purposes), _estimated_in(one["why"])) for one in answered["segments"]],
        "estimated": [
            (feature_name(slug), with_unit(slug, one["value"]), origin_of({"estimated": one}))
            for slug, one in answered["estimated_features"].items()
        ],
        "rules": [_rule(one) for one in answered["logic"]["segments"]],
        "records": [(record, plain(record["source"]), _lines(record)) for record in latest],
        "by_hand": [(plain(one["field"]), one) for one in answered["set_by_hand"]],
        "looks": [
            {**look, "purpose": _purpose(look["purpose"], purposes)}
            for look in answered["who_looked"]["people_and_programs"]
        ],
        "reference": reference_of(answered["request"]["id"]),
        "organization": settings.ORGANIZATION,
    }
    return render_to_string(TEMPLATE, context)


def _estimated_in(why: Mapping[str, Any]) -> list[str]:
    """What counted for a membership by an estimate, by the names that people know."""
    parts = [*why.get("contributions", []), *why.get("conditions", [])]
    return sorted({feature_name(part["feature"]) for part in parts if part.get("estimated")})


def plain(slug: str) -> str:
    """A slug as words: "customer_number" is "customer number", "segment.entered" is "segment entered"."""
    return slug.replace("_", " ").replace("-", " ").replace(".", " ")


def _in_words(part: Any, purposes: Mapping[str, str], name: str = "") -> Any:
    """A part of the answer with its slugs in words, however deep they stand."""
    if isinstance(part, Mapping):
        if name == "by_purpose":
            return {_purpose(slug, purposes): _in_words(value, purposes) for slug, value in part.items()}
        if name == "by_field":
            return {plain(slug): value for slug, value in part.items()}
        return {key: _in_words(value, purposes, key) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_in_words(one, purposes, name) for one in part]
    if isinstance(part, str) and name == "purpose":
        return _purpose(part, purposes)
    return plain(part) if isinstance(part, str) and name in SLUGS else part


def _purpose(slug: str, purposes: Mapping[str, str]) -> str:
    return purposes.get(slug) or plain(slug)


def _rule(segment: Mapping[str, Any]) -> dict[str, Any]:
    """A segment's name, its rule line by line, and its score; no lines when it cannot be read any more."""
    try:
        definition = catalog.read_definition(segment["definition"])
    except InvalidDefinition:
        return {"segment": segment["segment"], "lines": [], "weights": [], "threshold": None}
    lines: list[Line] = list(lines_of(definition.rule))
    threshold = definition.score.threshold if definition.score else None
    return {"segment": segment["segment"], "lines": lines, "weights": weights_of(definition), "threshold": threshold}


def _lines(record: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Everything that a record says, a line each. As pairs: a template takes a property called `items` for a method."""
    content = record["content"]
    fields = [(plain(name), value) for name, value in content.get("fields", {}).items()]
    raw = [(f"{plain(name)} as it came", value) for name, value in content.get("raw", {}).items()]
    more = [(f"{plain(name)} (not asked for)", value) for name, value in content.get("undeclared", {}).items()]
    return [*((plain(name), value) for name, value in record["properties"].items()), *fields, *raw, *more]
