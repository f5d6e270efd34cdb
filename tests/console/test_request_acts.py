"""The way of a request on its page: verified, confirmed, assigned, put off, written about, called back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import DECIDE_REQUESTS, ROLES
from privacy import requests
from privacy.models import Letter, RequestComment, SubjectRequest
from tests.console.conftest import World, said

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
ACTS = ("verify", "acknowledge", "assign", "extend", "comment", "tell", "call_back", "review")


@pytest.fixture
def asked(world: World) -> SubjectRequest:
    """Bob asks over the API, by California's law, and nobody knows yet whether it is him."""
    return requests.receive(
        "access", profile_id=world.bob, actor="key", channel="api", regulation="ccpa", now=timezone.now()
    )


def act(name: str, one: SubjectRequest) -> str:
    return reverse(f"admin:privacy_subjectrequest_{name}", args=[one.pk])


def page(client: Client, one: SubjectRequest) -> str:
    return client.get(reverse("admin:privacy_subjectrequest_change", args=[one.pk])).content.decode()


def test_the_page_leads_from_one_act_to_the_next(world: World, sign_in: SignIn, asked: SubjectRequest) -> None:
    client = sign_in("privacy_officer")
    first = page(client, asked)
    assert "Tell the person that the request has come in" in first
    assert "identity not verified" in first
    assert said(client.post(act("acknowledge", asked), {"text": "We have it."}))[0].startswith("Noted")
    assert "Make sure that it is the person who asks" in page(client, asked)
    assert said(client.post(act("answer", asked)))[0].startswith("Nobody has verified yet")
    assert said(client.post(act("verify", asked), {"method": "documents"}))[0].startswith("Verified")
    assert "Gather what is held" in page(client, asked)
    assert "bob@example.com" in client.post(act("answer", asked)).content.decode()


def test_a_hunch_is_no_verification(world: World, sign_in: SignIn, asked: SubjectRequest) -> None:
    assert said(sign_in("privacy_officer").post(act("verify", asked), {"method": "vouched"}))[0].startswith(
        "How you know"
    )
    asked.refresh_from_db()
    assert asked.verified_at is None


def test_comments_and_letters_are_read_on_the_page_and_sealed_below_it(
    world: World, sign_in: SignIn, asked: SubjectRequest
) -> None:
    client = sign_in("privacy_officer")
    client.post(act("comment", asked), {"text": "He called from <work>"})
    client.post(act("reject", asked), {"reason": "not his data"})
    client.post(act("tell", asked), {"kind": "rejection", "text": "We do not"})
    content = page(client, asked)
    assert "He called from &lt;work&gt;" in content
    assert "We do not" in content
    kept = bytes(RequestComment.objects.get().sealed) + bytes(Letter.objects.get().sealed)
    assert b"called" not in kept
    assert b"do not" not in kept


def test_only_letters_that_fit_are_offered_and_kept(world: World, sign_in: SignIn, asked: SubjectRequest) -> None:
    client = sign_in("privacy_officer")

    def offered() -> list[str]:
        shown = client.get(reverse("admin:privacy_subjectrequest_change", args=[asked.pk]))
        return [kind for kind, *_ in shown.context["letters"]]

    assert offered() == []
    for kind in ("completion", "rejection", "acknowledge", "love"):
        refused = client.post(act("tell", asked), {"kind": kind, "text": "Dear"})
        assert said(refused) == ["No such letter fits a request that is open."], kind
    assert not Letter.objects.exists()
    SubjectRequest.objects.filter(pk=asked.pk).update(state="rejected", ended_at=timezone.now(), note="not his data")
    assert offered() == ["rejection"]
    assert "noted was: not his data" in page(client, asked)
    client.post(act("tell", asked), {"kind": "rejection", "text": "Dear"})
    assert [letter.kind for letter in Letter.objects.all()] == ["rejection"]


def test_a_letter_is_signed_by_the_organization(
    world: World, sign_in: SignIn, asked: SubjectRequest, settings: Any
) -> None:
    client = sign_in("privacy_officer")
    assert "[Name and address of your organization]" in page(client, asked)
    settings.ORGANIZATION, settings.PRIVACY_CONTACT = "Garden Center Ltd", "privacy@garden.example.com"
    content = page(client, asked)
    assert "Garden Center Ltd\nprivacy@garden.example.com" in content
    assert "Name and address of your organization" not in content


def test_more_time_is_offered_within_the_first_period_alone(world: World, sign_in: SignIn) -> None:
    shown = page(sign_in("privacy_officer"), world.access)
    assert "Take more time" not in shown
    assert "Take more time" in page(sign_in("privacy_officer"), world.erasure)


def test_an_answer_is_put_off_once_with_the_letter(world: World, sign_in: SignIn, asked: SubjectRequest) -> None:
    client = sign_in("privacy_officer")
    assert "You will have our answer by" in page(client, asked)
    given = {"ground": "complexity", "text": "Later, because"}
    assert said(client.post(act("extend", asked), given))[0].startswith("Put off")
    asked.refresh_from_db()
    assert asked.due_date == asked.first_due_date + timedelta(days=45)
    assert "Put off from" in page(client, asked)
    assert said(client.post(act("extend", asked), given))[0].startswith("This answer has been put off already")


def test_what_is_late_is_not_put_off(world: World, sign_in: SignIn) -> None:
    given = {"ground": "complexity", "text": "Later"}
    assert said(sign_in("privacy_officer").post(act("extend", world.access), given))[0].startswith("The person had to")


def test_the_list_is_filtered_by_what_is_to_do(world: World, sign_in: SignIn, asked: SubjectRequest) -> None:
    client, listed = sign_in("privacy_officer"), reverse("admin:privacy_subjectrequest_changelist")
    client.post(act("assign", asked), {"to": str(world.staff["privacy_officer"].pk)})

    def rows(**filters: str) -> set[Any]:
        return {row.pk for row in client.get(listed, filters).context["cl"].result_list}

    assert rows(todo="mine") == {asked.pk}
    assert rows(todo="unassigned") == {world.access.pk, world.erasure.pk}
    assert rows(todo="late") == {world.access.pk}
    assert rows(todo="soon") == set()


def test_nobody_is_assigned_who_may_not_decide(world: World, sign_in: SignIn, asked: SubjectRequest) -> None:
    response = sign_in("privacy_officer").post(act("assign", asked), {"to": str(world.staff["marketer"].pk)})
    assert "not one of the available choices" in said(response)[0]


def test_a_request_is_called_back(world: World, sign_in: SignIn, asked: SubjectRequest) -> None:
    client = sign_in("privacy_officer")
    assert said(client.post(act("call_back", asked))) == ["Called back. The person's data may be used again."]
    assert "called back" in page(client, asked)


def test_only_those_who_decide_requests_act(world: World, sign_in: SignIn, asked: SubjectRequest) -> None:
    for role in ROLES:
        if DECIDE_REQUESTS not in ROLES[role].capabilities:
            assert {sign_in(role).post(act(name, asked)).status_code for name in ACTS} == {403}, role
