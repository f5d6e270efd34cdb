"""A certificate of erasure as its page shows it: the verdict first, then what was erased, searched and left out."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime

from console.erasing import Verdict, verdict_of
from console.outcomes import Bar, bars
from console.things import things

KINDS = {"table": "tables", "sealed field": "sealed fields, opened", "file": "folders and files", "session": "sessions"}


@dataclass(frozen=True)
class Searched:
    """Places of one kind: how many, how much is in them, and in how many parts the person was found."""

    kind: str
    places: int
    parts: int
    bytes: int
    hits: int


@dataclass(frozen=True)
class Certified:
    """What the signed text states."""

    verdict: Verdict
    number: str
    steps: list[tuple[str, datetime | None]]
    facts: list[tuple[str, int]]
    erased: list[Bar]
    mentioned: list[Bar]
    searched: list[Searched]
    places: list[dict[str, Any]]
    proof: Mapping[str, Any]
    confirmed: list[str]
    unconfirmed: list[tuple[str, datetime | None, int]]
    unscanned: list[str]
    retrain: list[str]
    values: str


def certified(stated: Mapping[str, Any]) -> Certified:
    """The parts of a certificate's text, for reading."""
    proof = stated["proof"] if isinstance(stated["proof"], dict) else {}
    erased, told = stated["erased"], stated["recipients"]
    places = sorted(proof.get("places", []), key=lambda place: (-place["hits"], place["kind"], place["name"]))
    steps = [(str(step["what"]), parse_datetime(step["at"])) for step in stated["steps"]]
    return Certified(
        verdict=verdict_of(stated["proof_state"] if proof else "", proof),
        number=stated["request"],
        steps=[*steps, ("certificate issued", parse_datetime(stated["issued_at"]))],
        facts=[
            ("Source profiles deleted", erased["source_profiles"]),
            ("Keys destroyed", erased["keys_destroyed"]),
            ("Identifiers put on the suppression list", erased["identifiers_suppressed"]),
        ],
        erased=bars(erased["rows"]),
        mentioned=bars(erased["mentions"]),
        searched=_by_kind(places),
        places=places,
        proof=proof,
        confirmed=list(told["confirmed"]),
        unconfirmed=[
            (one["recipient"], parse_datetime(one["asked_at"]), one["attempts"]) for one in told["unconfirmed"]
        ],
        unscanned=list(proof.get("unscanned", [])),
        retrain=[_named(what) for what in stated["models_to_retrain"]],
        values=stated["values_of_the_person"],
    )


def _by_kind(places: list[dict[str, Any]]) -> list[Searched]:
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for place in places:
        grouped[place["kind"]].append(place)
    return [
        Searched(
            KINDS.get(kind, kind),
            len(some),
            sum(place["parts"] for place in some),
            sum(place.get("bytes", 0) for place in some),
            sum(place["hits"] for place in some),
        )
        for kind, some in sorted(grouped.items(), key=lambda item: -len(item[1]))
    ]


def _named(what: str) -> str:
    model, _, rest = what.partition(" ")
    return f"{things(model)} {rest}"
