"""Recipients and legal holds at the screen: who may, what they are told, and what then stands."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from outbox import deliveries, recipients
from outbox.deliveries import HandOver
from outbox.models import Delivery, Recipient
from privacy import holds
from privacy.models import LegalHold
from tests.console.conftest import World, said
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]


@pytest.fixture
def mailer(world: World, now: datetime) -> Recipient:
    return recipients.add("mailer", purposes=["marketing"], url="http://127.0.0.1:9/hook", now=now)[0]


@pytest.fixture
def to_erase(mailer: Recipient, world: World, now: datetime) -> UUID:
    """The mail service learned of Carol and is asked to erase her."""
    deliveries.note([HandOver(mailer.pk, "profile.created", "marketing", world.carol, "carolspseudonym")], now=now)
    deliveries.queue_erasures([world.carol], request=new_id(), now=now)
    return Delivery.objects.get(kind="person.erase").pk


def page(one: Recipient) -> str:
    return reverse("admin:outbox_recipient_change", args=[one.pk])


def test_an_operator_adds_one_and_sees_its_secret_once(sign_in: SignIn, world: World) -> None:
    client = sign_in("operator")
    form = {"name": "mailer", "url": "http://127.0.0.1:9/hook", "purposes": ["marketing"]}
    answer = client.post(reverse("admin:outbox_recipient_add"), form)
    assert "whsec_" in answer.content.decode()
    one = Recipient.objects.get()
    assert (one.name, one.purposes, one.enabled) == ("mailer", ["marketing"], True)
    assert "whsec_" not in client.get(page(one)).content.decode()


def test_a_wrong_address_is_said_at_its_field(sign_in: SignIn, world: World) -> None:
    form = {"name": "mailer", "url": "http://mailer.example/", "purposes": ["marketing"]}
    answer = sign_in("operator").post(reverse("admin:outbox_recipient_add"), form)
    assert "only https is allowed" in answer.content.decode()
    assert not Recipient.objects.exists()


def test_a_secret_is_exchanged_and_a_recipient_switched_off(sign_in: SignIn, mailer: Recipient) -> None:
    client = sign_in("operator")
    assert "whsec_" in client.post(reverse("admin:outbox_recipient_exchange", args=[mailer.pk])).content.decode()
    client.post(reverse("admin:outbox_recipient_switch", args=[mailer.pk]))
    mailer.refresh_from_db()
    assert (mailer.secret_version, mailer.enabled) == (2, False)


def test_the_officer_sees_what_is_unconfirmed_and_notes_a_letter(
    sign_in: SignIn, mailer: Recipient, to_erase: UUID
) -> None:
    client = sign_in("privacy_officer")
    text = client.get(page(mailer)).content.decode()
    assert "Erasures to confirm" in text
    assert "carolspseudonym" in text
    answer = client.post(reverse("admin:outbox_recipient_confirm", args=[to_erase]), {"reason": "letter of 4 May"})
    assert said(answer) == ["Noted: this recipient has confirmed the erasure."]
    found = Delivery.objects.get(pk=to_erase)
    assert (found.state, found.acknowledged_by.endswith(": letter of 4 May")) == ("acknowledged", True)


def test_an_operator_sends_it_again(sign_in: SignIn, mailer: Recipient, to_erase: UUID) -> None:
    Delivery.objects.filter(pk=to_erase).update(state="sent", attempts=1, next_attempt_at=None)
    answer = sign_in("operator").post(reverse("admin:outbox_recipient_again", args=[to_erase]))
    assert said(answer) == ["It is sent again within moments."]
    assert Delivery.objects.get(pk=to_erase).state == "waiting"


@pytest.mark.parametrize(
    ("role", "action", "status"),
    [
        ("marketer", "change", 403),
        ("privacy_officer", "exchange", 403),
        ("privacy_officer", "switch", 403),
        ("data_steward", "switch", 403),
        ("operator", "switch", 302),
    ],
)
def test_who_may(sign_in: SignIn, mailer: Recipient, role: str, action: str, status: int) -> None:
    address = reverse(f"admin:outbox_recipient_{action}", args=[mailer.pk])
    client = sign_in(role)
    answer: Any = client.get(address) if action == "change" else client.post(address)
    assert answer.status_code == status


def test_a_hold_is_put_shown_and_lifted(sign_in: SignIn, world: World) -> None:
    client = sign_in("privacy_officer")
    put = reverse("admin:identity_profile_hold", args=[world.carol])
    answer = client.post(put, {"reference": "12 O 345/26", "reason": "claim 4711", "until": ""})
    assert said(answer) == ["On hold: nothing is destroyed while it stands."]
    profile = client.get(reverse("admin:identity_profile_change", args=[world.carol])).content.decode()
    assert "12 O 345/26" in profile
    hold = LegalHold.objects.get()
    lift = reverse("admin:identity_profile_lift_hold", args=[world.carol, hold.pk])
    assert said(client.post(lift, {"reason": "claim 4711 settled"})) == ["Lifted."]
    assert holds.held(world.parts(world.carol), at=hold.put_at) == {}


def test_a_hold_keeps_an_erasure_from_being_carried_out(sign_in: SignIn, world: World, now: datetime) -> None:
    holds.put(world.carol, reference="12 O 345/26", reason="claim 4711", actor="officer", now=now)
    second = Client()
    second.force_login(world.staff["second_officer"])
    second.post(reverse("admin:privacy_subjectrequest_approve", args=[world.erasure.pk]))
    answer = second.post(reverse("admin:privacy_subjectrequest_erase", args=[world.erasure.pk]))
    assert "legal hold 12 O 345/26 stands until it is lifted" in said(answer)[0].lower().replace("12 o", "12 O")
    assert world.parts(world.carol)


def test_a_marketer_puts_nobody_on_hold(sign_in: SignIn, world: World) -> None:
    put = reverse("admin:identity_profile_hold", args=[world.carol])
    assert sign_in("marketer").post(put, {"reference": "x", "reason": "because"}).status_code == 403
    assert not LegalHold.objects.exists()
