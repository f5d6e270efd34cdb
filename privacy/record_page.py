"""The record of processing activities as a page to read and print: the same statements, with names in words."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

# The kinds of data, in the order in which they matter.
KINDS = {
    "direct identifier": "Direct identifiers",
    "quasi-identifier": "Quasi-identifiers",
    "plain": "Plain",
    "property": "Properties",
}
ACRONYMS = {"id": "id", "ip": "IP", "url": "URL"}


def render(record: Mapping[str, Any]) -> str:
    """The page of this record."""
    reading = {
        **record,
        "generated_at": datetime.fromisoformat(record["generated_at"]),
        "activities": [
            {
                **one,
                "legal_basis": words(one["legal_basis"]),
                "categories": _by_kind(one["categories"]),
                "retention": _by_days(one["retention"]),
            }
            for one in record["activities"]
        ],
    }
    return render_to_string("privacy/processing_record.html", {"record": reading})


def words(slug: str) -> str:
    """A name as people write it: "legal_obligation" is "legal obligation"."""
    return " ".join(ACRONYMS.get(part, part) for part in slug.split("_"))


def _by_kind(categories: Iterable[str]) -> list[tuple[str, str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for category in categories:
        name, _, kind = category.removesuffix(")").rpartition(" (")
        found[kind].append(words(name))
    ordered = [kind for kind in (*KINDS, *sorted(found.keys() - KINDS.keys())) if kind in found]
    return [(KINDS.get(kind, kind), ", ".join(found[kind])) for kind in ordered]


def _by_days(retention: Mapping[str, int]) -> list[tuple[int, str]]:
    """The sources that share a limit, the shortest first."""
    found: dict[int, list[str]] = defaultdict(list)
    for source, days in retention.items():
        found[days].append(source)
    return [(days, ", ".join(sources)) for days, sources in sorted(found.items())]
