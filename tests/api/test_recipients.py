"""Recipients over the API: added with a secret that is shown once, within the key's purposes, switched off and on."""

import base64
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from access import api_keys
from access.models import ApiKey
from outbox import recipients
from outbox.changes import PROFILE_CREATED, News, append
from outbox.models import Change, Recipient
from tests.api.conftest import NOTHING, Caller, assert_problem
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

PATH = "/api/recipients/"
MAILER = {"name": "mailer", "url": "https://93.184.216.34/hooks/onym", "purposes": ["marketing"]}


@pytest.fixture
def marketing(call: Callable[..., Caller]) -> Caller:
    return call("marketing", "analytics")


def test_a_recipient_is_added_and_its_secret_shown_this_once(marketing: Caller) -> None:
    answer = marketing.post(PATH, MAILER)
    body = answer.json()
    added = Recipient.objects.get()
    assert (answer.status_code, answer["Location"]) == (201, f"{PATH}{added.pk}/")
    assert answer["Cache-Control"] == "no-store"
    secret = body.pop("secret")
    assert recipients.secrets_of(added, now=timezone.now()) == [base64.b64decode(secret.removeprefix("whsec_"))]
    assert {name: body[name] for name in MAILER} == MAILER
    assert (body["id"], body["enabled"], body["last_sent_at"], set(body["counts"].values())) == (
        str(added.pk), True, None, {0},
    )  # fmt: skip
    for path in (PATH, answer["Location"]):
        again = marketing.get(path)
        assert again.status_code == 200
        assert secret.removeprefix("whsec_") not in again.content.decode()
        assert b"secret" not in again.content
    assert marketing.get(answer["Location"]).json() == body


def test_without_an_address_it_is_one_by_hand(marketing: Caller) -> None:
    assert marketing.post(PATH, {"name": "printer", "purposes": ["marketing"]}).json()["url"] == ""


def test_it_is_told_of_what_happens_from_then_on(marketing: Caller) -> None:
    append([News(new_id(), PROFILE_CREATED, {})], now=timezone.now())
    marketing.post(PATH, MAILER)
    assert Recipient.objects.get().last_change == Change.objects.latest("id").pk


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"name": "two words alice@example.com"}, "name"),
        ({"name": "taken"}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"purposes": []}, "purposes"),
        ({"url": "ftp://alice@example.com/"}, "url"),
        ({"url": "http://mailer.example/"}, "url"),
        ({"url": "https://mailer.example/" + "a" * 500}, "url"),
    ],
    ids=str,
)
def test_the_error_names_the_field_and_repeats_nothing(given: dict[str, Any], field: str, marketing: Caller) -> None:
    recipients.add("taken", purposes=["marketing"], now=timezone.now())
    answer = marketing.post(PATH, {**MAILER, **given})
    problem = assert_problem(answer, 400, "invalid")
    assert {error["field"] for error in problem["errors"]} == {field}
    assert b"alice" not in answer.content
    assert Recipient.objects.count() == 1


def test_a_private_address_is_refused_in_production(marketing: Caller, settings: Any) -> None:
    settings.OUTGOING_PRIVATE_ADDRESSES = False
    for url in ("https://10.0.0.7/", "https://169.254.169.254/latest", "https://[::1]/"):
        assert_problem(marketing.post(PATH, {**MAILER, "url": url}), 400, "invalid")


@pytest.mark.parametrize("purposes", [["service"], ["marketing", "service"], ["astrology"]])
def test_a_key_adds_nobody_for_a_purpose_that_it_does_not_hold(marketing: Caller, purposes: list[str]) -> None:
    assert_problem(marketing.post(PATH, {**MAILER, "purposes": purposes}), 403, "purpose_not_held")
    assert not Recipient.objects.exists()


def test_it_is_switched_off_and_on(marketing: Caller) -> None:
    path = f"{PATH}{marketing.post(PATH, MAILER).json()['id']}/"
    assert patch(marketing, path, enabled=False).json()["enabled"] is False
    assert patch(marketing, path, enabled=False).status_code == 200
    append([News(new_id(), PROFILE_CREATED, {})], now=timezone.now())
    assert patch(marketing, path, enabled=True).json()["enabled"] is True
    assert Recipient.objects.get().last_change == Change.objects.latest("id").pk
    assert_problem(marketing.client.patch(path, {}, content_type="application/json"), 400, "invalid")


def test_a_key_of_other_purposes_switches_it_neither_off_nor_on(marketing: Caller, call: Callable[..., Caller]) -> None:
    path = f"{PATH}{marketing.post(PATH, MAILER).json()['id']}/"
    assert_problem(patch(call("analytics"), path, enabled=False), 403, "purpose_not_held")
    assert Recipient.objects.get().enabled


def test_what_is_not_there_is_not_found(marketing: Caller) -> None:
    assert_problem(marketing.get(f"{PATH}{NOTHING}/"), 404, "not_found")
    assert_problem(patch(marketing, f"{PATH}{NOTHING}/", enabled=False), 404, "not_found")


def test_a_key_that_nobody_gave_the_scope_adds_nobody() -> None:
    caller = Caller(api_keys.add("newsletter", purposes=["marketing"])[1])
    assert assert_problem(caller.post(PATH, MAILER), 403, "missing_scope")["scope"] == "recipients:write"
    assert caller.get(PATH).status_code == 200


def test_who_could_list_recipients_before_they_had_a_scope_still_can() -> None:
    migration = import_module("access.migrations.0005_recipients_have_a_scope")
    scopes = {"old": ["deliveries:read"], "new": ["deliveries:read", "recipients:read"], "other": ["changes:read"]}
    for name, held in scopes.items():
        api_keys.add(name, purposes=["service"], scopes=held)
    with connection.cursor() as cursor:
        cursor.execute(migration.GIVE)
    assert {key.name: key.scopes for key in ApiKey.objects.all()} == {**scopes, "old": scopes["new"]}


def patch(caller: Caller, path: str, **body: object) -> Any:
    return caller.client.patch(path, body, content_type="application/json")
