"""A data steward says on the profile page which value counts; the page says who did, when and why."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consent.restrictions import RESTRICTION, restrict
from identity import overriding, profiles
from identity.models import GoldenOverride
from tests.console.conftest import World, said
from tests.console.test_profile import page
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
WHY = {"reason": "ticket 4711"}


def at(act: str, profile: UUID, field: str) -> str:
    return reverse(f"admin:identity_profile_{act}", args=[profile, field])


def test_set_shown_with_who_and_why_and_taken_back(world: World, sign_in: SignIn) -> None:
    steward = sign_in("data_steward")
    form = steward.get(at("set_value", world.alice, "family_name")).content.decode()
    assert form.count('type="radio"') == 2
    assert "A•••••" in form or "A••••" in form
    assert "Archer" not in form
    done = steward.post(at("set_value", world.alice, "family_name"), {"text": "Winter", **WHY})
    assert said(done) == ["Family name: this value counts now, until somebody takes it back."]
    content = steward.get(page(world.alice)).content.decode()
    assert ">by hand</span>" in content
    assert "data_steward" in content
    assert ": ticket 4711" in content
    assert "Winter" not in content
    others = sign_in("marketer").get(page(world.alice)).content.decode()
    assert ">by hand</span>" in others
    assert ": ticket 4711" not in others
    entry = AuditEntry.objects.get(action="set golden value")
    assert (entry.actor, entry.reason) == (str(world.staff["data_steward"].pk), "set by hand: ticket 4711")
    back = steward.post(at("take_back_value", world.alice, "family_name"))
    assert said(back) == ["Taken back: what sources say of family name decides again."]
    assert ">by hand</span>" not in steward.get(page(world.alice)).content.decode()


def test_one_that_a_source_has_is_chosen_unseen(world: World, sign_in: SignIn) -> None:
    steward = sign_in("data_steward")
    form = steward.get(at("set_value", world.alice, "email")).content.decode()
    assert "Another value" not in form
    ids = [part.split('"')[0] for part in form.split('name="chosen" value="')[1:]]
    steward.post(at("set_value", world.alice, "email"), {"chosen": ids[-1], **WHY})
    row = GoldenOverride.objects.get()
    assert (row.field, row.chosen) == ("email", True)


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (WHY, "Choose a value that is there, or write another one"),
        ({"text": "Winter", "reason": "x"}, "at least 4 characters"),
        ({"text": "Winter", "reason": "asked by a@example.com"}, "name a case"),
    ],
)
def test_what_is_not_said_well_is_asked_again(world: World, sign_in: SignIn, body: dict[str, str], error: str) -> None:
    answer = sign_in("data_steward").post(at("set_value", world.alice, "family_name"), body)
    assert error in answer.content.decode()
    assert GoldenOverride.objects.count() == 0


def test_values_are_revealed_once_for_a_reason(world: World, sign_in: SignIn) -> None:
    steward = sign_in("data_steward")
    shown = steward.post(at("reveal_values", world.alice, "family_name"), WHY).content.decode()
    assert "Archer" in shown
    assert AuditEntry.objects.filter(reason="reveal: ticket 4711", fields=["family_name"]).exists()
    assert "Archer" not in steward.get(at("set_value", world.alice, "family_name")).content.decode()


@pytest.mark.parametrize("role", ["marketer", "privacy_officer", "operator", "administrator"])
def test_only_stewards_may(world: World, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    assert client.get(at("set_value", world.alice, "city")).status_code == 403
    assert client.post(at("set_value", world.alice, "city"), {"text": "Bath", **WHY}).status_code == 403
    assert client.post(at("take_back_value", world.alice, "city")).status_code == 403
    assert client.post(at("reveal_values", world.alice, "city"), WHY).status_code == 403
    assert GoldenOverride.objects.count() == 0


def test_of_whoever_may_not_be_read_nothing_is_set(world: World, sign_in: SignIn) -> None:
    parts = profiles.source_profiles(world.alice)
    restrict(parts, kind=RESTRICTION, actor="officer-1", now=timezone.now())
    answer = sign_in("data_steward").post(at("set_value", world.alice, "city"), {"text": "Bath", **WHY})
    assert "may not be read" in answer.content.decode()
    assert not overriding.standing(parts).exists()


def test_what_cannot_be_set_has_no_page(world: World, sign_in: SignIn) -> None:
    assert sign_in("data_steward").get(at("set_value", world.alice, "device_id")).status_code == 404
