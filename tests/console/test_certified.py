"""A certificate says first whether the erasure is proved; a search that is under way is told from one that ended."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from console.certified import certified
from console.erasing import searching_since
from privacy.models import RequestStep

NOW = datetime(2026, 5, 4, 10, 0, tzinfo=UTC)
PROOF: dict[str, Any] = {
    "hits": 0,
    "bytes": 3 << 20,
    "places": [
        {"kind": "table", "name": "default.public.records_record", "parts": 120, "bytes": 2 << 20, "hits": 0},
        {"kind": "file", "name": "/srv/spool", "parts": 2, "bytes": 1 << 20, "hits": 0},
    ],
    "unscanned": ["backups: out of reach"],
    "searched_for": {},
}


def stated(**differently: Any) -> dict[str, Any]:
    return {
        "request": "01a2",
        "issued_at": NOW.isoformat(),
        "steps": [{"what": "rows deleted", "at": NOW.isoformat()}],
        "erased": {
            "source_profiles": 2,
            "keys_destroyed": 2,
            "identifiers_suppressed": 3,
            "rows": {"records.Record": 9, "consent.Act": 3, "records.Correction": 0},
            "mentions": {},
        },
        "proof": PROOF,
        "proof_state": "passed",
        "recipients": {"confirmed": [], "unconfirmed": []},
        "models_to_retrain": ["identity.MatchModel learned 2026-05-01"],
        "values_of_the_person": "destroyed",
        **differently,
    }


def test_a_passed_proof_is_said_to_be_one() -> None:
    it = certified(stated())
    assert (it.verdict.tone, it.verdict.words) == (
        "good",
        "Proved: nothing of the person was found in 2 places (3.0\xa0MB).",
    )
    assert it.steps[-1] == ("certificate issued", NOW)


@pytest.mark.parametrize("proof", ["not searched yet", {}])
def test_a_certificate_before_any_search_claims_no_proof(proof: Any) -> None:
    it = certified(stated(proof=proof, proof_state="not searched yet"))
    assert (it.verdict.tone, it.places, it.searched) == ("warn", [], [])
    assert "not proved yet" in it.verdict.words


def test_whoever_was_found_again_is_not_proved_and_the_place_comes_first() -> None:
    places = [*PROOF["places"][:1], {**PROOF["places"][1], "hits": 4}]
    it = certified(stated(proof={**PROOF, "hits": 4, "places": places}, proof_state="found"))
    assert it.verdict.tone == "bad"
    assert it.verdict.words.startswith("Not proved: the person was found in 1 of 2 places")
    assert [place["name"] for place in it.places] == ["/srv/spool", "default.public.records_record"]
    assert [(row.kind, row.hits) for row in it.searched] == [("folders and files", 4), ("tables", 0)]


def test_tables_are_called_what_people_call_them_and_drawn_the_longest_first() -> None:
    it = certified(stated())
    assert [(bar.name, bar.count, bar.percent) for bar in it.erased] == [
        ("records", 9, 100.0),
        ("consent acts", 3, pytest.approx(33.33, abs=0.01)),
    ]
    assert it.retrain == ["match model learned 2026-05-01"]


def steps(*named: str) -> list[RequestStep]:
    return [RequestStep(what=what, at=NOW + timedelta(minutes=place)) for place, what in enumerate(named)]


@pytest.mark.parametrize(
    ("named", "minutes", "since"),
    [
        ((), 1, None),
        (("completed",), 1, None),
        (("completed", "search begun"), 2, 1),
        (("completed", "search begun", "commented"), 3, 1),
        (("search begun", "proved"), 2, None),
        (("search begun", "found again"), 2, None),
        (("search begun", "found again", "search begun"), 3, 2),
        (("search begun",), 60, None),
    ],
)
def test_since_when_a_search_is_under_way(named: tuple[str, ...], minutes: int, since: int | None) -> None:
    found = searching_since(steps(*named), now=NOW + timedelta(minutes=minutes))
    assert found == (None if since is None else NOW + timedelta(minutes=since))
