"""Subject requests on screen: four eyes, carried out once, and never a value where none belongs."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import DECIDE_REQUESTS, ROLES
from consent.models import Act
from identity.models import Profile
from pipeline import corrections, tasks
from pipeline.models import Work
from privacy import aftercare, certificate, requests
from privacy.letter_templates import draft
from privacy.models import EMAIL_LINK, OpenDsrRequest, SubjectRequest
from privacy.public import demands
from privacy.references import reference_of
from privacy.verification import Verification
from records.models import SourceProfile
from tests.console.conftest import PLAINTEXT, World, said

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
ACTIONS = (
    "approve",
    "reject",
    "erase",
    "answer",
    "withdraw",
    "done",
    "rectify",
    "call_back",
    "prove",
    "join",
    "reveal",
)


FIND = "/admin/privacy/subjectrequest/find/"


def page(one: SubjectRequest) -> str:
    return reverse("admin:privacy_subjectrequest_change", args=[one.pk])


def act(name: str, one: SubjectRequest) -> str:
    return reverse(f"admin:privacy_subjectrequest_{name}", args=[one.pk])


def opened(kind: str, profile: UUID, world: World) -> SubjectRequest:
    officer = str(world.staff["privacy_officer"].pk)
    return requests.open(kind, profile_id=profile, actor=officer, now=timezone.now())


def test_an_erasure_takes_two_people_and_a_confirmation(world: World, sign_in: SignIn) -> None:
    first, second = sign_in("privacy_officer"), sign_in("second_officer")
    carols = world.parts(world.carol)
    assert said(first.post(act("approve", world.erasure))) == ["Whoever opened an erasure request cannot approve it."]
    assert said(first.post(act("erase", world.erasure)))[0].startswith("This request is open")
    assert said(second.post(act("approve", world.erasure))) == ["Approved."]
    question = first.get(act("erase", world.erasure)).content.decode()
    assert "cannot be undone" in question
    assert Profile.objects.filter(pk=world.carol).exists()
    assert said(first.post(act("erase", world.erasure))) == ["Erased. The counts below say what went."]
    assert not Profile.objects.filter(pk=world.carol).exists()
    assert not SourceProfile.objects.filter(pk__in=carols).exists()
    content = first.get(page(world.erasure)).content.decode()
    assert [value for value in ("carol", "Carol", "C-4713") if value in content] == []
    assert "erased" in content
    assert "Models to train again" in content
    assert "identity." not in content
    assert first.get(reverse("admin:identity_profile_change", args=[world.carol])).status_code == 404


def test_the_opener_is_told_that_a_second_person_is_needed(world: World, sign_in: SignIn) -> None:
    assert "a second person has to approve it" in sign_in("privacy_officer").get(page(world.erasure)).content.decode()
    assert (
        "a second person has to approve it" not in sign_in("second_officer").get(page(world.erasure)).content.decode()
    )


def test_an_answer_is_asked_for_twice_and_the_question_completes_nothing(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    shown = client.get(page(world.access)).content.decode()
    assert f'<a class="o-button o-primary" href="{act("answer", world.access)}">' in shown
    assert f'<form method="post" action="{act("answer", world.access)}">' not in shown
    question = client.get(act("answer", world.access))
    content = question.content.decode()
    assert "This cannot be undone" in content
    assert "kept nowhere" in content
    assert f'<form method="post" action="{act("answer", world.access)}">' in content
    assert [value for value in PLAINTEXT if value in content] == []
    counted = dict(question.context["counts"])
    world.access.refresh_from_db()
    assert (world.access.state, world.access.outcome) == ("open", {})
    client.post(act("answer", world.access))
    world.access.refresh_from_db()
    assert (counted["Identifiers"], counted["Attributes"], counted["Records"], counted["Sources"]) == (
        world.access.outcome["identifiers"],
        world.access.outcome["attributes"],
        world.access.outcome["records"],
        1,
    )


def test_nothing_is_asked_about_what_cannot_be_answered(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    assert said(client.get(act("answer", world.erasure)))[0].startswith("This asks for erasure")
    client.post(act("answer", world.access))
    again = client.get(act("answer", world.access))
    assert (again.status_code, said(again)[0].split(";")[0]) == (302, "This request is completed")


def test_an_answer_is_readable_offered_as_a_file_and_given_once(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    response = client.post(act("answer", world.access))
    content = response.content.decode()
    assert "bob@example.com" in content
    assert "no-store" in response["Cache-Control"]
    encoded = content.split("data:application/json;base64,")[1].split('"')[0]
    answered = json.loads(base64.b64decode(encoded))
    assert [row["value"] for row in answered["identifiers"] if row["namespace"] == "email"] == ["bob@example.com"]
    again = client.post(act("answer", world.access))
    assert (again.status_code, said(again)[0].split(";")[0]) == (302, "This request is completed")
    assert "bob@example.com" not in client.get(page(world.access)).content.decode()


def test_who_asked_on_the_public_page_is_approved_and_fetches_the_answer(
    world: World, sign_in: SignIn, now: datetime
) -> None:
    """Answered in the admin the copy would never reach them: their link shows it once the request is approved."""
    verification = Verification(EMAIL_LINK, "data_subject")
    one = requests.receive(
        "access", profile_id=world.bob, actor="data_subject", channel="form", verification=verification, now=now
    )
    officer = sign_in("privacy_officer")
    shown = officer.get(act("change", one)).context
    assert (shown["next"], shown["next_url"]) == ("approve", act("approve", one))
    officer.post(act("approve", one))
    one.refresh_from_db()
    assert demands.is_ready(one)


def test_an_answer_reads_every_property(world: World, sign_in: SignIn) -> None:
    one = opened("access", world.alice, world)
    content = sign_in("privacy_officer").post(act("answer", one)).content.decode()
    assert "items 2" in content
    assert "order id o24" in content


def test_an_answer_that_nobody_saw_was_not_given(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("the page broke")

    monkeypatch.setattr("console.screens.requests._latest", broken)
    with pytest.raises(RuntimeError):
        sign_in("privacy_officer").post(act("answer", world.access))
    world.access.refresh_from_db()
    assert world.access.state == "open"


def test_an_objection_withdraws_and_is_put_to_work(world: World, sign_in: SignIn) -> None:
    one = opened("objection", world.alice, world)
    assert said(sign_in("privacy_officer").post(act("withdraw", one)))[0].startswith("Carried out")
    acts = Act.objects.filter(how="subject_request")
    assert {(row.purpose_id, row.state) for row in acts} == {
        ("marketing", "withdrawn"),
        ("personalization", "withdrawn"),
    }
    assert set(Work.objects.values_list("source_profile_id", flat=True)) == set(world.parts(world.alice))


def test_an_objection_opened_before_a_merge_is_put_to_work_for_the_one_person(
    world: World, sign_in: SignIn, now: datetime
) -> None:
    merged = max(world.alice, world.bob)
    one = opened("objection", merged, world)
    survivor = corrections.merge(world.alice, world.bob, actor="1", reason="one person", now=now)
    assert survivor != merged
    Work.objects.all().delete()
    sign_in("privacy_officer").post(act("withdraw", one))
    assert set(Work.objects.values_list("source_profile_id", flat=True)) == set(world.parts(survivor))


def test_a_rectification_is_approved_and_completed_by_hand(world: World, sign_in: SignIn) -> None:
    client, one = sign_in("privacy_officer"), opened("rectification", world.alice, world)
    assert said(client.post(act("done", one), {"reason": "corrected in crm"}))[0].startswith("This request is open")
    client.post(act("approve", one))
    assert said(client.post(act("done", one), {"reason": "corrected in crm"})) == ["Completed."]
    one.refresh_from_db()
    assert (one.state, one.note) == ("completed", "corrected in crm")


def test_a_rectification_is_filled_in_and_reaches_the_profile(world: World, sign_in: SignIn) -> None:
    client, one = sign_in("privacy_officer"), opened("rectification", world.alice, world)
    client.post(act("approve", one))
    asked = client.get(act("rectify", one)).content.decode()
    assert 'name="family_name"' in asked
    assert "Archer" not in asked
    unread = client.post(act("rectify", one), {"birth_date": "1984-31-31"}).content.decode()
    assert "Birth date: is not a date of the calendar" in unread
    assert said(client.post(act("rectify", one), {"family_name": "Fletcher"})) == [
        "Put right. The counts below say where."
    ]
    one.refresh_from_db()
    assert (one.state, one.outcome["rectified"]) == ("completed", ["family_name"])
    assert "Fields put right" in client.get(page(one)).content.decode()


def test_a_rejection_needs_a_reason(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    assert said(client.post(act("reject", world.access), {"reason": ""})) == ["Reason: This field is required."]
    assert said(client.post(act("reject", world.access), {"reason": "not the person"})) == ["Rejected."]
    assert "not the person" in client.get(page(world.access)).content.decode()


def test_the_list_says_what_is_overdue(world: World, sign_in: SignIn) -> None:
    content = sign_in("privacy_officer").get(reverse("admin:privacy_subjectrequest_changelist")).content.decode()
    late = (timezone.localdate() - world.access.due_date).days
    assert f"{late} day" in content
    assert "overdue" in content
    assert content.index("Access, GDPR") < content.index("Erasure, GDPR")
    overview = sign_in("privacy_officer").get(reverse("admin:index")).content.decode()
    assert "1 overdue" in overview


def test_the_wrong_action_is_told_and_does_nothing(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    assert said(client.post(act("answer", world.erasure)))[0].startswith("This asks for erasure")
    assert said(client.post(act("withdraw", world.access)))[0].startswith("This asks for access")
    assert {one.state for one in SubjectRequest.objects.all()} == {"open"}


def test_only_those_who_decide_requests_do(world: World, sign_in: SignIn) -> None:
    for role in ROLES:
        client = sign_in(role)
        refused = {
            name for name in ACTIONS if client.post(act(name, world.erasure), {"reason": "xxxx"}).status_code == 403
        }
        assert refused == (set() if DECIDE_REQUESTS in ROLES[role].capabilities else set(ACTIONS)), role
        SubjectRequest.objects.filter(pk=world.erasure.pk).update(state="open", note="")


def test_an_unknown_request_leads_back_to_the_list(world: World, sign_in: SignIn) -> None:
    response = sign_in("privacy_officer").get(reverse("admin:privacy_subjectrequest_change", args=[UUID(int=1)]))
    assert response["Location"] == reverse("admin:privacy_subjectrequest_changelist")


def test_a_request_is_found_by_its_reference_whole_or_by_the_beginning(world: World, sign_in: SignIn) -> None:
    client, whole = sign_in("privacy_officer"), str(world.access.pk)
    reference = reference_of(whole)
    listed = client.get(reverse("admin:privacy_subjectrequest_changelist")).content.decode()
    assert reference in listed
    assert f'action="{FIND}"' in listed
    assert reference in draft(world.access, "acknowledge")
    for typed in (
        whole,
        whole.upper(),
        whole.replace("-", ""),
        whole[:-2],
        reference,
        f" #{reference.upper()} ",
        reference[:6],
    ):
        assert client.post(FIND, {"reference": typed}).headers["Location"] == page(world.access), typed


def test_several_that_begin_alike_are_listed_and_nothing_else_is_found(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    begin = str(world.access.pk)[:6]  # the time of its making, to four hours
    both = client.post(FIND, {"reference": begin})
    assert {(row[0], row[2].pk) for row in both.context["found"]} == {
        (reference_of(one.pk), one.pk) for one in (world.access, world.erasure)
    }
    for typed in (begin[:3], "", "alice@example.com", "ffff" * 8):
        response = client.post(FIND, {"reference": typed})
        assert response.headers["Location"] == reverse("admin:privacy_subjectrequest_changelist"), typed
        assert said(response)[0].startswith("No request has this reference")


def test_a_controllers_own_number_finds_its_request(world: World, sign_in: SignIn) -> None:
    theirs = UUID("a7551968-d5d6-44b2-9831-815ac9017798")
    OpenDsrRequest.objects.create(request=world.access, controller="shop", subject_request_id=theirs)
    assert sign_in("privacy_officer").post(FIND, {"reference": str(theirs)}).headers["Location"] == page(world.access)


def test_due_dates_of_finished_requests_are_not_overdue(world: World, sign_in: SignIn) -> None:
    SubjectRequest.objects.filter(pk=world.access.pk).update(state="rejected")
    content = sign_in("privacy_officer").get(page(world.access)).content.decode()
    assert "overdue" not in content


def test_an_approved_erasure_waits_and_can_be_called_back(world: World, sign_in: SignIn) -> None:
    first, second = sign_in("privacy_officer"), sign_in("second_officer")
    second.post(act("approve", world.erasure))
    content = first.get(page(world.erasure)).content.decode()
    assert "carried out by itself" in content
    assert "Carry out now" in content
    assert said(first.post(act("call_back", world.erasure))) == ["Called back. The person's data may be used again."]
    assert "Called back" in first.get(page(world.erasure)).content.decode()
    assert Profile.objects.filter(pk=world.carol).exists()
    assert said(first.post(act("call_back", world.erasure)))[0].startswith("This request is called back")


def test_an_erasure_is_proved_and_certified_on_its_page(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    first, second = sign_in("privacy_officer"), sign_in("second_officer")
    assert said(first.get(act("certificate", world.erasure)))[0].startswith("Nobody has approved")
    second.post(act("approve", world.erasure))
    first.post(act("erase", world.erasure))
    asked: list[str] = []
    monkeypatch.setattr("console.screens.erasures.tasks.prove_erasure.delay", asked.append)
    assert said(first.post(act("prove", world.erasure)))[0].startswith("The search begins")
    assert asked == [str(world.erasure.pk)]
    assert "not proved yet" in first.get(page(world.erasure)).content.decode()
    seen: list[bool] = []
    begin = aftercare.proof.prove

    def looked_at(*args: Any, **named: Any) -> Any:
        seen.append(first.get(act("searching", world.erasure)).json()["searching"])
        seen.append("data-searching" in first.get(page(world.erasure)).content.decode())
        return begin(*args, **named)

    monkeypatch.setattr(aftercare.proof, "prove", looked_at)
    # No files: those of the server are below ONYM_HOME, and other tests beside this one may just write these very
    # values there.
    monkeypatch.setattr(aftercare.proof, "_folders", lambda unscanned: [tmp_path])
    tasks.prove_erasure(asked[0])
    assert seen == [True, True]
    assert first.get(act("searching", world.erasure)).json() == {"searching": False}
    content = first.get(page(world.erasure)).content.decode()
    assert "data-searching" not in content
    assert "Proved: nothing of the person was found" in content
    assert '<span class="o-badge good">nothing found</span>' in content
    assert "Everything searched for the person" in content
    readable = first.get(act("certificate", world.erasure)).content.decode()
    assert "Certificate of erasure" in readable
    assert "Proved: nothing of the person was found" in readable
    assert "records.Record" not in readable
    assert "vault_datakey" in readable
    file = first.get(act("certificate_file", world.erasure))
    assert file["Content-Disposition"].startswith("attachment")
    stated = certificate.verify(file.content.decode())
    assert (stated["proof_state"], stated["proof"]["hits"]) == ("passed", 0)
    assert [value for value in ("carol@", "Carol", "Cooper", "C-4713") if value in readable] == []
