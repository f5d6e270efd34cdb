"""No page falls back to the words of a library: signing in and out, one's password, histories, entries, errors."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.urls import reverse
from django.views.defaults import bad_request, server_error

from access import api_keys, users
from access.models import User
from access.roles import ROLES
from consent.models import Act
from console.capabilities import CAN, MAY
from console.showing import in_words
from identity.models import Assignment
from records import sources
from records.models import QuarantinedRecord
from tests.console.conftest import World

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
PASSWORD = "kelp-bridge-otter-11"


@pytest.fixture
def officer(db: None) -> User:
    return users.add("officer", password=PASSWORD, roles=["privacy_officer"])


def try_to_sign_in(**sent: str) -> tuple[Client, Any]:
    client = Client()
    return client, client.post(reverse("admin:login"), sent)


def test_whoever_signs_in_without_a_page_in_mind_comes_to_the_overview(officer: User) -> None:
    page = Client().get(reverse("admin:login")).content.decode()
    assert f'name="next" value="{reverse("admin:index")}"' in page
    _, response = try_to_sign_in(username="officer", password=PASSWORD, next=reverse("admin:index"))
    assert (response.status_code, response["Location"]) == (302, reverse("admin:index"))


@pytest.mark.parametrize(("name", "password"), [("officer", "not-the-one-33"), ("nobody", PASSWORD)])
def test_a_wrong_password_and_an_unknown_name_are_told_alike(officer: User, name: str, password: str) -> None:
    _, response = try_to_sign_in(username=name, password=password)
    content = response.content.decode()
    assert "User name or password is wrong, or this account may not sign in." in content
    assert "staff account" not in content
    assert password not in content


def test_whoever_signs_out_is_told_so(world: World, sign_in: SignIn) -> None:
    content = sign_in("marketer").post(reverse("admin:logout")).content.decode()
    assert "You are signed out" in content
    assert "quality time" not in content


def test_ones_own_password_is_changed_in_plain_words(officer: User) -> None:
    client = Client()
    client.force_login(officer)
    page = reverse("admin:password_change")
    assert "for security" not in client.get(page).content.decode()
    assert "This field is required" in client.post(page, {}).content.decode()
    sent = {"old_password": PASSWORD, "new_password1": "salt-lantern-fox-22", "new_password2": "salt-lantern-fox-22"}
    assert "Your password is changed" in client.post(page, sent, follow=True).content.decode()
    assert User.objects.get(pk=officer.pk).check_password("salt-lantern-fox-22")


def test_the_list_of_a_package_leads_to_the_overview(world: World, sign_in: SignIn) -> None:
    for app in ("consent", "privacy", "records", "vault"):
        assert sign_in("privacy_officer").get(f"/admin/{app}/")["Location"] == reverse("admin:index")


def test_a_history_says_who_changed_what_and_that_nobody_did(world: World, sign_in: SignIn) -> None:
    client = sign_in("privacy_officer")
    history = reverse("admin:consent_purpose_history", args=["marketing"])
    content = client.get(history).content.decode()
    assert "Nobody has changed this here since it was made." in content
    assert "probably" not in content
    edit = reverse("admin:consent_purpose_edit", args=["marketing"])
    form = client.get(edit).context["form"]
    client.post(edit, {**{name: value for name, value in form.initial.items() if value}, "description": "Offers."})
    content = client.get(history).content.decode()
    assert "Changed description" in content
    assert "privacy_officer" in content


def test_an_act_has_a_page_to_read_with_its_receipt(world: World, sign_in: SignIn) -> None:
    act = Act.objects.filter(purpose="marketing", state="withdrawn").latest("id")
    client = sign_in("privacy_officer")
    page = reverse("admin:consent_act_change", args=[act.pk])
    assert page in client.get(reverse("admin:consent_act_changelist")).content.decode()
    content = client.get(page).content.decode()
    assert "Marketing: withdrawn" in content
    assert reverse("admin:consent_act_receipt", args=[act.pk]) in content
    assert str(act.source_profile_id) not in content


def test_an_entry_of_the_ledger_draws_its_evidence_and_names_who_made_it(world: World, sign_in: SignIn) -> None:
    entry = Assignment.objects.current().filter(evidence__has_key="levels").first()
    assert entry is not None
    content = sign_in("data_steward").get(reverse("admin:identity_assignment_change", args=[entry.pk])).content.decode()
    assert "bits for and against" in content
    assert "&quot;levels&quot;" not in content
    assert "it still does" in content


def test_a_quarantined_record_says_what_to_do(world: World, sign_in: SignIn) -> None:
    row = QuarantinedRecord.objects.get()
    page = reverse("admin:records_quarantinedrecord_change", args=[row.pk])
    content = sign_in("operator").get(page).content.decode()
    assert row.message in content.replace("&#x27;", "'")
    assert "send it again" in content
    assert reverse("admin:records_source_change", args=[row.source_id]) in content


def test_entries_are_for_those_who_may_see_their_list(world: World, sign_in: SignIn) -> None:
    act = Act.objects.latest("id")
    assert sign_in("operator").get(reverse("admin:consent_act_change", args=[act.pk])).status_code == 403
    gone = reverse("admin:consent_act_change", args=["00000000-0000-0000-0000-000000000007"])
    assert sign_in("marketer").get(gone).status_code == 404


def test_errors_say_what_has_and_has_not_happened(client: Client) -> None:
    request = RequestFactory().get("/")
    assert "has not happened" in server_error(request).content.decode()
    assert "Go back" in bad_request(request, ValueError()).content.decode()
    strict = Client(enforce_csrf_checks=True)
    refused = strict.post(reverse("admin:login"), {"username": "a", "password": "b"})
    assert refused.status_code == 403
    assert "open for too long" in refused.content.decode()
    assert settings.DEBUG is False


def test_every_capability_and_scope_has_words() -> None:
    granted = {one for role in ROLES.values() for one in role.capabilities}
    assert CAN.keys() == granted
    assert MAY.keys() == set(api_keys.SCOPES)


def test_roles_and_scopes_are_said_in_words_where_they_are_given(world: World, sign_in: SignIn) -> None:
    client = sign_in("administrator")
    users_page = client.get(reverse("admin:access_user_change", args=[world.staff["marketer"].pk])).content.decode()
    assert "make and change segments" in users_page
    assert "segments.edit" not in users_page
    assert "look people up" in client.get(reverse("admin:access_apikey_add")).content.decode()


def test_a_source_shows_its_mapping_and_its_days_to_those_who_may_not_change_it(world: World, sign_in: SignIn) -> None:
    sources.change(world.crm, mapping={"fields": {"mail": "email"}})
    content = sign_in("marketer").get(reverse("admin:records_source_change", args=[world.crm.pk])).content.decode()
    assert "&quot;mail&quot;: &quot;email&quot;" in content
    assert "3 years from receipt" in content
    assert "in all, from" in content
    assert "How to write the mapping" not in content


def test_an_answer_calls_fields_and_days_what_people_call_them(world: World, sign_in: SignIn) -> None:
    page = reverse("admin:privacy_subjectrequest_answer", args=[world.access.pk])
    content = sign_in("privacy_officer").post(page).content.decode()
    assert "Customer number" in content
    assert "Given name" in content
    assert "<td>customer_number" not in content


@pytest.mark.parametrize(
    ("days", "words"),
    [(1095, "3 years"), (365, "1 year"), (395, "395 days"), (1, "1 day"), (3.0, "3 days"), (0.5, "12 hours")],
)
def test_periods_in_words(days: float, words: str) -> None:
    assert in_words(days) == words
