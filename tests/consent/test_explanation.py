"""An explanation shows everything that a decision rests on, and nothing else."""

from datetime import timedelta

import pytest

from consent import notices
from consent.acts import NewAct, record
from consent.explanation import explain
from consent.models import GRANTED, WITHDRAWN, Notice, Purpose, PurposeVersion
from consent.restrictions import restrict
from tests.consent.conftest import newcomer

pytestmark = pytest.mark.django_db

DAY, BLINK = timedelta(days=1), timedelta(microseconds=1)


def tell(text: str, at, *, purpose: str = "marketing", recorded_at=None) -> Notice:
    told = {"en": text}
    return notices.publish(purpose, told, material=False, published_at=at, now=recorded_at or at)[0]


def test_it_says_what_was_asked_and_whether_it_was_allowed(alice, bob, yes, no, now):
    yes(alice)
    no(bob)
    asked = {"purpose": "marketing", "channel": "email", "at": now}
    explained = explain([alice], **asked, known_at=now)
    assert (explained.purpose, explained.channel, explained.at, explained.known_at) == ("marketing", "email", now, now)
    assert (explained.decision, explained.allowed) == ("allowed", True)
    refused = explain([alice, bob], **asked)
    assert (refused.decision, refused.allowed, refused.known_at) == ("withdrawn or refused", False, None)


def test_without_a_channel_it_is_explained_for_any(alice, yes, no, now):
    yes(alice, channel="email", day=-1)
    assert explain([alice], purpose="marketing", at=now).decision == "allowed"
    no(alice, channel="sms")
    explained = explain([alice], purpose="marketing", at=now)
    assert (explained.channel, explained.decision) == ("", "withdrawn or refused")


def test_a_purpose_that_never_was_has_neither_rule_nor_words(alice, now):
    explained = explain([alice], purpose="marketign", at=now)
    assert (explained.decision, explained.rule) == ("unknown purpose", None)
    assert (explained.acts, explained.notices, explained.restrictions, explained.declared) == ([], [], [], [])


def test_the_rule_is_the_version_in_force_as_known_then(alice, now):
    Purpose.objects.filter(slug="marketing").update(expires_after_days=7, rule_since=now)
    first, second = PurposeVersion.objects.filter(purpose="marketing").order_by("id")
    assert explain([alice], purpose="marketing", at=now - BLINK).rule == first
    assert explain([alice], purpose="marketing", at=now).rule == second
    assert explain([alice], purpose="marketing", at=now, known_at=second.recorded_at - BLINK).rule == first


def test_the_words_that_count_are_in_the_order_of_their_saying(alice, bob, alices_phone, yes, no, now):
    no(alices_phone, day=-1, verified=False)
    yes(alice, day=-3)
    yes(alice, day=-2)
    no(bob, day=-1)
    explained = explain([alices_phone, alice], purpose="marketing", channel="email", at=now)
    assert [(act.source_profile_id, act.state, act.occurred_at) for act in explained.acts] == [
        (alice, GRANTED, now - 2 * DAY),
        (alices_phone, WITHDRAWN, now - DAY),
    ]


def test_the_notices_are_those_that_the_words_name_and_those_of_then(alice, bob, now):
    first, second, third = (tell(f"Told {days} days ago.", now - days * DAY) for days in (9, 6, 3))
    foreign = tell("Of analytics.", now - 9 * DAY, purpose="analytics")
    for who, notice in ((alice, first.hash), (bob, second.hash)):
        record([NewAct(who, "marketing", "", GRANTED, now - 5 * DAY, "form", True, notice=notice)], now=now - 5 * DAY)
    explained = explain([alice], purpose="marketing", at=now)
    assert explained.notices == [first, third]
    assert explain([alice, bob], purpose="marketing", at=now).notices == [first, second, third]
    record([NewAct(alice, "marketing", "", GRANTED, now, "form", True, notice=foreign.hash)], now=now)
    assert explain([alice], purpose="marketing", at=now).notices == [third]
    record([NewAct(alice, "marketing", "", GRANTED, now + DAY, "form", True)], now=now + DAY)
    assert explain([alice], purpose="marketing", at=now + DAY).notices == [third]


def test_what_was_not_published_or_known_by_then_is_not_shown(alice, now):
    first, second = tell("First.", now - 9 * DAY), tell("Second.", now - 3 * DAY, recorded_at=now)
    assert explain([alice], purpose="marketing", at=now - 3 * DAY - BLINK).notices == [first]
    assert explain([alice], purpose="marketing", at=now, known_at=now - BLINK).notices == [first]
    assert explain([alice], purpose="marketing", at=now, known_at=now).notices == [second]


def test_restrictions_and_declarations_are_those_of_the_person(crm, alice, alices_phone, bob, now):
    another = newcomer(crm, now)
    for who, kind in ((alices_phone, "restriction"), (alice, "legal_hold"), (alice, "opt_out"), (bob, "restriction")):
        restrict([who], kind=kind, actor="officer-1", now=now)
    explained = explain([another, alices_phone, alice], purpose="service", at=now)
    assert explained.decision == "restricted"
    assert explained.declared == sorted([alice, another])
    assert explained.restrictions == sorted([
        (alice, "legal_hold"), (alice, "opt_out"), (alices_phone, "restriction")
    ])  # fmt: skip
