"""Opening a request: the person is found first, the clock runs from receipt, and nobody counts as known by default."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import OPEN_REQUESTS, ROLES
from privacy.deadlines import due_date
from privacy.models import SubjectRequest
from tests.console.conftest import ALICE, PLAINTEXT, World, said

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
ADD = "admin:privacy_subjectrequest_add"


def of(profile: UUID | str) -> str:
    return f"{reverse(ADD)}?profile={profile}"


def newest() -> SubjectRequest:
    return SubjectRequest.objects.latest("opened_at")


def test_the_person_is_found_by_what_they_gave_and_it_stands_in_no_address(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    assert "Who asks?" in client.get(reverse(ADD)).content.decode()
    found = client.post(reverse(ADD), {"namespace": "email", "value": " Alice@Example.com"})
    assert (found.status_code, found["Location"]) == (302, of(world.alice))
    content = client.get(of(world.alice)).content.decode()
    assert "a•••@e•••.com" in content
    assert [value for value in PLAINTEXT if value in content] == []


def test_somebody_unknown_is_owed_an_answer_all_the_same(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    content = client.post(reverse(ADD), {"namespace": "email", "value": "nobody@example.com"}).content.decode()
    assert "Nobody is known by this" in content
    assert "nobody@example.com" not in content
    assert "?profile=nobody" in content
    client.post(of("nobody"), {"kind": "access", "regulation": "gdpr"})
    assert (newest().kind, newest().profile_id) == ("access", None)


def test_the_clock_runs_from_the_day_of_receipt(world: World, sign_in: SignIn) -> None:
    day = timezone.localdate() - timedelta(days=9)
    sent = {"kind": "access", "regulation": "uk_gdpr", "received_on": day.isoformat()}
    response = sign_in("privacy_officer").post(of(world.alice), sent)
    assert said(response) == ["The request is open, and its clock runs."]
    one = newest()
    assert response["Location"] == reverse("admin:privacy_subjectrequest_change", args=[one.pk])
    assert (timezone.localdate(one.received_at), one.due_date) == (day, due_date("uk_gdpr", day))
    assert (one.profile_id, one.regulation, one.channel) == (world.alice, "uk_gdpr", "console")


def test_nobody_counts_as_known_unless_it_is_said_how(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    client.post(of(world.alice), {"kind": "access", "regulation": "gdpr"})
    assert (newest().verified_at, newest().verification) == (None, "")
    client.post(of(world.alice), {"kind": "access", "regulation": "gdpr", "verification": "documents"})
    officer = str(world.staff["privacy_officer"].pk)
    assert (newest().verification, newest().assurance, newest().verified_by) == ("documents", "high", officer)


def test_what_is_wrong_is_said_at_its_field_and_opens_nothing(world: World, sign_in: SignIn) -> None:
    before = SubjectRequest.objects.count()
    tomorrow = (timezone.localdate() + timedelta(days=1)).isoformat()
    sent = {"regulation": "gdpr", "received_on": tomorrow}
    content = sign_in("privacy_officer").post(of(world.alice), sent).content.decode()
    assert "What is asked for: This field is required." in content
    assert "That day lies ahead; a request is received today or earlier." in content
    assert SubjectRequest.objects.count() == before


def test_what_is_asked_for_already_is_shown_before_it_is_asked_for_twice(world: World, sign_in: SignIn) -> None:
    content = sign_in("privacy_officer").get(of(world.carol)).content.decode()
    assert reverse("admin:privacy_subjectrequest_change", args=[world.erasure.pk]) in content
    assert "Asked for already" not in sign_in("privacy_officer").get(of(world.alice)).content.decode()


def test_a_request_starts_from_the_list_and_from_the_profile(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    assert f'href="{reverse(ADD)}"' in client.get(reverse("admin:privacy_subjectrequest_changelist")).content.decode()
    profile = client.get(reverse("admin:identity_profile_change", args=[world.alice])).content.decode()
    assert of(world.alice) in profile
    assert ALICE["email"] not in profile


@pytest.mark.parametrize("role", ROLES)
def test_only_those_who_open_requests_do(role: str, world: World, sign_in: SignIn) -> None:
    may = OPEN_REQUESTS in ROLES[role].capabilities
    client, before = sign_in(role), SubjectRequest.objects.count()
    assert client.get(of(world.alice)).status_code == (200 if may else 403)
    answered = client.post(of(world.alice), {"kind": "access"})
    assert may or (answered.status_code, SubjectRequest.objects.count()) == (403, before)


def test_a_profile_that_is_not_there_has_no_form(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    assert [client.get(of(one)).status_code for one in (UUID(int=7), "no-id")] == [404, 404]


def test_the_list_says_the_law_and_who_by_name(world: World, sign_in: SignIn) -> None:
    SubjectRequest.objects.filter(pk=world.access.pk).update(opened_by="data_subject", regulation="ccpa")
    content = sign_in("privacy_officer").get(reverse("admin:privacy_subjectrequest_changelist")).content.decode()
    assert "data_subject" not in content
    assert "the person" in content
    assert ">CCPA<" in content
    assert "Ccpa" not in content
    filtered = sign_in("privacy_officer").get(
        reverse("admin:privacy_subjectrequest_changelist"), {"regulation": "ccpa"}
    )
    assert [row.pk for row in filtered.context["cl"].result_list] == [world.access.pk]


def test_a_list_whose_filters_fit_nothing_leads_back_to_all(world: World, sign_in: SignIn) -> None:
    page = reverse("admin:privacy_subjectrequest_changelist")
    content = sign_in("privacy_officer").get(page, {"kind__exact": "portability"}).content.decode()
    assert "Nothing fits what is chosen above" in content
    assert 'href="?"' in content
    assert "This page yielded" not in content
