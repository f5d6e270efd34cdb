"""Limits on identifiers on screen."""

import re
from collections.abc import Callable
from uuid import UUID

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import CORRECT_IDENTITY, ROLES
from identity import limits
from identity.models import BlockedValue, IdentifierLimit
from identity.profiles import look_up
from pipeline import queue
from privacy import requests
from privacy.erasure import erase
from tests.console.conftest import World, said

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
LIST = reverse("admin:identity_identifierlimit_changelist")
EMAIL = reverse("admin:identity_identifierlimit_namespace", args=["email"])
WHY = {"reason": "case 4711"}
BLOCK = reverse("admin:identity_identifierlimit_block", args=["email"])


def test_the_breadcrumb_names_the_page_once(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    (heading,) = re.findall(r"<h1.*?</h1>", client.get(LIST).content.decode(), re.DOTALL)
    assert heading.count("Identifier limits") == 1
    (heading,) = re.findall(r"<h1.*?</h1>", client.get(EMAIL).content.decode(), re.DOTALL)
    assert [heading.count(word) for word in ("Identifier limits", "E-mail")] == [1, 1]


def test_a_limit_is_set_and_logged_with_before_and_after(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    response = client.post(EMAIL, {"priority": "4", "most": "5", "most_in_window": "2", "window_days": "30"} | WHY)
    assert (response.status_code, response["Location"]) == (302, EMAIL)
    assert said(response) == ["Saved. It holds for links to come; who is linked stays linked."]
    client.post(EMAIL, {"priority": "9", "most": ""} | WHY)
    assert said(client.post(EMAIL, {"priority": "9"} | WHY)) == ["Nothing was changed."]
    steward = str(world.staff["data_steward"].pk)
    rows = IdentifierLimit.objects.order_by("version").values_list("priority", "most", "window_days", "saved_by")
    assert list(rows) == [(4, 5, 30, steward), (9, None, None, steward)]
    assert list(LogEntry.objects.order_by("id").values_list("change_message", flat=True)) == [
        "E-mail: priority 4, at most 20 → priority 4, at most 5, 2 in 30 days. Reason: case 4711",
        "E-mail: priority 4, at most 5, 2 in 30 days → priority 9, any number. Reason: case 4711",
    ]
    page = client.get(EMAIL).content.decode()
    assert "Version 2" in page
    assert page.count(" · data_steward</span>") == 2
    assert "priority 9, any number" in page
    listed = client.get(LIST).content.decode()
    assert listed.index("Device") < listed.index("E-mail") == listed.rindex("E-mail", 0, listed.index("version 2"))


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"priority": "0"}, "Must be a number from 1 to 99."),
        ({"priority": "1", "most": "x"}, "Enter a whole number."),
        ({"priority": "1", "window_days": "5"}, "Goes with the other of the two: give both, or neither."),
        ({}, "This field is required."),
        ({"priority": "1", "reason": ""}, "This field is required."),
        ({"priority": "1", "reason": "for bob@example.com"}, "name a case, no e-mail address or phone number"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(
    given: dict[str, str], problem: str, world: World, sign_in: SignIn
) -> None:
    response = sign_in("data_steward").post(EMAIL, WHY | given)
    assert response.status_code == 200
    assert problem in response.content.decode()
    assert not IdentifierLimit.objects.exists()


def test_a_value_is_blocked_without_being_shown_again(world: World, sign_in: SignIn) -> None:
    client, email = sign_in("data_steward"), "front.desk@example.com"
    response = client.post(BLOCK, {"value": email} | WHY)
    assert said(response) == ["“f…, 22 characters” is blocked. 0 source profiles bear it and are resolved anew."]
    page = client.get(EMAIL).content.decode()
    assert "f…, 22 characters" in page
    assert email not in page
    assert not LogEntry.objects.filter(change_message__contains=email).exists()
    row = BlockedValue.objects.get()
    let_go = reverse("admin:identity_identifierlimit_let_go", args=["email"])
    response = client.post(let_go, {"row": str(row.pk)} | WHY)
    assert said(response)[0].startswith("“f…, 22 characters” counts again.")
    assert [one.blocked for one in BlockedValue.objects.order_by("saved_at", "id")] == [True, False]


def test_the_log_names_the_row_and_outlives_an_erasure_without_a_hint(world: World, sign_in: SignIn, now) -> None:
    client, hers = sign_in("data_steward"), "alice@example.com"
    profile = look_up("email", hers, now=now)
    client.post(BLOCK, {"value": hers} | WHY)
    client.post(BLOCK, {"value": "front.desk@example.com"} | WHY)
    again = client.post(BLOCK, {"value": hers} | WHY)
    assert said(again) == ["“a…, 17 characters” is blocked already. Nothing was changed."]
    rows = BlockedValue.objects.order_by("saved_at", "id")
    logged = LogEntry.objects.order_by("id").values_list("object_id", flat=True)
    assert list(logged) == [str(row.pk) for row in rows]
    asked = requests.open("erasure", profile_id=profile, actor="officer", now=now)
    erase(requests.approve(asked, actor="second officer", now=now), actor="second officer", now=now)
    assert [row.hint for row in rows.all()] == ["f…, 22 characters"]
    told = set(LogEntry.objects.values_list("object_repr", flat=True))
    assert told == {"a value of email"}
    assert not LogEntry.objects.filter(change_message__contains="…").exists()


@pytest.mark.parametrize("given", [{}, {"row": "x"}, {"row": "\x00"}, {"word": "\x00"}, {"row": str(UUID(int=7))}])
def test_what_is_in_no_list_cannot_be_let_go(given: dict[str, str], world: World, sign_in: SignIn) -> None:
    let_go = reverse("admin:identity_identifierlimit_let_go", args=["email"])
    assert sign_in("data_steward").post(let_go, given).status_code == 404


def test_whoever_bears_it_is_resolved_anew(world: World, sign_in: SignIn, now) -> None:
    assert look_up("email", "alice@example.com", now=now) is not None
    waiting = queue.waiting()
    response = sign_in("data_steward").post(BLOCK, {"value": "alice@example.com"} | WHY)
    bearers = queue.waiting() - waiting
    assert bearers > 0
    assert said(response) == [
        f"“a…, 17 characters” is blocked. {bearers} source profiles bear it and are resolved anew."
    ]
    assert look_up("email", "alice@example.com", now=now) is None


def test_a_word_that_is_blocked_from_the_start_can_be_let_go_and_blocked_again(world: World, sign_in: SignIn) -> None:
    client, let_go = sign_in("data_steward"), reverse("admin:identity_identifierlimit_let_go", args=["account_id"])
    for blocked, message in (("no", "counts again"), ("yes", "is blocked")):
        response = client.post(let_go, {"word": "guest", "blocked": blocked} | WHY)
        assert said(response)[0].startswith(f"“guest” {message}.")
    assert client.post(let_go, {"word": "alice", "blocked": "no"} | WHY).status_code == 404


def test_no_value_is_blocked_or_let_count_without_a_reason_and_the_log_keeps_it(world: World, sign_in: SignIn) -> None:
    client, let_go = sign_in("data_steward"), reverse("admin:identity_identifierlimit_let_go", args=["email"])
    refused = client.post(BLOCK, {"value": "front.desk@example.com"})
    assert "This field is required." in refused.content.decode()
    assert not BlockedValue.objects.exists()
    client.post(BLOCK, {"value": "front.desk@example.com"} | WHY)
    row = BlockedValue.objects.get()
    for asked in ({"row": str(row.pk)}, {"word": "no@no.com", "blocked": "no"}):
        assert said(client.post(let_go, asked | {"reason": "no"}))[0].startswith(
            "Reason: Ensure this value has at least 4"
        )
    assert BlockedValue.objects.count() == 1
    client.post(let_go, {"row": str(row.pk)} | WHY)
    told = list(LogEntry.objects.order_by("id").values_list("change_message", flat=True))
    assert told == [
        "E-mail: a value is blocked; 0 source profiles bear it. Reason: case 4711",
        "E-mail: a value counts again; 0 source profiles bear it. Reason: case 4711",
    ]


def test_what_is_no_value_is_refused(world: World, sign_in: SignIn) -> None:
    page = sign_in("data_steward").post(BLOCK, {"value": "n/a"} | WHY).content.decode()
    assert "It counts as no value already, or cannot be one, so nobody bears it." in page
    assert not BlockedValue.objects.exists()


@pytest.mark.parametrize("role", sorted(ROLES))
def test_only_who_may_correct_identity_sees_and_sets_limits(role: str, world: World, sign_in: SignIn) -> None:
    client, allowed = sign_in(role), CORRECT_IDENTITY in ROLES[role].capabilities
    for address in (LIST, EMAIL):
        assert client.get(address).status_code == (200 if allowed else 403)
    for address in (EMAIL, BLOCK):
        assert (client.post(address, {"priority": "1", "value": "x@example.com"} | WHY).status_code == 302) == allowed
    assert limits.standing()["email"].version == (1 if allowed else 0)


def test_the_reason_of_a_limit_stands_in_the_list_and_with_its_version(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    client.post(EMAIL, {"priority": "4", "most": "5", "reason": "case 1"})
    client.post(EMAIL, {"priority": "4", "most": "6", "reason": "case 2"})
    listed = re.sub(r"<[^>]+>", "", client.get(LIST).content.decode())
    assert "· data_steward: case 2" in listed
    assert "case 1" not in listed
    versions = client.get(EMAIL).context["versions"]
    assert [(one.number, one.reason, one.is_in_force) for one in versions] == [
        (2, "case 2", True),
        (1, "case 1", False),
        (0, "", False),
    ]
    page = client.get(EMAIL).content.decode()
    assert [word for word in ("case 1", "case 2") if word not in page] == []


def test_an_earlier_limit_is_gone_back_to(world: World, sign_in: SignIn) -> None:
    client = sign_in("data_steward")
    assert "Back to this" not in client.get(EMAIL).content.decode()
    client.post(EMAIL, {"priority": "4", "most": "5", "most_in_window": "2", "window_days": "1200"} | WHY)
    client.post(EMAIL, {"priority": "9", "most": ""} | WHY)
    for number, stands in ((1, (4, 5, 2, 1200)), (0, (4, 20, None, None))):
        page = client.get(EMAIL)
        (form,) = (form for form in back_to_this(page.content.decode()) if form["most"] == str(stands[1]))
        assert [one.number for one in page.context["versions"] if str(one.sets["most"]) == form["most"]] == [number]
        response = client.post(EMAIL, form | WHY)
        assert response.status_code == 302
        limit = limits.standing()["email"]
        assert (limit.priority, limit.most, limit.most_in_window, limit.window_days) == stands


def back_to_this(page: str) -> list[dict[str, str]]:
    """What each form sends that goes back to a version, without the reason."""
    forms = re.findall(r"<form[^>]*>((?:(?!</form>).)*Back to this</button>)", page, re.DOTALL)
    fields = [re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form) for form in forms]
    return [{name: value for name, value in form if name != "csrfmiddlewaretoken"} for form in fields]


def test_a_value_that_counts_again_is_blocked_again_and_the_reasons_are_shown(world: World, sign_in: SignIn) -> None:
    client, let_go = sign_in("data_steward"), reverse("admin:identity_identifierlimit_let_go", args=["email"])
    client.post(BLOCK, {"value": "alice@example.com", "reason": "case 1"})
    row = BlockedValue.objects.get()
    client.post(let_go, {"row": str(row.pk), "blocked": "no", "reason": "case 2"})
    page = client.get(EMAIL).content.decode()
    assert ("case 2" in page, "case 1" in page) == (True, False)
    latest = client.get(EMAIL).context["words"][-1]
    assert f'name="row" value="{latest.row}"><input type="hidden" name="blocked" value="yes">' in page
    response = client.post(let_go, {"row": latest.row, "blocked": "yes", "reason": "case 3"})
    assert said(response)[0].startswith("“a…, 17 characters” is blocked.")
    assert [(one.blocked, one.reason) for one in BlockedValue.objects.order_by("saved_at", "id")] == [
        (True, "case 1"),
        (False, "case 2"),
        (True, "case 3"),
    ]
    assert look_up("email", "alice@example.com", now=timezone.now()) is None
    again = client.post(let_go, {"row": latest.row, "blocked": "yes", "reason": "case 4"})
    assert said(again) == ["“a…, 17 characters” is blocked already. Nothing was changed."]
