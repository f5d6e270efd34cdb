"""The way of an open request: verified, acknowledged, assigned, commented, put off, called back."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from access.models import User
from pipeline import sweep
from privacy import access, erasure, papers, requests, workflow
from privacy.deadlines import NoExtension
from privacy.models import NEEDS_IDENTITY, RequestComment, SubjectRequest
from privacy.papers import EmptyText, UnknownLetter
from privacy.requests import NotOpen, NotVerified
from privacy.verification import UnknownMethod, Verification
from privacy.workflow import AlreadyDone, CannotDecide, UnknownGround
from tests.privacy.cast import NOW, OFFICER, READER, SECOND_OFFICER, Person
from vault import keys

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
DOCUMENTS = Verification("documents", OFFICER)


def received(kind: str, person: Person | None, **differently: str) -> SubjectRequest:
    profile = person.profile if person else None
    return requests.receive(kind, profile_id=profile, actor="key-1", channel="api", now=NOW, **differently)


def steps_of(request: SubjectRequest) -> list[str]:
    return [step.what for step in requests.steps(request)]


@pytest.mark.parametrize("kind", NEEDS_IDENTITY)
def test_what_needs_to_know_who_asks_waits_for_a_verification(alice: Person, kind: str) -> None:
    request = received(kind, alice)
    with pytest.raises(NotVerified):
        requests.approve(request, actor=SECOND_OFFICER, now=NOW)
    workflow.verify(request, DOCUMENTS, now=NOW)
    approved = requests.approve(request, actor=SECOND_OFFICER, now=NOW)
    assert (approved.verified_by, approved.verification, approved.assurance) == (OFFICER, "documents", "high")
    assert steps_of(request) == ["opened", "identity verified", "approved"]
    assert requests.steps(request)[1].detail == {"method": "documents", "level": "high"}


@pytest.mark.parametrize("kind", ["objection", "opt_out", "restriction"])
def test_what_stops_something_needs_no_verification(alice: Person, kind: str) -> None:
    assert requests.approve(received(kind, alice), actor=OFFICER, now=NOW).state == "approved"


def test_nothing_is_answered_nor_erased_unverified(alice: Person) -> None:
    with pytest.raises(NotVerified):
        access.answer(received("access", alice), actor=READER, now=NOW)
    request = received("erasure", alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        SubjectRequest.objects.filter(pk=request.pk).update(state="approved", approved_by=SECOND_OFFICER)


def test_a_verification_says_how() -> None:
    with pytest.raises(UnknownMethod):
        Verification("a hunch", OFFICER)


def test_the_receipt_is_confirmed_once(alice: Person) -> None:
    request = received("access", alice, regulation="ccpa")
    assert str(request.acknowledge_by) == "2026-05-18"
    done = workflow.acknowledge(request, letter="We have received your request.", actor=OFFICER, now=NOW)
    assert done.acknowledged_at == NOW
    with pytest.raises(AlreadyDone):
        workflow.acknowledge(request, letter="Again.", actor=OFFICER, now=NOW)


def test_an_answer_is_put_off_on_a_ground_of_the_law_with_a_letter(alice: Person) -> None:
    request = received("access", alice)
    with pytest.raises(UnknownGround):
        workflow.extend(request, ground="vacation", letter="Later.", actor=OFFICER, now=NOW)
    with pytest.raises(EmptyText):
        workflow.extend(request, ground="number", letter="  ", actor=OFFICER, now=NOW)
    request.refresh_from_db()
    assert (request.extended_at, steps_of(request)) == (None, ["opened"])
    lgpd = received("access", alice, regulation="lgpd")
    with pytest.raises(NoExtension):
        workflow.extend(lgpd, ground="number", letter="Later.", actor=OFFICER, now=NOW)


def test_a_request_is_assigned_to_those_alone_who_may_decide(alice: Person) -> None:
    officer = User.objects.create(username="officer", roles=["privacy_officer"])
    marketer = User.objects.create(username="marketer", roles=["marketer"])
    request = received("access", alice)
    assert workflow.assign(request, to=officer.pk, actor=OFFICER, now=NOW).assignee == str(officer.pk)
    with pytest.raises(CannotDecide):
        workflow.assign(request, to=marketer.pk, actor=OFFICER, now=NOW)
    assert workflow.assign(request, to=None, actor=OFFICER, now=NOW).assignee == ""
    assert steps_of(request) == ["opened", "assigned", "unassigned"]


def test_comments_and_letters_are_sealed_and_read_in_order(alice: Person) -> None:
    request = received("access", alice)
    workflow.comment(request, "She called about alice.canary@example.com", actor=OFFICER, now=NOW)
    workflow.tell(request, papers.COMPLETION, "Here it is.", actor=OFFICER, now=NOW + timedelta(hours=1))
    assert b"canary" not in bytes(RequestComment.objects.get().sealed)
    read = papers.read(request, actor=READER, now=NOW)
    assert [(paper.kind, paper.text, paper.by) for paper in read] == [
        ("", "She called about alice.canary@example.com", OFFICER),
        ("completion", "Here it is.", OFFICER),
    ]
    with pytest.raises(UnknownLetter):
        workflow.tell(request, "love", "Dear", actor=OFFICER, now=NOW)


def test_papers_whose_key_is_gone_are_gone(alice: Person) -> None:
    request = received("access", alice)
    workflow.comment(request, "by phone", actor=OFFICER, now=NOW)
    assert sweep.destroy_orphan_keys(now=timezone.now() + timedelta(hours=2)) == 0
    assert papers.destroy_keys([request]) == 1
    assert papers.read(request, actor=READER, now=NOW) == []
    assert keys.destroy([request.papers_key]) == 0


def test_an_erasure_takes_the_papers_with_the_person(alice: Person) -> None:
    asked = received("access", alice)
    workflow.comment(asked, "Alice Canaryson called", actor=OFFICER, now=NOW)
    workflow.tell(asked, papers.ACKNOWLEDGMENT, "Dear Alice", actor=OFFICER, now=NOW)
    # The tables are erasable by their annotations: whatever erases a person walks them.
    assert {"privacy.RequestComment", "privacy.Letter"} <= {table.model for table in erasure.erasable()}


def test_a_request_is_called_back_until_somebody_begins(alice: Person) -> None:
    request = received("erasure", alice)
    back = requests.call_back(request, actor="key-1", now=NOW)
    assert (back.state, back.ended_at, steps_of(request)) == ("called_back", NOW, ["opened", "called back"])
    with pytest.raises(NotOpen):
        requests.call_back(request, actor="key-1", now=NOW)


def test_the_clock_of_a_kind_sets_its_due_date(alice: Person) -> None:
    assert str(received("opt_out", alice, regulation="ccpa").due_date) == "2026-05-26"
    assert str(received("access", alice, regulation="ccpa").due_date) == "2026-06-18"
