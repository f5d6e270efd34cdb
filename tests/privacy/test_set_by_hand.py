"""What was set by hand of a person is theirs: told to them, gone with them, and never above what they had put right."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.decide import decide
from identity import golden, ledger
from identity.models import GoldenOverride, GoldenValue
from identity.overriding import NotOverridable
from identity.profiles import look_up, source_profiles
from pipeline import by_hand, queue
from privacy import access, aged_fields, answer_page, data_key_rotation, requests
from privacy.erasure import erase
from records.models import Correction
from segments.models import ProfileFeatures
from tests.senders import process
from tests.statements.test_p29_rectification_reaches_everything import ALICE, OFFICER, alice_of, arrive, put_right
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

STEWARD = Actor("person", "steward-1")


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def alice(crm, now):
    return alice_of(crm, now)


def grant_for(profile, now):
    return decide(source_profiles(profile), purpose="service", at=now, actor=STEWARD, reason="case 7")


def set_value(profile, field, text, now):
    by_hand.set_value(profile, field, text=text, reason="case 7", grant=grant_for(profile, now), now=now)


def golden_of(profile, now):
    record = golden.read([profile], grant_for(profile, now)).get(profile, {})
    return {field: (won.value, won.reason) for field, won in record.items()}


def test_features_follow_at_once(alice, now):
    queue.enqueue(source_profiles(alice), now=now)
    process(now)

    def features():
        values = ProfileFeatures.objects.get(profile=alice).values
        return [values.get("country"), values.get("age_band")]

    assert features() == [None, "65+"]
    set_value(alice, "country", "DE", now)
    set_value(alice, "birth_date", "2001-01-31", now)
    assert features() == ["DE", "25-34"]
    by_hand.take_back(alice, "country", grant=grant_for(alice, now), now=now)
    by_hand.take_back(alice, "birth_date", grant=grant_for(alice, now), now=now)
    assert features() == [None, "65+"]


def test_it_stands_in_the_answer_to_the_person(alice, now):
    set_value(alice, "family_name", "Winter", now)
    set_value(alice, "city", "Bristol", now)
    by_hand.take_back(alice, "city", grant=grant_for(alice, now), now=now)
    request = requests.open("access", profile_id=alice, actor="officer-1", now=now)
    answer = access.answer(request, actor=OFFICER, now=now)
    at = now.isoformat()
    shared = {"reason": "case 7", "actor": "steward-1", "set_at": at}
    assert answer["set_by_hand"] == [
        {"field": "family_name", "value": "Winter", "ended_at": None, **shared},
        {"field": "city", "value": None, "ended_at": at, **shared},
    ]
    assert {"field": "family_name", "source": "crm", "reason": "set by hand"} in answer["which_value_counts"]
    page = answer_page.render(answer)
    assert f"family name “Winter” (case 7, {at[:10]}), city (case 7, {at[:10]} to {at[:10]})" in page


def test_what_the_person_had_put_right_takes_its_place(crm, alice, now):
    set_value(alice, "family_name", "Winter", now)
    put_right(alice, now, {"family_name": "Archer"})
    assert golden_of(alice, now)["family_name"] == ("Archer", "only value")
    row = GoldenOverride.objects.get()
    assert (row.sealed, row.ended_by) == (None, "rectification")
    arrive(crm, now, {**ALICE, "family_name": "Winter"}, days=1)
    assert golden_of(alice, now)["family_name"] == ("Archer", "only value")
    with pytest.raises(NotOverridable, match="the person had it put right"):
        set_value(alice, "family_name", "Winter", now)


def test_a_word_that_was_right_is_not_refuted(crm, alice, now):
    set_value(alice, "family_name", "Archer", now)
    put_right(alice, now, {"family_name": "Archer"})
    assert Correction.objects.filter(field="family_name").count() == 1
    arrive(crm, now, {**ALICE, "family_name": "Archer"}, days=1)
    assert golden_of(alice, now)["family_name"] == ("Archer", "only value")


def test_a_word_on_somebody_who_joins_gives_way_to_what_was_put_right(crm, alice, now):
    put_right(alice, now, {"family_name": "Archer"})
    arrive(crm, now, {"customer_number": "CN-2", "given_name": "Alicia", "family_name": "Archer"})
    other = look_up("customer_number", "CN-2", now=now)
    set_value(other, "family_name", "Archr", now)
    ledger.merge(alice, other, actor="steward-1", reason="case 8", now=now)
    golden.refresh([alice], now=now)
    assert golden_of(alice, now)["family_name"][0] == "Archer"
    ledger.undo_merge(alice, other, actor="steward-1", reason="case 9", now=now)
    golden.refresh([alice, other], now=now)
    assert golden_of(other, now)["family_name"] == ("Archr", "set by hand")


def test_it_goes_with_the_person(alice, now):
    set_value(alice, "city", "Bristol", now)
    request = requests.open("erasure", profile_id=alice, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    assert (GoldenOverride.objects.count(), GoldenValue.objects.count()) == (0, 0)


def test_it_outlives_new_data_keys(alice, now):
    set_value(alice, "family_name", "Winter", now)
    before = bytes(GoldenOverride.objects.get().sealed)
    list(data_key_rotation.rotate(now=now + timedelta(minutes=1), grace=0))
    assert bytes(GoldenOverride.objects.get().sealed) != before
    assert golden_of(alice, now)["family_name"] == ("Winter", "set by hand")


def test_it_is_kept_no_longer_than_its_field(crm, alice, now):
    set_value(alice, "city", "Bristol", now)
    forget = {"cutoff": now + timedelta(seconds=1), "now": now}
    # And the record, which has to be looked into.
    assert aged_fields.forget(crm.pk, "city", **forget, dry_run=True) == (2, 0)
    assert golden_of(alice, now)["city"] == ("Bristol", "set by hand")
    before = {"cutoff": now - timedelta(seconds=1), "now": now}
    assert aged_fields.forget(crm.pk, "city", **before, dry_run=False) == (0, 0)
    assert aged_fields.forget(crm.pk, "city", **forget, dry_run=False) == (2, 0)
    assert (GoldenOverride.objects.count(), golden_of(alice, now).get("city")) == (0, None)
