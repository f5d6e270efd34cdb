"""Opening and deciding requests."""

from datetime import date
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, transaction

from privacy import requests
from privacy.deadlines import UnknownRegulation
from privacy.models import SubjectRequest
from privacy.requests import NotOpen, SecondPersonNeeded, UnknownKind, WrongKind
from privacy.subjects import UnknownProfile
from tests.privacy.cast import NOW, OFFICER, SECOND_OFFICER, Person

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def ask(kind: str, person: Person, **differently: str) -> SubjectRequest:
    return requests.open(kind, profile_id=person.profile, actor=OFFICER, now=NOW, **differently)


def steps_of(request: SubjectRequest) -> list[tuple[str, str]]:
    return [(step.what, step.actor) for step in requests.steps(request)]


def test_an_opened_request_is_due_in_a_month_and_has_its_first_step(alice: Person) -> None:
    request = ask("access", alice)
    assert (request.state, request.due_date, request.profile_id) == ("open", date(2026, 6, 4), alice.profile)
    assert steps_of(request) == [("opened", OFFICER)]


def test_the_regulation_sets_the_clock(alice: Person) -> None:
    assert ask("access", alice, regulation="ccpa").due_date == date(2026, 6, 18)


def test_what_cannot_be_asked_for_opens_nothing(alice: Person) -> None:
    with pytest.raises(UnknownKind):
        ask("oblivion", alice)
    with pytest.raises(UnknownRegulation):
        ask("access", alice, regulation="unheard_of")
    with pytest.raises(UnknownProfile):
        requests.open("access", profile_id=UUID(int=7), actor=OFFICER, now=NOW)
    assert SubjectRequest.objects.count() == 0


def test_a_request_of_somebody_unknown_can_be_opened_without_profile(db: None) -> None:
    assert requests.open("access", profile_id=None, actor=OFFICER, now=NOW).state == "open"


def test_a_second_person_approves_an_erasure(alice: Person) -> None:
    request = requests.approve(ask("erasure", alice), actor=SECOND_OFFICER, now=NOW)
    assert (request.state, request.approved_by, request.approved_at) == ("approved", SECOND_OFFICER, NOW)
    assert steps_of(request) == [("opened", OFFICER), ("approved", SECOND_OFFICER)]


def test_whoever_opened_an_erasure_cannot_approve_it(alice: Person) -> None:
    request = ask("erasure", alice)
    with pytest.raises(SecondPersonNeeded):
        requests.approve(request, actor=OFFICER, now=NOW)
    request.refresh_from_db()
    assert (request.state, request.approved_by) == ("open", "")
    assert steps_of(request) == [("opened", OFFICER)]


@pytest.mark.parametrize("values", [{"state": "approved", "approved_by": OFFICER}, {"state": "in_progress"}])
def test_the_database_refuses_an_erasure_without_a_second_person(alice: Person, values: dict[str, str]) -> None:
    request = ask("erasure", alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        SubjectRequest.objects.filter(pk=request.pk).update(**values)


def test_an_access_request_may_be_approved_by_its_opener(alice: Person) -> None:
    assert requests.approve(ask("access", alice), actor=OFFICER, now=NOW).state == "approved"


def test_a_decided_request_is_not_decided_again(alice: Person) -> None:
    request = requests.approve(ask("erasure", alice), actor=SECOND_OFFICER, now=NOW)
    with pytest.raises(NotOpen):
        requests.approve(request, actor=SECOND_OFFICER, now=NOW)
    requests.reject(request, reason="asked by somebody else", actor=SECOND_OFFICER, now=NOW)
    with pytest.raises(NotOpen):
        requests.reject(request, reason="again", actor=SECOND_OFFICER, now=NOW)
    assert [what for what, _ in steps_of(request)] == ["opened", "approved", "rejected"]


def test_a_stale_copy_does_not_decide(alice: Person) -> None:
    request = ask("access", alice)
    requests.reject(request, reason="withdrawn", actor=OFFICER, now=NOW)
    assert request.state == "open"
    with pytest.raises(NotOpen):
        requests.approve(request, actor=OFFICER, now=NOW)


def test_a_rectification_is_carried_out_by_hand(alice: Person) -> None:
    request = ask("rectification", alice)
    with pytest.raises(NotOpen):
        requests.complete_by_hand(request, note="corrected in the CRM", actor=OFFICER, now=NOW)
    requests.approve(request, actor=OFFICER, now=NOW)
    done = requests.complete_by_hand(request, note="corrected in the CRM", actor=OFFICER, now=NOW)
    assert (done.state, done.completed_at, done.note) == ("completed", NOW, "corrected in the CRM")


def test_only_a_rectification_is_carried_out_by_hand(alice: Person) -> None:
    request = requests.approve(ask("erasure", alice), actor=SECOND_OFFICER, now=NOW)
    with pytest.raises(WrongKind):
        requests.complete_by_hand(request, note="trust me", actor=OFFICER, now=NOW)


def test_steps_are_append_only(alice: Person) -> None:
    request = ask("access", alice)
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        requests.steps(request)[0].delete()
