"""Sources, API keys and users: secrets shown once, settings checked, and nobody locks everybody out."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access import api_keys
from access.models import User
from access.roles import EDIT_SOURCES, MANAGE_ACCESS, ROLES
from outbox import webhooks
from records import sources, webhook_secrets
from records.models import Source
from tests.console.conftest import World, said

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
SOURCE = {
    "name": "till",
    "kind": "offline",
    "format": "rows",
    "stable_key": "loyalty_number",
    "purposes": ["service"],
    "trust_rank": 60,
    "retention_days": 365,
    "region": "GB",
    "mapping": "{}",
}


SENDERS = webhooks.written(b"thirty-two bytes of the sender's")


def secret_of(response: Any) -> str:
    return str(response.content.decode().split('class="o-secret">')[1].split("<")[0])


def test_a_source_is_added_and_its_write_key_shown_once(world: World, sign_in: SignIn) -> None:
    client = sign_in("operator")
    response = client.post(reverse("admin:records_source_add"), SOURCE)
    key = secret_of(response)
    source = sources.by_write_key(key)
    assert source is not None
    assert (source.name, source.stable_key, source.retention_days, source.purposes) == (
        "till",
        "loyalty_number",
        365,
        ["service"],
    )
    assert "no-store" in response["Cache-Control"]
    assert key not in client.get(reverse("admin:records_source_change", args=[source.pk])).content.decode()


def test_a_renewed_key_ends_the_old_one(world: World, sign_in: SignIn) -> None:
    source, old = sources.add("kiosk", kind="offline")
    new = secret_of(sign_in("operator").post(reverse("admin:records_source_renew", args=[source.pk])))
    assert sources.by_write_key(old) is None
    assert sources.by_write_key(new) == source


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"name": "crm"}, "already exists"),
        ({"mapping": '{"fields": {"mail": "electronic_mail"}}'}, "fields.mail"),
        ({"mapping": '{"properties": {"tier": "text"}}'}, "properties.tier"),
        ({"mapping": "{"}, "Enter a valid JSON"),
        ({"trust_rank": 101}, "less than or equal to 100"),
        ({"purposes": []}, "This field is required"),
        ({"records_per_minute": 0}, "greater than or equal to 1"),
    ],
)
def test_a_wrong_setting_is_named_and_nothing_is_added(
    changes: dict[str, Any], problem: str, world: World, sign_in: SignIn
) -> None:
    before = Source.objects.count()
    response = sign_in("operator").post(reverse("admin:records_source_add"), {**SOURCE, **changes})
    assert response.status_code == 200
    assert problem in response.content.decode()
    assert Source.objects.count() == before


def test_a_changed_mapping_gets_a_new_version(world: World, sign_in: SignIn) -> None:
    page = reverse("admin:records_source_change", args=[world.crm.pk])
    mapping = {"fields": {"mail": "email"}, "properties": {"tier": "string"}}
    sign_in("operator").post(page, {**SOURCE, "mapping": json.dumps(mapping)})
    world.crm.refresh_from_db()
    assert (world.crm.mapping, world.crm.mapping_version, world.crm.name) == (mapping, 2, "crm")


def test_a_limit_is_set_and_taken_away_again(world: World, sign_in: SignIn) -> None:
    page = reverse("admin:records_source_change", args=[world.crm.pk])
    for given, limit in ((600, 600), ("", None)):
        assert sign_in("operator").post(page, {**SOURCE, "records_per_minute": given}).status_code == 302
        world.crm.refresh_from_db()
        assert world.crm.records_per_minute == limit


def test_a_webhook_secret_is_kept_made_or_ended(world: World, sign_in: SignIn) -> None:
    client, now = sign_in("operator"), timezone.now()
    page = reverse("admin:records_source_change", args=[world.crm.pk])
    act = reverse("admin:records_source_webhooks", args=[world.crm.pk])
    assert "None is kept yet" in client.get(page).content.decode()
    assert said(client.post(act, {"secret": "password"})) == [
        "A secret must be whsec_ and base64, as the sender shows it."
    ]
    client.post(act, {"secret": SENDERS})
    world.crm.refresh_from_db()
    assert [webhooks.written(one) for one in webhook_secrets.counting(world.crm, now=now)] == [SENDERS]
    assert SENDERS not in client.get(page).content.decode()
    made = secret_of(client.post(act, {"make": "1"}))
    world.crm.refresh_from_db()
    assert [webhooks.written(one) for one in webhook_secrets.counting(world.crm, now=now)] == [made, SENDERS]
    client.post(act, {"end": "1"})
    world.crm.refresh_from_db()
    assert webhook_secrets.counting(world.crm, now=now) == []


def test_a_disabled_source_is_switched_back_on(world: World, sign_in: SignIn) -> None:
    switch = reverse("admin:records_source_switch", args=[world.crm.pk])
    for expected in (False, True):
        sign_in("operator").post(switch)
        world.crm.refresh_from_db()
        assert world.crm.enabled is expected


def test_an_api_key_is_shown_once_and_revoked_for_good(world: World, sign_in: SignIn) -> None:
    client = sign_in("administrator")
    form = {"name": "mailer", "scopes": ["profiles:read"], "purposes": ["marketing"]}
    text = secret_of(client.post(reverse("admin:access_apikey_add"), form))
    key = api_keys.find(text, now=timezone.now())
    assert key is not None
    assert (key.name, key.scopes, key.purposes) == ("mailer", ["profiles:read"], ["marketing"])
    assert text not in client.get(reverse("admin:access_apikey_change", args=[key.pk])).content.decode()
    client.post(reverse("admin:access_apikey_revoke", args=[key.pk]))
    assert api_keys.find(text, now=timezone.now()) is None
    assert "names stay taken" in client.post(reverse("admin:access_apikey_add"), form).content.decode()


def test_a_key_for_sources_alone_needs_no_purpose(world: World, sign_in: SignIn) -> None:
    client, add = sign_in("administrator"), reverse("admin:access_apikey_add")
    refused = client.post(add, {"name": "loader", "scopes": ["sources:write", "profiles:read"]}).content.decode()
    assert "Choose at least one: a key reads for a purpose with profiles:read." in refused
    key = api_keys.find(
        secret_of(client.post(add, {"name": "loader", "scopes": ["sources:write"]})), now=timezone.now()
    )
    assert key is not None
    assert (key.scopes, key.purposes) == (["sources:write"], [])


def test_a_user_is_added_with_roles_and_may_sign_in(world: World, sign_in: SignIn) -> None:
    form = {"username": "mary", "password": "correct horse battery", "roles": ["marketer", "operator"]}
    sign_in("administrator").post(reverse("admin:access_user_add"), form)
    mary = User.objects.get(username="mary")
    assert mary.roles == ["operator", "marketer"]
    assert mary.check_password("correct horse battery")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"password": "short"}, "too short"),
        ({"username": "marketer"}, "already exists"),
        ({"roles": ["emperor"]}, "emperor"),
    ],
)
def test_a_wrong_user_is_not_added(changes: dict[str, Any], problem: str, world: World, sign_in: SignIn) -> None:
    form = {"username": "mary", "password": "correct horse battery", "roles": ["marketer"], **changes}
    response = sign_in("administrator").post(reverse("admin:access_user_add"), form)
    assert problem in response.content.decode()
    assert not User.objects.filter(username="mary").exists()


def test_the_last_manager_stays(world: World, sign_in: SignIn) -> None:
    admin = world.staff["administrator"]
    response = sign_in("administrator").post(
        reverse("admin:access_user_change", args=[admin.pk]), {"roles": ["marketer"], "is_active": "on"}
    )
    assert said(response)[0].startswith("Somebody must be left who may manage access")
    admin.refresh_from_db()
    assert admin.roles == ["administrator"]


def test_a_new_password_ends_sessions(world: World, sign_in: SignIn) -> None:
    marketer = sign_in("marketer")
    address = reverse("admin:access_user_password", args=[world.staff["marketer"].pk])
    weak = sign_in("administrator").post(address, {"password": "password1234"})
    assert said(weak) == ["This password is too common."]
    sign_in("administrator").post(address, {"password": "correct horse battery"})
    assert marketer.get(reverse("admin:index")).status_code == 302


def test_only_those_who_may_change_things(world: World, sign_in: SignIn) -> None:
    needed = {
        reverse("admin:records_source_add"): EDIT_SOURCES,
        reverse("admin:records_source_change", args=[world.crm.pk]): EDIT_SOURCES,
        reverse("admin:records_source_renew", args=[world.crm.pk]): EDIT_SOURCES,
        reverse("admin:records_source_switch", args=[world.crm.pk]): EDIT_SOURCES,
        reverse("admin:access_apikey_add"): MANAGE_ACCESS,
        reverse("admin:access_apikey_revoke", args=[world.key]): MANAGE_ACCESS,
        reverse("admin:access_user_add"): MANAGE_ACCESS,
        reverse("admin:access_user_password", args=[world.staff["operator"].pk]): MANAGE_ACCESS,
    }
    for role in ROLES:
        client = sign_in(role)
        refused = {address for address in needed if client.post(address).status_code == 403}
        assert refused == {one for one, capability in needed.items() if capability not in ROLES[role].capabilities}, (
            role
        )
