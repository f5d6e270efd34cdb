"""The cast of the admin: Alice, known to three sources; Bob, who may be her; Carol, who withdrew; and staff by role."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.utils import timezone

from access import api_keys
from access.models import User
from access.roles import ROLES
from consent.acts import NewAct, record
from consent.models import GRANTED, WITHDRAWN
from identity import profiles
from identity.models import IN_REVIEW, Match
from privacy import requests
from privacy.models import SubjectRequest
from records import sources
from records.models import Source
from segments import catalog
from segments.models import Segment
from tests.senders import process, send_messages, send_rows
from vault.ids import new_id

ALICE = {
    "customer_number": "C-4711",
    "given_name": "Alice",
    "family_name": "Archer",
    "email": "alice@example.com",
    "phone": "+442079460111",
    "birth_date": "1984-05-06",
    "street": "7 Rosewood Lane",
    "postcode": "SW1A 1AA",
    "loyalty_number": "L-0815",
}
BOB = {"customer_number": "C-4712", "given_name": "Robert", "family_name": "Butcher", "email": "bob@example.com"}
CAROL = {"customer_number": "C-4713", "given_name": "Carol", "family_name": "Cooper", "email": "carol@example.com"}
# What no page may show to those who may not reveal: each value as it came, and as it is kept.
PLAINTEXT = [
    *("alice@example.com", "bob@example.com", "carol@example.com", "+442079460111", "020 7946 0111"),
    *(
        "C-4711",
        "c-4711",
        "C-4712",
        "C-4713",
        "L-0815",
        "l-0815",
        "u-alice",
        "Rosewood",
        "rosewood",
        "SW1A 1AA",
        "sw1a1aa",
    ),
    *("Alice", "Archer", "Robert", "Butcher", "Carol", "Cooper", "1984-05-06"),
    *("alice archer", "archer", "butcher", "cooper"),
]


@dataclass
class World:
    """Everybody and everything there is."""

    alice: UUID
    bob: UUID
    carol: UUID
    crm: Source
    match: Match
    segment: Segment
    erasure: SubjectRequest
    access: SubjectRequest
    key: str
    staff: dict[str, User] = field(default_factory=dict)

    def parts(self, profile: UUID) -> list[UUID]:
        """The source profiles of a profile, in the order of their making."""
        return profiles.source_profiles(profile)


@pytest.fixture
def now() -> datetime:
    """Pages ask for the present themselves, so these tests happen now."""
    return timezone.now()


@pytest.fixture
def world(crm: Source, now: datetime) -> World:
    """Records from a customer file and a shop, resolved and in a segment; a pair to review; two subject requests."""
    yesterday = (now - timedelta(days=1)).isoformat()
    for person in (ALICE, BOB, CAROL):
        send_rows(crm, {**person, "updated_at": yesterday, "country": "GB", "analytics": "yes"}, now=now)
    shop, _ = sources.add("shop", kind="online", purposes=["service", "analytics"])
    send_messages(shop, *_visits(now - timedelta(days=1)), now=now)
    send_rows(crm, {"customer_number": "C-9", "email": "broken", "updated_at": "3024-01-01"}, now=now)
    segment = _segment()
    process(now)
    alice, bob, carol = (_find(person["email"]) for person in (ALICE, BOB, CAROL))
    _say(carol, "marketing", WITHDRAWN, now)
    _say(alice, "marketing", GRANTED, now)
    staff = {slug: _staff(slug, [slug]) for slug in ROLES} | {"second_officer": _staff("second", ["privacy_officer"])}
    officer = str(staff["privacy_officer"].pk)
    return World(
        alice=alice,
        bob=bob,
        carol=carol,
        crm=crm,
        match=_match(profiles.source_profiles(alice)[0], profiles.source_profiles(bob)[0], now),
        segment=segment,
        erasure=requests.open("erasure", profile_id=carol, actor=officer, now=now),
        access=requests.open("access", profile_id=bob, actor=officer, now=now - timedelta(days=40)),
        key=str(api_keys.add("reporting", purposes=["analytics"])[0].pk),
        staff=staff,
    )


@pytest.fixture
def sign_in(world: World) -> Callable[[str], Client]:
    """Signs somebody in by role: `sign_in("marketer")`."""

    def make(role: str) -> Client:
        client = Client()
        client.force_login(world.staff[role])
        return client

    return make


def said(response: Any) -> list[str]:
    """The last thing that the admin told whoever asked; messages wait until a page shows them."""
    return [str(message) for message in get_messages(response.wsgi_request)][-1:]


def _visits(at: datetime) -> Iterator[dict[str, object]]:
    traits = {"email": "alice@example.com", "firstName": "Alice", "lastName": "Archer"}
    yield {"type": "identify", "messageId": "m1", "userId": "u-alice", "traits": traits, "timestamp": at.isoformat()}
    for number in range(25):
        yield {
            "type": "track",
            "messageId": f"order-{number}",
            "userId": "u-alice",
            "event": "Order Completed",
            "timestamp": (at - timedelta(hours=24 - number)).isoformat(),
            # A property may be called like a method of the mapping that holds it.
            "properties": {"revenue": 10 + number, "currency": "GBP", "order_id": f"o{number}", "items": 2},
        }


def _segment() -> Segment:
    return catalog.create(
        "buyers",
        name="Buyers",
        purpose="analytics",
        definition={
            "rule": {"all": [{"feature": "recency_days", "op": "<=", "value": 90}]},
            "score": {"terms": [{"feature": "frequency_365d", "weight": 2, "low": 0, "high": 30}], "threshold": 10},
        },
    )


def _find(email: str) -> UUID:
    found = profiles.look_up("email", email, now=timezone.now())
    assert found is not None
    return found


def _say(profile: UUID, purpose: str, state: str, now: datetime) -> None:
    record(
        [NewAct(id, purpose, "", state, now, "test", verified=True) for id in profiles.source_profiles(profile)],
        now=now,
    )


def _staff(name: str, roles: list[str]) -> User:
    return User.objects.create(username=name, roles=roles)


def _match(one: UUID, other: UUID, now: datetime) -> Match:
    left, right = sorted((one, other))
    evidence = [["given_name", "different", -3.0], ["email", "similar", 4.5], ["phone", "exact", 2.5]]
    return Match.objects.create(
        id=new_id(), left_id=left, right_id=right, reason="similar person", probability=0.8, evidence=evidence,
        state=IN_REVIEW, model_version="1", found_at=now,
    )  # fmt: skip
