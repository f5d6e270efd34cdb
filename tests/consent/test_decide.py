"""The decision over what is on record: now, and at any instant in the past."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consent.acts import NewAct, record
from consent.decide import Refusal, decide, decide_each
from consent.evidence import latest_acts
from consent.models import GRANTED, WITHDRAWN, Purpose
from tests.consent.conftest import READER, newcomer
from vault.grants import Grant, Incomplete

pytestmark = pytest.mark.django_db


def test_a_yes_of_the_customer_file_carries_over_to_her_phone(alice, alices_phone, yes, now):
    yes(alice)
    grant = decide(
        [alice, alices_phone], purpose="marketing", channel="email", at=now, actor=READER, reason="newsletter"
    )
    assert isinstance(grant, Grant)
    assert grant.source_profiles == {alice, alices_phone}
    assert (grant.purpose, grant.actor, grant.reason) == ("marketing", READER, "newsletter")


def test_a_refusal_says_the_purpose_and_why(alice, now):
    refusal = decide([alice], purpose="marketing", at=now, actor=READER, reason="newsletter")
    assert refusal == Refusal(purpose="marketing", reason="no consent on record")


def test_a_yes_on_her_phone_covers_her_phone_only(alice, alices_phone, yes, answer):
    yes(alices_phone, verified=False)
    assert answer(alices_phone) == "allowed"
    assert answer(alice, alices_phone) == "consent covers only some devices"
    assert answer(alice) == "no consent on record"


def test_a_no_on_her_phone_is_a_no_everywhere(alice, alices_phone, yes, no, answer):
    yes(alice, day=-2)
    no(alices_phone, day=-1, verified=False)
    assert answer(alice, alices_phone) == "withdrawn or refused"


def test_a_no_of_one_person_is_none_of_another(alice, bob, yes, no, answer):
    yes(alice)
    no(bob)
    assert answer(alice) == "allowed"
    assert answer(bob) == "withdrawn or refused"


def test_the_past_is_answered_by_what_was_said_until_then(alice, yes, no, answer):
    yes(alice, day=-10)
    no(alice, day=-4)
    yes(alice, day=-1)
    said = [(day, answer(alice, day=day)) for day in (-10.001, -10, -4.001, -4, -1.001, -1, 0)]
    assert said == [
        (-10.001, "no consent on record"),
        (-10, "allowed"),
        (-4.001, "allowed"),
        (-4, "withdrawn or refused"),
        (-1.001, "withdrawn or refused"),
        (-1, "allowed"),
        (0, "allowed"),
    ]


def test_what_was_not_known_then_does_not_count_then(alice, yes, no, answer):
    yes(alice, day=-10)
    no(alice, day=-8, known=-3)
    assert answer(alice, day=-5) == "withdrawn or refused"
    assert answer(alice, day=-5, known=-5) == "allowed"
    assert answer(alice, day=-5, known=-3) == "withdrawn or refused"
    assert answer(alice, day=-9, known=0) == "allowed"


def test_what_will_be_said_does_not_count_yet(alice, yes, answer):
    yes(alice, day=1, known=0)
    assert answer(alice) == "no consent on record"
    assert answer(alice, day=1) == "allowed"


def test_of_a_yes_and_a_no_at_the_same_instant_the_no_counts(alice, bob, yes, no, answer):
    yes(alice), no(alice)
    no(bob), yes(bob)
    assert answer(alice) == answer(bob) == "withdrawn or refused"


def test_consent_expires(alice, yes, answer):
    yes(alice, day=-730)
    assert answer(alice, day=-0.001) == "allowed"
    assert answer(alice) == "consent has expired"


def test_a_purpose_whose_consent_lasts_no_day_allows_none(alice, yes, answer, now):
    Purpose.objects.filter(slug="marketing").update(expires_after_days=0, rule_since=now)
    yes(alice)
    assert answer(alice) == "consent has expired"


def test_an_unknown_or_inactive_purpose_is_refused(alice, yes, answer, now):
    yes(alice)
    assert answer(alice, purpose="marketign") == "unknown purpose"
    with pytest.raises(Incomplete):
        answer(alice, purpose="")
    Purpose.objects.filter(slug="marketing").update(active=False, rule_since=now)
    assert answer(alice) == "inactive purpose"


def test_a_yes_to_one_purpose_is_none_to_another(alice, yes, answer):
    yes(alice)
    assert answer(alice, purpose="analytics", channel="") == "no consent on record"


def test_a_yes_to_one_channel_is_none_to_another(alice, yes, answer):
    yes(alice, channel="email")
    assert answer(alice, channel="email") == "allowed"
    assert answer(alice, channel="sms") == "no consent on record"


def test_without_channel_speaks_of_all(alice, bob, yes, no, answer):
    yes(alice, channel="")
    assert answer(alice, channel="sms") == "allowed"
    yes(bob, channel="sms", day=-1)
    no(bob, channel="")
    assert answer(bob, channel="sms") == "withdrawn or refused"
    yes(bob, channel="sms", day=1)
    assert answer(bob, channel="sms", day=1) == "allowed"
    assert answer(bob, channel="email", day=1) == "withdrawn or refused"


@pytest.mark.parametrize("later", ["email", "sms"])
def test_asked_without_channel_a_no_on_one_denies_whichever_was_said_last(alice, yes, no, answer, later):
    yes(alice, channel="email", day=-1 if later == "email" else -2)
    no(alice, channel="sms", day=-1 if later == "sms" else -2)
    assert answer(alice, channel="") == "withdrawn or refused"
    assert answer(alice, channel="email") == "allowed"
    yes(alice, channel="")
    assert answer(alice, channel="") == "allowed"


def test_asked_without_channel_a_yes_on_one_is_enough(alice, yes, answer):
    yes(alice, channel="email")
    assert answer(alice, channel="") == "allowed"


def test_asked_without_naming_a_channel_is_asked_of_any(alice, bob, yes, no, now):
    yes(alice, channel="sms")
    yes(bob, channel="sms")
    no(bob, channel="email")
    asked = {"purpose": "marketing", "at": now, "actor": READER, "reason": "newsletter"}
    assert isinstance(decide([alice], **asked), Grant)
    assert isinstance(decide([bob], **asked), Refusal)
    decisions = decide_each({"alice": [alice], "bob": [bob]}, **asked)
    assert (decisions.allowed, decisions.refused) == ({"alice"}, {"bob": "withdrawn or refused"})


def test_a_contract_needs_a_source_that_declares_the_purpose(alice, alices_phone, no, answer):
    assert answer(alice, purpose="service", channel="") == "allowed"
    assert answer(alices_phone, purpose="service", channel="") == "no source declares this purpose"
    assert answer(alice, alices_phone, purpose="service", channel="") == "allowed"
    no(alice, purpose="service", channel="")
    assert answer(alice, purpose="service", channel="") == "withdrawn or refused"


def test_the_grant_of_a_contract_covers_only_sources_that_declare_it(alice, alices_phone, now):
    grant = decide([alice, alices_phone], purpose="service", at=now, actor=READER, reason="answer a call")
    assert isinstance(grant, Grant)
    assert grant.source_profiles == {alice}


def test_a_legitimate_interest_stands_until_somebody_objects(alice, alices_phone, no, answer):
    assert answer(alice, alices_phone, purpose="identity_linking", channel="") == "allowed"
    no(alices_phone, purpose="identity_linking", channel="", verified=False)
    assert answer(alice, alices_phone, purpose="identity_linking", channel="") == "withdrawn or refused"


def test_a_legal_duty_needs_nobodys_leave(alice, no, answer):
    no(alice, purpose="subject_requests", channel="")
    assert answer(alice, purpose="subject_requests", channel="") == "allowed"


def test_many_people_are_answered_each_and_the_grant_covers_those_allowed(alice, alices_phone, bob, yes, no, now):
    yes(alice)
    no(bob)
    asked = {"alice": [alice, alices_phone], "bob": [bob], "nobody": []}
    decisions = decide_each(asked, purpose="marketing", channel="email", at=now, actor=READER, reason="newsletter")
    assert decisions.allowed == {"alice"}
    assert decisions.refused == {"bob": "withdrawn or refused", "nobody": "no consent on record"}
    assert decisions.grant.source_profiles == {alice, alices_phone}


def test_nobody_asked_about_is_nobody_granted(now):
    decisions = decide_each({}, purpose="marketing", at=now, actor=READER, reason="newsletter")
    assert (decisions.allowed, decisions.refused, decisions.grant.source_profiles) == (set(), {}, set())


@pytest.mark.parametrize(("purpose", "queries"), [("marketing", 3), ("service", 4), ("marketign", 3)])
def test_it_takes_as_many_queries_for_two_people_as_for_two_hundred(crm, now, purpose, queries):
    people = {number: [newcomer(crm, now), newcomer(crm, now)] for number in range(200)}
    for count in (2, 200):
        asked = {number: people[number] for number in range(count)}
        with CaptureQueriesContext(
            connection,
        ) as run:
            decide_each(asked, purpose=purpose, channel="email", at=now, actor=READER, reason="newsletter")
        assert len(run) == queries


def test_the_order_in_which_acts_come_in_changes_no_answer(crm, now, answer):
    day = timedelta(days=1)
    acts = [
        ("email", GRANTED, now - 4 * day),
        ("", WITHDRAWN, now - 3 * day),
        ("email", GRANTED, now - 2 * day),
        ("sms", WITHDRAWN, now - 2 * day),
    ]
    answers = set()
    for order in permutations(acts):
        alice = newcomer(crm, now)
        for channel, state, occurred_at in order:
            record([NewAct(alice, "marketing", channel, state, occurred_at, "form", True)], now=now)
        answers.add(
            tuple(answer(alice, channel=channel, day=day) for channel in ("email", "sms", "") for day in (-4, -3, -2))
        )
    no, allowed = "withdrawn or refused", "allowed"
    assert answers == {(allowed, no, allowed, "no consent on record", no, no, allowed, no, no)}


class Ledger:
    """What `latest_acts` answers for one source profile, told in plain Python."""

    def __init__(self, acts):
        self.acts = acts

    def state(self, channel: str, day: int) -> str | None:
        """What holds of the channel that day; without a channel: a 'no' on any, else a 'yes' on any."""
        if channel:
            return self._word(channel, day)
        spoken = {act[0] for act in self.acts if act[2] <= day}
        held = {self._word(one, day) for one in spoken}
        return WITHDRAWN if WITHDRAWN in held else GRANTED if held else None

    def _word(self, channel: str, day: int) -> str | None:
        words = [
            (when, state == WITHDRAWN) for spoken, state, when in self.acts if spoken in ("", channel) and when <= day
        ]
        return None if not words else WITHDRAWN if max(words)[1] else GRANTED


spoken_acts = st.lists(
    st.tuples(st.sampled_from(["", "email", "sms"]), st.sampled_from([GRANTED, WITHDRAWN]), st.integers(0, 4)),
    max_size=6,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spoken_acts)
def test_whatever_was_said_the_last_word_is_found(crm, now, acts):
    carol, day = newcomer(crm, now), timedelta(days=1)
    record(
        [NewAct(carol, "marketing", channel, state, now + at * day, "form", True) for channel, state, at in acts],
        now=now,
    )
    for channel in ("", "email", "sms", "push"):
        for at in range(-1, 5):
            found = latest_acts([carol], purpose="marketing", channel=channel, at=now + at * day, known_at=None)
            state = found[carol].state if carol in found else None
            assert state == Ledger(acts).state(channel, at), (channel, at)
