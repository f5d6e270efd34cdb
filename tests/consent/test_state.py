"""What stands, purpose by purpose and channel by channel, for screens and the API."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.models import Purpose
from consent.state import standing
from tests.consent.conftest import newcomer

pytestmark = pytest.mark.django_db

NEVER, NO = "no consent on record", "withdrawn or refused"


def test_all_that_stands_for_a_person(alice, alices_phone, yes, no, now):
    yes(alice, channel="email", day=-3)
    no(alices_phone, channel="sms", day=-2, verified=False)
    yes(alices_phone, purpose="analytics", channel="", day=-1, verified=False)
    stands = standing([alice, alices_phone], at=now)
    day = timedelta(days=1)
    assert [(one.purpose, one.channel, one.state, one.occurred_at, one.decision) for one in stands] == [
        ("analytics", "", "granted", now - day, "consent covers only some devices"),
        ("identity_linking", "", "", None, "allowed"),
        ("marketing", "email", "granted", now - 3 * day, "allowed"),
        ("marketing", "sms", "withdrawn", now - 2 * day, NO),
        ("marketing", "push", "", None, NEVER),
        ("marketing", "post", "", None, NEVER),
        ("personalization", "", "", None, NEVER),
        ("security", "", "", None, "allowed"),
        ("service", "", "", None, "allowed"),
        ("subject_requests", "", "", None, "allowed"),
    ]
    assert [one.allowed for one in stands] == [one.decision == "allowed" for one in stands]
    assert (stands[2].purpose_name, stands[2].legal_basis) == ("Marketing", "consent")


def test_the_last_word_of_any_source_profile_is_shown_and_the_no_decides(alice, alices_phone, yes, no, now):
    no(alice, day=-3)
    yes(alices_phone, day=-1)
    (email,) = [one for one in standing([alice, alices_phone], at=now) if one.channel == "email"]
    assert (email.state, email.occurred_at, email.decision) == ("granted", now - timedelta(days=1), NO)
    assert email.decisive is not None
    assert (email.decisive.state, email.decisive.occurred_at < email.occurred_at) == ("withdrawn", True)


def test_it_can_be_asked_of_the_past(alice, yes, now):
    yes(alice, day=-1)
    (email,) = [one for one in standing([alice], at=now - timedelta(days=2)) if one.channel == "email"]
    assert (email.state, email.occurred_at, email.decision) == ("", None, NEVER)


def test_inactive_purposes_are_left_out(alice, now):
    Purpose.objects.exclude(slug="service").update(active=False)
    assert [one.purpose for one in standing([alice], at=now)] == ["service"]


def test_it_takes_as_many_queries_for_two_source_profiles_as_for_two_hundred(crm, now):
    people = [newcomer(crm, now) for _ in range(200)]
    counts = []
    for count in (2, 200):
        with CaptureQueriesContext(connection) as run:
            standing(people[:count], at=now)
        counts.append(len(run))
    assert counts == [20, 20]


def test_the_last_word_is_decisive_or_where_a_no_decides_the_last_no(alice, alices_phone, bob, yes, no, now):
    yes(alice, day=-3)
    yes(alices_phone, day=-2)
    assert decisive([alice, alices_phone], now) == (alices_phone, "granted")
    no(alice, day=-1)
    no(alices_phone, day=-1.5)
    yes(bob)
    assert decisive([alice, alices_phone, bob], now) == (alice, "withdrawn")
    assert decisive([bob], now) == (bob, "granted")


def decisive(people, at):
    (email,) = [one for one in standing(people, at=at) if one.channel == "email"]
    assert email.decisive is not None
    return email.decisive.source_profile, email.decisive.state


def test_where_nothing_was_said_nothing_is_decisive(alice, now):
    assert [one.decisive for one in standing([alice], at=now)] == [None] * 10


def test_a_purpose_whose_rule_has_not_begun_allows_nothing(alice, now):
    Purpose.objects.create(slug="novel", name="Novel", legal_basis="contract", rule_since=now + timedelta(days=1))
    (novel,) = [one for one in standing([alice], at=now) if one.purpose == "novel"]
    assert (novel.decision, novel.allowed) == ("unknown purpose", False)
