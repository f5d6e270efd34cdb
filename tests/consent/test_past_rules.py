"""A past decision comes out as it did then: rules, notices and declarations are read as they were, and as known."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from consent import notices
from consent.acts import NewAct, annul, record
from consent.explanation import explain
from consent.models import GRANTED, PENDING, WITHDRAWN, LastWord, Notice, Purpose, PurposeVersion
from vault.ids import new_id

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_a_rule_holds_from_its_time_and_the_one_before_until_then(alice, yes, answer, now):
    yes(alice, day=-100)
    Purpose.objects.filter(slug="marketing").update(expires_after_days=60, rule_since=now - 10 * DAY)
    assert answer(alice, day=-11) == "allowed"
    assert answer(alice, day=-10) == "consent has expired"
    assert answer(alice, day=-10, known=0) == "allowed", "the change was recorded by the clock, after this instant"


@pytest.mark.parametrize("door", ["raw SQL", "queryset", "instance", "bulk"])
def test_every_door_leaves_a_version(door):
    before = PurposeVersion.objects.filter(purpose="marketing").count()
    purpose = Purpose.objects.get(slug="marketing")
    purpose.active = False
    if door == "raw SQL":
        connection.cursor().execute("UPDATE consent_purpose SET active = false WHERE slug = 'marketing'")
    elif door == "queryset":
        Purpose.objects.filter(slug="marketing").update(active=False)
    elif door == "instance":
        purpose.save()
    else:
        Purpose.objects.bulk_update([purpose], ["active"])
    versions = PurposeVersion.objects.filter(purpose="marketing").order_by("id")
    assert versions.count() == before + 1
    assert (versions[before].active, versions[before - 1].active) == (False, True)
    assert timezone.now() - versions[before].valid_from < timedelta(minutes=1)


def test_another_name_is_no_other_rule():
    Purpose.objects.filter(slug="marketing").update(name="Offers", description="Offers that suit you.")
    assert PurposeVersion.objects.filter(purpose="marketing").count() == 1


def test_a_source_that_no_longer_declares_a_purpose_did_so_before(crm, alice, answer):
    crm.purposes = ["marketing"]
    crm.save()
    assert answer(alice, purpose="service", channel="") == "allowed", "in the past, where the tests' instant lies"
    explanation = explain([alice], purpose="service", at=timezone.now())
    assert (explanation.decision, explanation.declared) == ("no source declares this purpose", [])


def test_each_jurisdiction_has_its_own_expiry(alice, now, answer):
    rule = {"expires_after_days": 30, "expiry_by_jurisdiction": {"FR": 10, "US": 20, "US-CA": 0}}
    Purpose.objects.filter(slug="marketing").update(**rule, rule_since=now - 99 * DAY)
    for jurisdiction, days in (("", 30), ("DE", 30), ("FR", 10), ("US", 20), ("US-NY", 20), ("US-CA", 0)):
        said = NewAct(
            alice, "marketing", "email", GRANTED, now - 50 * DAY, "form", verified=True, jurisdiction=jurisdiction
        )
        (act,) = record([said], now=now - 50 * DAY)
        last = -50 + days
        assert answer(alice, day=last) == "consent has expired", jurisdiction
        if days:
            assert answer(alice, day=last - 0.001) == "allowed", jurisdiction
        forget(act)


def forget(act):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.erasing = 'on'")
        cursor.execute("DELETE FROM consent_act WHERE id = %s", [act.id])


def test_a_material_notice_asks_again_and_a_slip_of_the_pen_does_not(alice, bob, now, says, answer):
    publish = lambda day, material: notices.publish(  # noqa: E731
        "marketing", {"en": f"Offers, told on day {day}."}, material=material, published_at=now + day * DAY, now=now
    )[0]
    first = publish(-90, True)
    for who in (alice, bob):
        give(who, now - 80 * DAY, notice=first.hash)
    publish(-60, False)
    assert answer(alice, day=-50) == "allowed"
    third = publish(-40, True)
    assert answer(alice, day=-40.001) == "allowed"
    assert answer(alice, day=-40) == "consent was given under an older notice"
    give(alice, now - 30 * DAY, notice=first.hash)
    assert answer(alice, day=-20) == "consent was given under an older notice"
    give(alice, now - 20 * DAY, notice=third.hash)
    give(bob, now - 20 * DAY, notice="")
    assert answer(alice) == answer(bob) == "allowed"
    give(bob, now - 10 * DAY, notice="f" * 64)
    assert answer(bob) == "consent was given under an older notice"


def give(who, at, **what):
    record([NewAct(who, "marketing", "email", GRANTED, at, "form", verified=True, **what)], now=at)


def test_a_notice_is_known_by_its_own_hash_and_never_changes(now):
    (notice,) = notices.publish("marketing", {"en": "Offers."}, material=False, published_at=now, now=now)
    assert (notice.version, notice.hash) == (1, notices.hash_of("marketing", 1, "en", "Offers."))
    false = {"purpose_id": "marketing", "version": 2, "locale": "en", "text": "Other.", "hash": "0" * 64}
    with pytest.raises(IntegrityError, match="notice_bears_its_hash"), transaction.atomic():
        Notice.objects.create(id=new_id(), material=False, published_at=now, recorded_at=now, **false)
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        Notice.objects.update(text="Other.")


def test_what_awaits_confirmation_allows_nothing_and_takes_nothing(alice, bob, yes, no, says, answer):
    says(alice, PENDING)
    assert answer(alice) == "consent awaits confirmation"
    yes(alice, day=1)
    says(alice, PENDING, day=2)
    assert answer(alice, day=3) == "allowed"
    no(bob)
    says(bob, PENDING, day=1)
    assert answer(bob, day=2) == "withdrawn or refused"


def test_an_annulled_act_was_never_said_and_was_known_until_then(alice, bob, now, answer):
    for who in (alice, bob):
        said = NewAct(who, "marketing", "email", WITHDRAWN, now - 9 * DAY, "phone", True, "clerk-3", addressed=alice)
        record([said], now=now - 9 * DAY)
    give(bob, now - 10 * DAY)
    assert answer(bob) == "withdrawn or refused"
    assert annul([bob], others=[alice], addressed=[], actor="steward-1", now=now - 2 * DAY) == 1
    assert answer(bob) == answer(bob, day=-5) == "allowed"
    assert answer(bob, known=-3) == "withdrawn or refused"
    assert answer(alice) == "withdrawn or refused"
    assert list(LastWord.objects.order_by("is_no").values_list("source_profile", "is_no")) == [
        (bob, False),
        (alice, True),
    ]


def test_an_explanation_names_what_counted(alice, alices_phone, now, yes, no):
    (notice,) = notices.publish(
        "marketing", {"en": "Offers."}, material=False, published_at=now - 20 * DAY, now=now - 20 * DAY
    )
    give(alice, now - 10 * DAY, notice=notice.hash)
    no(alices_phone, day=-5, verified=False)
    before = explain([alice, alices_phone], purpose="marketing", channel="email", at=now - 6 * DAY)
    after = explain([alice, alices_phone], purpose="marketing", channel="email", at=now)
    assert (before.decision, after.decision) == ("allowed", "withdrawn or refused")
    assert [act.state for act in before.acts] == ["granted"]
    assert [act.state for act in after.acts] == ["granted", "withdrawn"]
    assert [one.text for one in before.notices] == ["Offers."]
    assert (before.rule.legal_basis, before.rule.expires_after_days) == ("consent", 730)
