"""Whoever learned of a person gets a signed request to erase, open until confirmed; who has not confirmed is named."""

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.test import Client
from django.utils import timezone

from consent.acts import NewAct, record
from consent.models import GRANTED
from identity.profiles import look_up, source_profiles
from outbox import recipients, signing, webhooks
from outbox.deliveries import HandOver, confirmed, note, unconfirmed
from outbox.models import Delivery
from pipeline.hand_over import hand_over
from privacy import requests
from privacy.erasure import erase
from tests.receiver import confirm, receiving
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage
from vault.pseudonyms import pseudonym

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "outbox/sending.py",
    "    if answer.well and (delivery.kind != ERASE or acknowledges(answer.body, delivery.pk)):",
    "    if answer.well:",
)
ALICE = {
    "customer_number": "CN-7001-A",
    "given_name": "Alice",
    "family_name": "Canaryson",
    "email": "alice@example.com",
}
BOB = {"customer_number": "CN-7002-B", "given_name": "Bob", "family_name": "Butcher", "email": "bob@example.com"}


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def mailer(now):
    """A mail service that is told of changes for marketing, and its secret."""
    with receiving() as receiver:
        recipient, secret = recipients.add("mailer", purposes=["marketing"], url=receiver.url, now=now)
        receiver.recipient, receiver.secret = recipient, base64.b64decode(secret.removeprefix("whsec_"))
        yield receiver


def arrive(crm, now, *people, consents=True):
    send_rows(crm, *({"updated_at": (now - timedelta(hours=1)).isoformat(), **row} for row in people), now=now)
    process(now)
    profiles = [look_up("email", row["email"], now=now) for row in people]
    if consents:
        acts = [
            NewAct(id, "marketing", "", GRANTED, now, "test", verified=True)
            for profile in profiles
            for id in source_profiles(profile)
        ]
        record(acts, now=now)
    return profiles


def erased(profile, now):
    request = requests.open("erasure", profile_id=profile, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    return request


def test_p08_it_is_asked_signed_and_stays_open_until_it_confirms(mailer, crm, now):
    (alice,) = arrive(crm, now, ALICE)
    assert hand_over(now=now) == 1
    known_as = pseudonym(alice, recipient="mailer", purpose="marketing")
    assert mailer.got[0].json == {
        "type": "profile.created",
        "timestamp": now.isoformat(),
        "data": {"person": known_as, "purpose": "marketing"},
    }
    request = erased(alice, now)
    assert [(one.recipient, one.state, one.last_answer) for one in unconfirmed(request.pk)] == [
        ("mailer", "waiting", "not asked yet")
    ]

    mailer.answer = lambda got: (500, b"")
    hand_over(now=now)
    assert [(one.state, one.attempts, one.last_answer) for one in unconfirmed(request.pk)] == [("waiting", 1, "500")]
    mailer.answer = lambda got: (200, b'{"ok": true}')
    assert hand_over(now=now) == 0
    later = now + timedelta(seconds=6)
    hand_over(now=later)
    assert [(one.state, one.attempts, one.last_answer) for one in unconfirmed(request.pk)] == [("sent", 2, "200")]
    mailer.answer = confirm
    assert hand_over(now=later + timedelta(hours=23)) == 0
    hand_over(now=later + timedelta(hours=25))
    assert (unconfirmed(request.pk), confirmed(request.pk)) == ([], ["mailer"])
    hand_over(now=now + timedelta(days=30))
    assert mailer.kinds() == ["profile.created", *["person.erase"] * 3]

    asked = mailer.got[1]
    assert asked.json["data"]["person"] == known_as
    assert asked.json["data"]["acknowledge"] == asked.headers["webhook-id"]
    signed = f"{asked.headers['webhook-id']}.{asked.headers['webhook-timestamp']}.".encode() + asked.body
    shared, own = asked.headers["webhook-signature"].split(" ")
    expected = base64.b64encode(hmac.new(mailer.secret, signed, hashlib.sha256).digest()).decode()
    assert shared == f"v1,{expected}"
    Ed25519PublicKey.from_public_bytes(signing.public_key()).verify(base64.b64decode(own.removeprefix("v1a,")), signed)


def test_p08_a_confirmation_may_come_later_by_a_signed_call(mailer, crm, now):
    (alice,) = arrive(crm, now, ALICE)
    hand_over(now=now)
    mailer.answer = lambda got: (202, b"")
    request = erased(alice, now)
    hand_over(now=now)
    (open_one,) = unconfirmed(request.pk)
    path, body = (
        f"/api/deliveries/{open_one.delivery}/acknowledgment/",
        b'{"acknowledged":"%s"}' % str(open_one.delivery).encode(),
    )

    def call(secret):
        headers = webhooks.headers("answer-1", body, secrets=[secret], now=timezone.now())
        return Client().post(path, body, content_type="application/json", headers=headers)

    assert call(b"x" * 32).status_code == 401
    assert Client().post(path, body, content_type="application/json").status_code == 401
    assert [one.state for one in unconfirmed(request.pk)] == ["sent"]
    assert call(mailer.secret).status_code == 200
    assert (unconfirmed(request.pk), confirmed(request.pk)) == ([], ["mailer"])


def test_p08_every_recipient_that_learned_is_asked_and_nobody_else(mailer, crm, now):
    recipients.add("printer", purposes=["marketing"], now=now)
    by_hand = recipients.find("printer")
    with receiving() as other:
        recipients.add("analyst", purposes=["analytics"], url=other.url, now=now)
        alice, bob = arrive(crm, now, ALICE, BOB)
        Delivery.objects.all().delete()
        hand_over(now=now)
        noted_before(by_hand, alice, now)
        recipients.change(mailer.recipient, enabled=False)
        request = erased(alice, now)
        asked = {one.recipient: one.state for one in unconfirmed(request.pk)}
        assert asked == {"mailer": "waiting", "printer": "waiting"}
        hand_over(now=now)
    assert other.kinds() == []
    assert mailer.kinds() == ["profile.created", "profile.created", "person.erase"]
    about_bob = pseudonym(bob, recipient="mailer", purpose="marketing")
    assert [got.json["data"]["person"] for got in mailer.got if got.json["type"] == "person.erase"] != [about_bob]
    assert [one.recipient for one in unconfirmed(request.pk)] == ["printer"]


def noted_before(recipient, profile, now):
    """The printer got a file by hand."""
    known_as = pseudonym(profile, recipient=recipient.name, purpose="marketing")
    note([HandOver(recipient.pk, "person.exported", "marketing", profile, known_as)], now=now)


def test_p08_what_still_waits_about_an_erased_person_is_never_sent(mailer, crm, now):
    (alice,) = arrive(crm, now, ALICE)
    mailer.answer = lambda got: (503, b"")
    hand_over(now=now)
    mailer.answer = confirm
    request = erased(alice, now)
    hand_over(now=now + timedelta(days=2))
    assert mailer.kinds() == ["profile.created", "person.erase"]
    assert confirmed(request.pk) == ["mailer"]


def test_p08_whoever_was_never_told_is_not_asked(mailer, crm, now):
    (alice,) = arrive(crm, now, ALICE, consents=False)
    hand_over(now=now)
    request = erased(alice, now)
    hand_over(now=now + timedelta(days=2))
    assert mailer.got == []
    assert (unconfirmed(request.pk), confirmed(request.pk)) == ([], [])
