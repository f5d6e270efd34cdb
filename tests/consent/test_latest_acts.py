"""Which of several words is the last: by channel, by time, and of words of one instant the one that allows less."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from consent.acts import NewAct, annul, record
from consent.evidence import gather, latest_acts
from consent.models import CONTRACT, GRANTED, PENDING, WITHDRAWN, Act, PurposeVersion
from consent.restrictions import restrict
from consent.rules import Said
from records.models import SourcePurposes

pytestmark = pytest.mark.django_db

DAY, BLINK = timedelta(days=1), timedelta(microseconds=1)


@pytest.fixture
def say(alice, now) -> Callable[..., Act]:
    """Alice says something, at the tests' instant unless another is named."""

    def say(state: str = GRANTED, *, channel: str = "email", at=now, verified: bool = True, **what) -> Act:
        said = NewAct(alice, "marketing", channel, state, at, "form", verified, **what)
        return record([said], now=at)[0]

    return say


@pytest.fixture
def last(alice, now) -> Callable[..., Said]:
    def last(channel: str = "email", *, at=now, known_at=None) -> Said:
        found = latest_acts([alice], purpose="marketing", channel=channel, at=at, known_at=known_at)
        assert found.keys() == {alice}
        return found[alice]

    return last


def test_all_of_an_act_is_told(alice, say, last, now):
    act = say(at=now - DAY, verified=False, notice="n-7", jurisdiction="FR")
    assert last() == Said(alice, GRANTED, now - DAY, False, "FR", "n-7", act.id)


def test_others_are_not_told_of(alice, bob, say, no, now):
    say()
    no(bob)
    assert latest_acts([alice], purpose="marketing", channel="email", at=now, known_at=None).keys() == {alice}
    assert latest_acts([], purpose="marketing", channel="email", at=now, known_at=None) == {}


# Of two words of one instant the one that allows less; of one channel and of two, in whatever order they came.

LESS_AND_MORE = [
    ({"state": WITHDRAWN}, {"state": GRANTED}),
    ({"state": WITHDRAWN, "verified": True, "notice": "z"}, {"state": GRANTED, "verified": False, "notice": ""}),
    ({"verified": False}, {"verified": True}),
    ({"verified": False, "notice": "n-1", "jurisdiction": "FR"}, {"verified": True}),
    ({"notice": ""}, {"notice": "n-1"}),
    ({"notice": "", "jurisdiction": "FR"}, {"notice": "n-1", "jurisdiction": ""}),
    ({"jurisdiction": ""}, {"jurisdiction": "FR"}),
]


@pytest.mark.parametrize("less_comes_first", [True, False])
@pytest.mark.parametrize(("channel", "other"), [("email", "email"), ("email", ""), ("", "email")])
@pytest.mark.parametrize(("less", "more"), LESS_AND_MORE)
def test_of_one_instant_the_word_that_allows_less_counts(say, last, less, more, channel, other, less_comes_first):
    words = [(less, channel), (more, other)]
    acts = [say(**what, channel=on) for what, on in (words if less_comes_first else reversed(words))]
    counts = acts[0] if less_comes_first else acts[1]
    assert last("email").act == counts.id
    assert last("").act == counts.id


@pytest.mark.parametrize("later", [{"state": GRANTED}, {"verified": True}, {"notice": "n-1"}, {"jurisdiction": "FR"}])
def test_a_blink_later_counts_whatever_it_says(say, last, later, now):
    say(WITHDRAWN if "state" in later else GRANTED, verified=False, at=now - BLINK)
    said = say(**later)
    assert last().act == said.id


# Words on all channels


def test_a_word_on_all_replaces_what_was_said_before_on_one_and_none_after(say, last, now):
    say(WITHDRAWN, channel="sms", at=now - 3 * DAY)
    on_all = say(channel="", at=now - 2 * DAY)
    assert [last(channel).act for channel in ("", "sms", "email")] == [on_all.id] * 3
    on_one = say(WITHDRAWN, channel="sms", at=now - 2 * DAY)
    assert [last(channel).act for channel in ("", "sms", "email")] == [on_one.id, on_one.id, on_all.id]
    again = say(channel="", at=now - DAY)
    last_of_all = say(channel="sms", at=now)
    assert [last(channel).act for channel in ("", "sms", "email")] == [last_of_all.id, last_of_all.id, again.id]


def test_asked_of_any_channel_a_no_on_one_counts_before_a_later_yes_on_another(say, last, now):
    refused = say(WITHDRAWN, channel="sms", at=now - DAY)
    agreed = say(channel="email", at=now)
    assert [last(channel).act for channel in ("", "sms", "email")] == [refused.id, refused.id, agreed.id]


def test_asked_of_one_channel_the_later_word_counts_though_the_earlier_is_a_no(say, last, now):
    say(WITHDRAWN, channel="", at=now - DAY)
    agreed = say(channel="email", at=now)
    assert last("email").act == agreed.id


# What awaits confirmation


def test_what_awaits_confirmation_shows_only_where_nothing_else_was_said(say, last, now):
    waits = say(PENDING, at=now - DAY)
    assert (last().act, last().state) == (waits.id, PENDING)
    later = say(PENDING, at=now)
    assert last().act == later.id
    agreed = say(at=now - 2 * DAY)
    assert [last(channel).act for channel in ("", "email")] == [agreed.id, agreed.id]


def test_what_awaits_confirmation_on_all_replaces_nothing(say, last, now):
    refused = say(WITHDRAWN, channel="sms", at=now - DAY)
    say(PENDING, channel="")
    assert [last(channel).act for channel in ("", "sms")] == [refused.id, refused.id]


# As known then


def test_an_act_is_known_from_its_recording_on(alice, last, now):
    said = NewAct(alice, "marketing", "email", WITHDRAWN, now, "form", True)
    record([NewAct(alice, "marketing", "email", GRANTED, now - DAY, "form", True)], now=now - DAY)
    record([said], now=now + DAY)
    known = [last(known_at=one).state for one in (now + DAY - BLINK, now + DAY)]
    assert known == [GRANTED, WITHDRAWN]


def test_an_annulment_is_known_from_its_recording_on(alice, bob, last, now):
    said = NewAct(alice, "marketing", "email", WITHDRAWN, now - DAY, "phone", True, "clerk-3", addressed=bob)
    record([NewAct(alice, "marketing", "email", GRANTED, now - 2 * DAY, "form", True)], now=now - 2 * DAY)
    record([said], now=now - DAY)
    assert annul([alice], others=[bob], addressed=[], actor="steward-1", now=now) == 1
    assert [last(known_at=one).state for one in (now - BLINK, now)] == [WITHDRAWN, GRANTED]
    assert last().state == GRANTED


def test_all_that_a_decision_rests_on_is_as_known_then(crm, alice, now):
    restrict([alice], kind="restriction", actor="officer-1", now=now)
    for purposes, recorded_at in ((["service"], now - DAY), ([], now)):
        SourcePurposes.objects.create(source=crm, purposes=purposes, valid_from=recorded_at, recorded_at=recorded_at)
    version = {"purpose_id": "service", "valid_from": now - DAY, "legal_basis": CONTRACT, "active": True}
    before = PurposeVersion.objects.create(**version, recorded_at=now - DAY)
    after = PurposeVersion.objects.create(**version, recorded_at=now)
    for known_at, restricted, declared, rule in (
        (now - BLINK, {}, {alice}, before),
        (now, {alice: {"restriction"}}, set(), after),
    ):
        evidence = gather([alice], purpose="service", channel="", at=now, known_at=known_at)
        assert (evidence.restricted, evidence.declared, evidence.at) == (restricted, declared, now)
        assert evidence.version is not None
        assert evidence.version.version == rule.id
    assert evidence.conclude([alice]) == "restricted"
