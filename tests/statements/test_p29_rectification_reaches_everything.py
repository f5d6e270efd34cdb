"""A value put right is right in records, golden record, features and segments; it stays so, and recipients are told."""

import base64
import hashlib
import hmac
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from consent.acts import NewAct, record
from consent.decide import decide
from consent.models import GRANTED
from identity import golden
from identity.models import BlockingToken
from identity.profiles import look_up, source_profiles
from outbox import recipients
from pipeline import queue
from pipeline.hand_over import hand_over
from privacy import access, rectification, requests
from records import sources
from records.models import Attribute, Record, SourceProfile
from segments import catalog
from segments.models import Membership, ProfileFeatures
from tests.receiver import receiving
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage
from vault.grants import Actor
from vault.models import AuditEntry
from vault.pseudonyms import pseudonym

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "records/store.py", "    wrong = refuted({item.source_profile for item in accepted})", "    wrong = {}"
)
OFFICER = Actor("person", "officer-1")
ALICE = {
    "customer_number": "CN-7001-A",
    "given_name": "Alice",
    "family_name": "Archr",
    "email": "alise@example.com",
    "phone": "+442079460111",
    "birth_date": "1948-05-06",
    "street": "7 Rosewood Lane",
    "postcode": "SW1A 1AA",
}
RIGHT = {"family_name": " Archer ", "email": "Alice@Example.com", "birth_date": "1984-05-06", "city": "London"}


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def till(db):
    """The till knows nobody by a stable key: each of its records is a source profile of its own."""
    return sources.add("till", kind="offline", trust_rank=95, purposes=["service", "analytics", "marketing"])[0]


def arrive(source, now, row=ALICE, *, days=0):
    at = now + timedelta(days=days)
    send_rows(source, {**row, "updated_at": (at - timedelta(hours=1)).isoformat()}, now=at)
    process(at)


def alice_of(crm, now):
    """Alice as the customer file has her, with leave to use it all."""
    arrive(crm, now)
    alice = look_up("email", ALICE["email"], now=now)
    acts = [
        NewAct(id, purpose, "", GRANTED, now, "test", verified=True)
        for id in source_profiles(alice)
        for purpose in ("marketing", "analytics", "personalization")
    ]
    record(acts, now=now)
    return alice


def put_right(alice, now, corrections=RIGHT):
    request = requests.open("rectification", profile_id=alice, actor="officer-1", now=now)
    request = requests.approve(request, actor="officer-1", now=now)
    return rectification.carry_out(request, corrections=corrections, actor=OFFICER, now=now)


def known_of(alice, now, *names):
    grant = decide(source_profiles(alice), purpose="service", at=now, actor=OFFICER, reason="look")
    found = golden.read([alice], grant)[alice]
    return [found[name].value if name in found else None for name in names]


FIELDS = ("family_name", "email", "birth_date", "city")
NOW_RIGHT = ["Archer", "alice@example.com", "1984-05-06", "London"]


def answered(alice, now):
    """Every value of Alice that an access request is answered with."""
    request = requests.open("access", profile_id=alice, actor="officer-1", now=now)
    return str(access.answer(request, actor=OFFICER, now=now))


def test_p29_it_reaches_all_that_is_kept_and_all_that_is_derived(crm, now):
    rule = {"rule": {"feature": "age_band", "op": "==", "value": "65+"}}
    catalog.create("elders", name="Elders", purpose="analytics", definition=rule)
    alice = alice_of(crm, now)
    queue.enqueue(source_profiles(alice), now=now)
    process(now)
    assert Membership.objects.get(segment__slug="elders").left_at is None
    (crm_alice,) = source_profiles(alice)
    before = set(BlockingToken.objects.values_list("token", flat=True))
    assert known_of(alice, now, *FIELDS) == ["Archr", "alise@example.com", "1948-05-06", None]
    done = put_right(alice, now)
    assert (done.state, done.outcome) == (
        "completed",
        {"rectified": sorted(FIELDS), "values": 4, "records": 1, "recipients_told": 0},
    )
    assert known_of(alice, now, *FIELDS) == NOW_RIGHT
    assert SourceProfile.objects.get(pk=crm_alice).birth_year == 1984
    assert ProfileFeatures.objects.get(profile=alice).values["age_band"] == "35-44"
    process(now)
    after = set(BlockingToken.objects.values_list("token", flat=True))
    assert (bool(before - after), bool(after - before)) == (True, True)
    assert (look_up("email", "alise@example.com", now=now), look_up("email", "alice@example.com", now=now)) == (
        None,
        alice,
    )
    assert Record.objects.get().flags == ["rectified:birth_date", "rectified:email", "rectified:family_name"]
    said = answered(alice, now)
    # A random id may hold the digits of a year.
    assert re.findall(r"Archr|alise|(?<![0-9a-f])1948(?![0-9a-f])", said) == []
    assert AuditEntry.objects.get(action="rectify").fields == sorted(FIELDS)
    assert Membership.objects.get(segment__slug="elders").left_at == now


def test_p29_a_source_that_sends_the_wrong_value_again_is_not_believed(crm, now):
    alice = alice_of(crm, now)
    put_right(alice, now)
    process(now)
    arrive(crm, now, {**ALICE, "street": "9 Elm Road"}, days=1)
    tomorrow = now + timedelta(days=1)
    assert known_of(alice, tomorrow, *FIELDS, "street") == [*NOW_RIGHT, "9 Elm Road"]
    assert look_up("email", "alise@example.com", now=tomorrow) is None
    (crm_alice,) = source_profiles(alice)
    assert SourceProfile.objects.get(pk=crm_alice).birth_year == 1984
    latest = Record.objects.order_by("-received_at").first()
    assert latest.flags == ["refuted:birth_date", "refuted:email", "refuted:family_name"]
    arrive(crm, now, {**ALICE, "family_name": "Butcher", "email": "alise+news@example.com"}, days=2)
    assert known_of(alice, now + timedelta(days=2), "family_name", "email") == ["Butcher", "alice@example.com"]


def test_p29_nor_does_it_come_back_by_another_source_that_is_trusted_more(crm, till, now):
    alice = alice_of(crm, now)
    put_right(alice, now)
    process(now)
    receipt = {name: ALICE[name] for name in ("given_name", "family_name", "phone", "birth_date", "street", "postcode")}
    arrive(till, now, receipt, days=1)
    assert look_up("phone", ALICE["phone"], now=now) == alice
    tomorrow = now + timedelta(days=1)
    at_till = [id for id in source_profiles(alice) if SourceProfile.objects.get(pk=id).source == till]
    assert len(at_till) == 1
    assert known_of(alice, tomorrow, *FIELDS) == NOW_RIGHT
    assert set(Attribute.objects.filter(source_profile=at_till[0]).values_list("field", flat=True)) == {
        "given_name",
        "street",
        "postcode",
    }


def test_p29_whoever_learned_of_the_person_is_told_which_fields_and_no_value(crm, now):
    with receiving() as mailer:
        _, secret = recipients.add("mailer", purposes=["marketing"], url=mailer.url, now=now)
        alice = alice_of(crm, now)
        hand_over(now=now)
        assert mailer.kinds() == ["profile.created"]
        done = put_right(alice, now)
        assert done.outcome["recipients_told"] == 1
        hand_over(now=now)
        told = mailer.got[-1]
    assert told.json == {
        "type": "person.rectified",
        "timestamp": now.isoformat(),
        "data": {
            "person": pseudonym(alice, recipient="mailer", purpose="marketing"),
            "purpose": "marketing",
            "fields": sorted(FIELDS),
        },
    }
    signed = f"{told.headers['webhook-id']}.{told.headers['webhook-timestamp']}.".encode() + told.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert told.headers["webhook-signature"].split(" ")[0] == f"v1,{expected}"
