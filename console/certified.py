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
class _Outcome:
    """What came of a search, in words; its tone is bad, warn or good."""

    hits: int
    unopened: int

    @property
    def tone(self) -> str:
        return "bad" if self.hits else "warn" if self.unopened else "good"

    @property
    def words(self) -> str:
        """A hit is never said to be erased, and what nobody can open is not confirmed."""
        said = [f"found {self.hits:,}"] if self.hits else []
        return ", ".join([*said, *([f"unconfirmed {self.unopened:,}"] if self.unopened else [])]) or "nothing found"


@dataclass(frozen=True, kw_only=True)
class Place(_Outcome):
    """One place that was searched, and what came of it."""

    kind: str
    name: str
    parts: int


@dataclass(frozen=True, kw_only=True)
class Searched(_Outcome):
    """Places of one kind: how many, how much is in them, and in how many parts the person was found."""

    kind: str
    places: int
    parts: int
    bytes: int


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
    places: list[Place]
    proof: Mapping[str, Any]
    confirmed: list[str]
    unconfirmed: list[tuple[str, datetime | None, int]]
    unscanned: list[str]
    retrain: list[str]
    values: str

    @property
    def hits(self) -> int:
        """In how many parts of all places the person was found."""
        return sum(place.hits for place in self.places)

    @property
    def open_places(self) -> list[Place]:
        """Those where something was found, or where nobody can say."""
        return [place for place in self.places if place.hits or place.unopened]


def certified(stated: Mapping[str, Any]) -> Certified:
    """The parts of a certificate's text, for reading."""
    proof = stated["proof"] if isinstance(stated["proof"], dict) else {}
    erased, told = stated["erased"], stated["recipients"]
    searched = sorted(
        proof.get("places", []),
        key=lambda place: (-place["hits"], -place.get("unopened", 0), place["kind"], place["name"]),
    )
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
        searched=_by_kind(searched),
        places=[_place(one) for one in searched],
        proof=proof,
        confirmed=list(told["confirmed"]),
        unconfirmed=[
            (one["recipient"], parse_datetime(one["asked_at"]), one["attempts"]) for one in told["unconfirmed"]
        ],
        unscanned=list(proof.get("unscanned", [])),
        retrain=[_named(what) for what in stated["models_to_retrain"]],
        values=stated["values_of_the_person"],
    )


def _place(one: Mapping[str, Any]) -> Place:
    told = {name: one[name] for name in ("kind", "name", "parts", "hits")}
    return Place(**told, unopened=one.get("unopened", 0))


def _by_kind(places: list[dict[str, Any]]) -> list[Searched]:
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for place in places:
        grouped[place["kind"]].append(place)
    return [
        Searched(
            kind=KINDS.get(kind, kind),
            places=len(some),
            **{name: sum(place.get(name, 0) for place in some) for name in ("parts", "bytes", "hits", "unopened")},
        )
        for kind, some in sorted(grouped.items(), key=lambda item: -len(item[1]))
    ]


def _named(what: str) -> str:
    model, _, rest = what.partition(" ")
    return f"{things(model)} {rest}"
