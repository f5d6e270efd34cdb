"""An erased person does not come back, however spelled; a household stays; a verified act of their own ends it."""

from datetime import timedelta

import pytest

from identity.models import Profile
from privacy import requests
from privacy.erasure import erase
from privacy.models import RequestStep, Suppression
from privacy.suppression_lift import DOUBLE_OPT_IN, NotVerified, lift
from records.models import Attribute, Identifier, Record, SourceProfile
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/suppression_hashes.py",
    "    value = identity_form(namespace, value.strip())",
    "    value = value.strip()",
)
LANDLINE = "+442079460123"
ALICE = {
    "customer_number": "CN-7001-A",
    "given_name": "Alice",
    "family_name": "Archer",
    "email": "alice.archer@gmail.com",
    "phone": "020 7946 0123",
    "loyalty_number": "L-0815",
    "birth_date": "1984-05-06",
}
BOB = {"customer_number": "CN-7002-B", "given_name": "Bob", "family_name": "Archer", "phone": LANDLINE}
KEPT = (SourceProfile, Record, Identifier, Attribute, Profile)


def arrive(crm, now, *rows, at=None):
    send_rows(crm, *({"updated_at": (at or now).isoformat(), "country": "GB", **row} for row in rows), now=now)
    process(now)


def counts():
    return [model.objects.count() for model in KEPT]


@pytest.fixture
def erased(crm, now):
    """Alice and Bob live together; Alice was erased."""
    arrive(crm, now, ALICE, BOB, at=now - timedelta(days=1))
    alice = Profile.objects.get(assignments__source_profile__identifiers__namespace="email")
    request = requests.open("erasure", profile_id=alice.pk, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    assert Profile.objects.count() == 1
    return request


@pytest.mark.parametrize(
    "again",
    [
        {"customer_number": "N-1", "email": "ALICE.ARCHER@GMAIL.COM"},
        {"customer_number": "N-1", "email": "alice.archer+shop@gmail.com"},
        {"customer_number": "N-1", "email": "a.l.i.c.e.archer@googlemail.com"},
        {"customer_number": "cn-7001-a"},
        {"customer_number": "N-1", "loyalty_number": "l-0815"},
        {"customer_number": "N-1", "phone": "+44 (0)20 7946 0123", "given_name": "ALICE", "family_name": "ARCHER"},
        {"customer_number": "N-1", "phone": "0044 20 79460123", "given_name": "alice"},
        {"customer_number": "N-1", "phone": "02079460123", "birth_date": "06.05.1984"},
        ALICE,
    ],
    ids=["case", "plus tag", "gmail dots", "key", "other key", "phone and name", "given name", "birth date", "same"],
)
def test_p04_another_spelling_creates_nothing(erased, crm, now, again):
    before = counts()
    arrive(crm, now, {**again, "city": "London"})
    assert counts() == before


@pytest.mark.parametrize(
    "other",
    [
        {"customer_number": "N-2", "phone": LANDLINE},
        {"customer_number": "N-2", "phone": LANDLINE, "given_name": "Bob", "family_name": "Archer"},
        {"customer_number": "N-2", "phone": LANDLINE, "family_name": "Archer"},
        {"customer_number": "N-2", "phone": LANDLINE, "given_name": "Carol", "birth_date": "2010-01-02"},
        {"customer_number": "N-2", "phone": "+442079460124", "given_name": "Alice", "family_name": "Archer"},
    ],
    ids=["nobody named", "the other", "family name", "a child", "a namesake"],
)
def test_p04_the_household_and_a_namesake_are_let_in(erased, crm, now, other):
    before = SourceProfile.objects.count()
    arrive(crm, now, other)
    assert SourceProfile.objects.count() == before + 1


def test_p04_a_twin_who_shares_phone_and_birthday_is_let_in(crm, now):
    twin = {**BOB, "birth_date": ALICE["birth_date"]}
    arrive(crm, now, ALICE, twin, at=now - timedelta(days=1))
    alice = Profile.objects.get(assignments__source_profile__identifiers__namespace="email")
    request = requests.open("erasure", profile_id=alice.pk, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    arrive(crm, now, {"customer_number": "N-3", "phone": LANDLINE, "birth_date": ALICE["birth_date"]})
    assert SourceProfile.objects.count() == 2


def test_p04_a_verified_act_lets_later_records_in_and_no_earlier_one(erased, crm, now):
    email = {"email": "alice.archer@gmail.com"}
    assert lift(email, evidence=DOUBLE_OPT_IN, reference="act-1", actor="public form", now=now) == 1
    before = SourceProfile.objects.count()
    arrive(crm, now + timedelta(hours=2), {**ALICE, "customer_number": "N-4"}, at=now - timedelta(minutes=1))
    assert SourceProfile.objects.count() == before
    arrive(crm, now + timedelta(hours=2), {**ALICE, "customer_number": "N-4"}, at=now + timedelta(hours=1))
    assert SourceProfile.objects.count() == before + 1
    assert RequestStep.objects.filter(request=erased, what="suppression lifted", actor="public form").count() == 1
    assert set(Suppression.objects.values_list("lifted_on", flat=True)) == {"double_opt_in act-1"}


@pytest.mark.parametrize(("evidence", "reference"), [("a hunch", "act-1"), (DOUBLE_OPT_IN, "")])
def test_p04_nothing_is_lifted_without_evidence(erased, now, evidence, reference):
    with pytest.raises(NotVerified):
        lift({"email": ALICE["email"]}, evidence=evidence, reference=reference, actor="somebody", now=now)
    assert not Suppression.objects.exclude(lifted_at=None).exists()


def test_p04_somebody_elses_act_lifts_nothing(erased, now):
    somebody = {"email": "bob@example.com", "phone": LANDLINE}
    assert lift(somebody, evidence=DOUBLE_OPT_IN, reference="act-2", actor="public form", now=now) == 0
