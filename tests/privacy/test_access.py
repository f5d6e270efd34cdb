"""The answer holds all of the person and nothing of anybody else."""

import json

import pytest

from privacy import requests
from privacy.access import answer
from privacy.models import SubjectRequest
from privacy.requests import NotOpen, WrongKind
from privacy.subjects import UnknownProfile
from segments.models import ProfileFeatures
from tests.privacy.cast import HOUSEHOLD_PHONE, NOW, OFFICER, READER, Person
from vault.grants import Actor
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
ANSWERER = Actor("person", OFFICER)


def asked(person: Person, kind: str = "access") -> SubjectRequest:
    return requests.open(kind, profile_id=person.profile, actor=OFFICER, now=NOW)


@pytest.mark.parametrize("kind", ["access", "portability"])
def test_p27_every_canary_of_the_person_and_none_of_anothers(alice: Person, bob: Person, kind: str) -> None:
    text = json.dumps(answer(asked(alice, kind), actor=ANSWERER, now=NOW))
    assert [canary for canary in [*alice.canaries, HOUSEHOLD_PHONE, "said by alice canary"] if canary not in text] == []
    assert [hidden for hidden in [*bob.canaries, "bob", str(bob.profile)] if hidden in text] == []
    assert [id for id in bob.source_profiles if str(id) in text or id.hex in text] == []


def test_the_sections_of_the_answer(alice: Person, bob: Person) -> None:
    found = answer(asked(alice), actor=ANSWERER, now=NOW)
    assert found["profile"] == str(alice.profile)
    assert [source["name"] for source in found["sources"]] == ["appliance", "shop", "till"]
    assert "marketing" in {purpose["slug"] for purpose in found["purposes"]}
    assert {(known["namespace"], known["value"], known["source"]) for known in found["identifiers"]} == {
        ("account_id", alice.account_id, "shop"),
        ("email", alice.email, "shop"),
        ("customer_number", alice.customer_number, "till"),
        ("phone", HOUSEHOLD_PHONE, "till"),
        ("device_id", alice.device, "appliance"),
    }
    assert {(known["field"], known["value"]) for known in found["attributes"]} == {
        ("family_name", alice.family_name),
        ("street", alice.street),
    }
    assert {record["properties"]["amount"] for record in found["records"]} == {12.5}
    assert len(found["records"]) == 3
    assert [(act["purpose"], act["channel"], act["state"]) for act in found["consents"]["said"]] == [
        ("marketing", "email", "granted")
    ]
    assert found["features"] == {"spend_of_alice": 12.5}
    assert [(one["segment"], one["why"]) for one in found["segments"]] == [("Regulars", {"because": "alice"})]
    assert [entry["reason"] for entry in found["how_the_profile_came_about"]] == ["stable key", "stable key"]
    assert found["held"]["records.Record"] == 3
    assert found["held"]["vault.DataKey"] == 3


def test_what_was_estimated_stands_apart_from_what_is_known(alice: Person) -> None:
    guess = {"value": 12, "method": "median", "version": 1}
    ProfileFeatures.objects.filter(profile=alice.profile).update(estimated={"age_band": guess, "spend_of_alice": guess})
    found = answer(asked(alice), actor=ANSWERER, now=NOW)
    assert (found["features"], found["estimated_features"]) == ({"spend_of_alice": 12.5}, {"age_band": guess})
    assert "at least twenty others" in found["logic"]["scoring"]


def test_who_looked_at_the_person_is_named(alice: Person, bob: Person) -> None:
    looked = answer(asked(alice), actor=ANSWERER, now=NOW)["who_looked"]["people_and_programs"]
    assert [(entry["actor"], entry["purpose"], entry["reason"]) for entry in looked] == [
        (READER.id, "service", "a call")
    ]


def test_the_answer_completes_the_request_and_is_audited(alice: Person) -> None:
    request = asked(alice)
    answer(request, actor=ANSWERER, now=NOW)
    request.refresh_from_db()
    assert (request.state, request.completed_at) == ("completed", NOW)
    assert request.outcome == {"identifiers": 5, "attributes": 2, "records": 3, "segments": 1}
    assert [step.what for step in requests.steps(request)] == ["opened", "completed"]
    reads = AuditEntry.objects.filter(actor=OFFICER, purpose="subject_requests")
    assert {entry.reason for entry in reads} == {f"access request {request.pk}"}


def test_an_answered_request_is_not_answered_again(alice: Person) -> None:
    request = asked(alice)
    answer(request, actor=ANSWERER, now=NOW)
    with pytest.raises(NotOpen):
        answer(request, actor=ANSWERER, now=NOW)


def test_an_erasure_request_is_not_answered_with_data(alice: Person) -> None:
    with pytest.raises(WrongKind):
        answer(asked(alice, "erasure"), actor=ANSWERER, now=NOW)
    assert not AuditEntry.objects.filter(purpose="subject_requests").exists()


def test_of_somebody_unknown_there_is_no_answer(db: None) -> None:
    request = requests.open("access", profile_id=None, actor=OFFICER, now=NOW)
    with pytest.raises(UnknownProfile):
        answer(request, actor=ANSWERER, now=NOW)
    request.refresh_from_db()
    assert request.state == "open"
