"""Rectification: what can be put right and how, and that it outlives a rotation of keys."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.decide import decide
from identity.profiles import look_up, source_profiles
from privacy import data_key_rotation, holds, rectification, requests
from privacy.holds import Held
from privacy.rectification import NotRectifiable
from privacy.requests import NotOpen, NotVerified
from records import sources
from records.models import Attribute, Correction, Identifier, Record
from records.reading import open_records
from tests.senders import process, send_rows
from tests.statements.test_p29_rectification_reaches_everything import ALICE, OFFICER, arrive, known_of, put_right

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def alice(crm, now):
    arrive(crm, now)
    return look_up("email", ALICE["email"], now=now)


def test_only_an_approved_request_of_a_verified_person(alice, now):
    request = requests.open("rectification", profile_id=alice, actor="officer-1", now=now)
    with pytest.raises(NotOpen):
        rectification.carry_out(request, corrections={"city": "London"}, actor=OFFICER, now=now)
    unverified = requests.receive("rectification", profile_id=alice, actor="form", now=now)
    with pytest.raises(NotVerified):
        requests.approve(unverified, actor="officer-1", now=now)
    assert Attribute.objects.filter(field="city").count() == 0


@pytest.mark.parametrize(
    ("corrections", "said"),
    [
        ({}, "field: say at least one value that is right"),
        ({"customer_number": "CN-1"}, "customer number: a source knows the person by it"),
        ({"device_id": "d-1"}, "device id: can not be put right by hand"),
        ({"shoe_size": "43"}, "shoe size: can not be put right by hand"),
        ({"email": "nobody at home"}, "email: this cannot be read"),
        ({"birth_date": "2999-01-01"}, "birth date: is not a possible date of birth"),
    ],
)
def test_what_cannot_be_put_right_is_named_and_nothing_changes(alice, now, corrections, said):
    with pytest.raises(NotRectifiable, match=said):
        put_right(alice, now, {"given_name": "Alicia", **corrections} if corrections else {})
    assert known_of(alice, now, "given_name") == ["Alice"]
    assert Correction.objects.count() == 0


def test_what_is_held_is_not_changed(alice, now):
    holds.put(alice, reference="case 7", reason="litigation", actor="officer-1", now=now)
    with pytest.raises(Held, match="case 7"):
        put_right(alice, now)


def test_what_was_put_right_can_be_put_back(crm, alice, now):
    put_right(alice, now, {"family_name": "Archer"})
    put_right(alice, now, {"family_name": "Archr"})
    process(now)
    arrive(crm, now, days=1)
    assert known_of(alice, now, "family_name") == ["Archr"]
    (at_crm,) = source_profiles(alice)
    assert Attribute.objects.filter(source_profile=at_crm, field="family_name").count() == 1


def test_another_spelling_of_an_identifier_can_be_put_right(crm, now):
    send_rows(crm, {**ALICE, "email": "alice+x@example.com", "updated_at": now.isoformat()}, now=now)
    process(now)
    alice = look_up("email", "alice@example.com", now=now)
    put_right(alice, now, {"email": "alice@example.com"})
    arrive(crm, now, {**ALICE, "email": "alice+x@example.com"}, days=1)
    assert known_of(alice, now, "email") == ["alice@example.com"]
    assert Identifier.objects.filter(namespace="email").count() == 1


def test_a_full_name_as_it_came_goes_with_its_part(shop, now):
    row = {"name": "Alice Archr", "email": "alice@example.com", "timestamp": now.isoformat()}
    send_rows(shop, row, now=now)
    process(now)
    put_right(look_up("email", "alice@example.com", now=now), now, {"family_name": "Archer"})
    assert Record.objects.get().flags == ["rectified:family_name"]


def test_it_outlives_new_data_keys(crm, alice, now):
    put_right(alice, now)
    process(now)
    list(data_key_rotation.rotate(now=now, grace=0))
    arrive(crm, now, days=1)
    assert known_of(alice, now + timedelta(days=1), "family_name", "email") == ["Archer", "alice@example.com"]


def test_a_name_is_written_as_its_bearer_writes_it(crm, alice, now):
    arrive(crm, now, {**ALICE, "given_name": "bell", "family_name": "hooks"}, days=1)
    assert known_of(alice, now, "given_name", "family_name") == ["Bell", "Hooks"]
    put_right(alice, now + timedelta(days=2), {"given_name": "bell", "family_name": "hooks"})
    arrive(crm, now, {**ALICE, "given_name": "BELL", "family_name": "hooks"}, days=3)
    assert known_of(alice, now, "given_name", "family_name") == ["bell", "hooks"]


@pytest.mark.parametrize("of_another_source", [False, True])
def test_what_was_put_right_does_not_come_back_undeclared(crm, alice, now, of_another_source):
    put_right(alice, now)
    process(now)
    source = crm
    if of_another_source:
        source = sources.add("loyalty", kind="offline", purposes=["service", "analytics"])[0]
    source = sources.change(source, contract_mode="discover")
    known = {"customer_number": "L-1" if of_another_source else ALICE["customer_number"]}
    more = {"old_mail": " ALISE@example.com", "notes": {"was": ["Archr", "shoe size 43"]}, "newsletter_mail": "x@y.org"}
    row = {**ALICE, "family_name": "Archer", "email": "alice@example.com", "birth_date": "1984-05-06", **known, **more}
    later = now + timedelta(days=1)
    arrive(source, later, row)
    assert len(source_profiles(alice)) == 1 + of_another_source
    record = Record.objects.filter(source=source).latest("received_at")
    assert "refuted:undeclared" in record.flags
    grant = decide(source_profiles(alice), purpose="service", at=later, actor=OFFICER, reason="look")
    assert open_records([record], grant)[record.id]["undeclared"] == {"newsletter_mail": "x@y.org"}
    process(later)
    assert Record.objects.get(pk=record.pk).flags == record.flags
