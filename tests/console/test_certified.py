"""A certificate says first whether the erasure is proved; a search that is under way is told from one that ended."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory

from console.certified import Certified, certified
from console.erasing import searching_since
from privacy.models import RequestStep, SubjectRequest

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
    assert [place.name for place in it.places] == ["/srv/spool", "default.public.records_record"]
    assert [(row.kind, row.hits) for row in it.searched] == [("folders and files", 4), ("tables", 0)]


def test_a_place_says_what_was_found_there_or_that_nobody_can_say() -> None:
    table, file = PROOF["places"]
    sealed = {"kind": "sealed field", "name": "records_record.sealed", "parts": 9, "unopened": 2, "hits": 0}
    proof = {**PROOF, "hits": 4, "places": [table, sealed, {**file, "hits": 4}]}
    it = certified(stated(proof=proof, proof_state="found"))
    assert [(place.name, place.words, place.tone) for place in it.places] == [
        ("/srv/spool", "found 4", "bad"),
        ("records_record.sealed", "unconfirmed 2", "warn"),
        ("default.public.records_record", "nothing found", "good"),
    ]
    assert [place.name for place in it.open_places] == ["/srv/spool", "records_record.sealed"]
    assert {row.kind: row.words for row in it.searched} == {
        "folders and files": "found 4",
        "sealed fields, opened": "unconfirmed 2",
        "tables": "nothing found",
    }


def test_the_page_never_says_erased_beside_what_was_found() -> None:
    recipients = {
        "confirmed": ["mailer"],
        "unconfirmed": [{"recipient": "printer", "asked_at": NOW.isoformat(), "attempts": 2}],
    }
    places = [*PROOF["places"][:1], {**PROOF["places"][1], "hits": 4}]
    searched_for = {"own_identifiers": 1, "encodings": ["plain"]}
    proof = {**PROOF, "hits": 4, "places": places, "searched_for": searched_for}
    shown = page(certified(stated(proof=proof, proof_state="found", recipients=recipients)))
    assert "not proved: found 4" in shown
    assert "<h2>Erased</h2>" not in shown
    assert "what was found is still there" in shown
    assert 'printer: <span class="o-badge warn">unconfirmed</span>' in shown
    assert 'mailer: <span class="o-badge good">confirmed</span>' in shown
    passed = page(certified(stated(proof={**PROOF, "searched_for": searched_for}, recipients=recipients)))
    assert "<h2>Erased</h2>" in passed
    assert "found 4" not in passed


def page(it: Certified) -> str:
    """The middle of the certificate's page."""
    one = SubjectRequest(pk=uuid4())
    return render_to_string(
        "console/requests/certificate.html",
        {"it": it, "one": one, "signature": "c2ln", "public_key": "a2V5"},
        request=RequestFactory().get("/"),
    )


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
