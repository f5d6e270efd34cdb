"""A legal hold keeps what would be destroyed, says until when, and ends every other use until it is lifted."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from consent.acts import NewAct, record
from consent.decide import Refusal, decide
from consent.models import GRANTED
from identity import ledger
from identity.profiles import look_up, source_profiles
from privacy import holds, kept, requests
from privacy.erasure import erase
from privacy.holds import AlreadyLifted, Held, NotReasoned
from privacy.models import SubjectRequest
from records.models import Record
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage
from vault.grants import Actor
from vault.models import DataKey

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "privacy/holds.py",
    "    if found:\n        raise Held(",
    "    if not found:\n        raise Held(",
)
ALICE = {"customer_number": "CN-1", "given_name": "Alice", "family_name": "Archer", "email": "alice@example.com"}
BOB = {"customer_number": "CN-2", "given_name": "Bob", "family_name": "Butcher", "email": "bob@example.com"}
PURPOSES = ["service", "analytics", "marketing", "personalization"]
OFFICER = {"actor": "officer-1"}


@pytest.fixture
def people(crm, now):
    """Alice and Bob, who agreed to everything."""
    send_rows(crm, *({"updated_at": now.isoformat(), **row} for row in (ALICE, BOB)), now=now - timedelta(hours=1))
    process(now)
    found = [look_up("email", row["email"], now=now) for row in (ALICE, BOB)]
    for profile in found:
        acts = [
            NewAct(id, purpose, "", GRANTED, now - timedelta(hours=1), "test", verified=True)
            for id in source_profiles(profile)
            for purpose in PURPOSES
        ]
        record(acts, now=now)
    return found


def hold_on(profile, now, **more):
    return holds.put(profile, reference="case 12/2026", reason="a claim is heard", now=now, **OFFICER, **more)


def approved(profile, now):
    request = requests.open("erasure", profile_id=profile, now=now, **OFFICER)
    return requests.approve(request, actor="officer-2", now=now)


def allowed(profile, now):
    """The purposes that this person's data may be used for."""
    reader = {"actor": Actor("person", "reader-7"), "reason": "a call"}
    every = [*PURPOSES, "subject_requests"]
    answers = {one: decide(source_profiles(profile), purpose=one, at=now, **reader) for one in every}
    return [purpose for purpose, answer in answers.items() if not isinstance(answer, Refusal)]


def test_p11_an_erasure_is_refused_while_it_stands_and_carried_out_after(people, now):
    alice, bob = people
    hold, request, parts = hold_on(alice, now), approved(alice, now), source_profiles(alice)
    with pytest.raises(Held, match=r"legal hold case 12/2026 stands until it is lifted"):
        erase(request, actor="officer-2", now=now)
    assert SubjectRequest.objects.get(pk=request.pk).state == "approved"
    assert Record.objects.filter(source_profile__in=parts).count() == 1
    assert DataKey.objects.filter(id__in=parts).count() == len(parts)
    erase(approved(bob, now), actor="officer-2", now=now)

    holds.lift(hold.pk, reason="the claim was settled", now=now, **OFFICER)
    erase(request, actor="officer-2", now=now)
    assert not Record.objects.exists()
    hold.refresh_from_db()
    assert (hold.reference, hold.reason, hold.lift_reason) == ("case 12/2026", "", "")


def test_p11_all_other_use_ends_and_the_law_goes_on(people, now):
    alice, bob = people
    assert allowed(alice, now) == [*PURPOSES, "subject_requests"]
    hold = hold_on(alice, now)
    assert allowed(alice, now) == ["subject_requests"]
    assert allowed(bob, now) == [*PURPOSES, "subject_requests"]
    holds.lift(hold.pk, reason="settled", now=now + timedelta(minutes=1), **OFFICER)
    assert allowed(alice, now + timedelta(minutes=2)) == [*PURPOSES, "subject_requests"]


def test_p11_it_ends_by_itself_at_its_time(people, now):
    alice, _ = people
    hold_on(alice, now, until=now + timedelta(days=30))
    request = approved(alice, now)
    with pytest.raises(Held, match=f"until {now + timedelta(days=30):%Y-%m-%d %H:%M} UTC"):
        erase(request, actor="officer-2", now=now + timedelta(days=29))
    assert allowed(alice, now + timedelta(days=29)) == ["subject_requests"]
    assert holds.held(source_profiles(alice), at=now + timedelta(days=30)) == {}


def test_p11_who_is_merged_with_the_person_later_is_kept_too(people, now):
    alice, bob = people
    of_bob = source_profiles(bob)
    hold = hold_on(alice, now)
    assert holds.held(of_bob, at=now) == {}
    merged = ledger.merge(alice, bob, actor="steward", reason="same person", now=now)
    assert {id: [one.pk for one in found] for id, found in holds.held(of_bob, at=now).items()} == {
        id: [hold.pk] for id in of_bob
    }
    assert set(of_bob) <= kept.source_profiles(now=now)
    assert allowed(merged, now) == ["subject_requests"]
    with pytest.raises(Held):
        erase(approved(bob, now), actor="officer-2", now=now)


def by_hand(statements):
    with transaction.atomic(), connection.cursor() as cursor:
        for one in statements.split("; "):
            cursor.execute(one)


def test_p11_the_database_refuses_what_is_done_by_hand(people, now):
    alice, _ = people
    hold = hold_on(alice, now)
    for statement in (
        "DELETE FROM privacy_heldsourceprofile",
        "DELETE FROM privacy_legalhold",
        "UPDATE privacy_legalhold SET until = now()",
        "DELETE FROM records_sourceprofile; SET CONSTRAINTS ALL IMMEDIATE",
    ):
        with pytest.raises(DatabaseError):
            by_hand(statement)
    assert holds.held(source_profiles(alice), at=now)
    assert list(holds.standing(at=now)) == [hold]


def test_p11_a_hold_says_why_and_is_lifted_once(people, now):
    alice, _ = people
    for wrong in ({"reference": " "}, {"reason": ""}, {"until": now}):
        with pytest.raises(NotReasoned):
            holds.put(alice, **{"reference": "case 1", "reason": "a claim", "now": now, **OFFICER, **wrong})
    hold = hold_on(alice, now)
    with pytest.raises(NotReasoned):
        holds.lift(hold.pk, reason=" ", now=now, **OFFICER)
    holds.lift(hold.pk, reason="settled", now=now, **OFFICER)
    with pytest.raises(AlreadyLifted):
        holds.lift(hold.pk, reason="settled", now=now, **OFFICER)
