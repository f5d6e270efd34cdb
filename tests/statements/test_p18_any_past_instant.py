"""The decision for any past instant comes out again as it was: in the time of events and in the time of the record."""

from datetime import timedelta

import pytest

from consent import notices
from consent.acts import NewAct, annul, record
from consent.explanation import explain
from consent.models import GRANTED, WITHDRAWN, Purpose
from consent.restrictions import lift, restrict
from tests.consent.conftest import alice as alices
from tests.consent.conftest import answer, bob, no, says, yes
from tests.statements.sabotage import Sabotage

__all__ = ["alices", "answer", "bob", "no", "says", "yes"]
pytestmark = pytest.mark.django_db

SABOTAGE = Sabotage(
    "consent/purposes.py",
    "WHERE purpose_id = %(purpose)s AND valid_from <= %(at)s\n",
    "WHERE purpose_id = %(purpose)s\n",
)
DAY = timedelta(days=1)
DAYS = range(-40, 1)


def answers(answer, who, known=None) -> dict[int, str]:
    return {day: answer(who, day=day, known=known) for day in DAYS}


def test_p18_what_happens_later_changes_no_answer_about_before(alices, bob, yes, no, answer, now):
    yes(alices, day=-30)
    before = answers(answer, alices)
    no(alices, day=1)
    restrict([alices], kind="legal_hold", actor="officer-1", now=now + DAY)
    notices.publish("marketing", {"en": "New."}, material=True, published_at=now + DAY, now=now + DAY)
    Purpose.objects.filter(slug="marketing").update(expires_after_days=3, rule_since=now + DAY)
    assert answer(alices, day=2) == "restricted"
    lift([alices], kind="legal_hold", actor="officer-1", now=now + 3 * DAY)
    assert answer(alices, day=4) == "withdrawn or refused"
    assert answers(answer, alices) == before
    assert set(before.values()) == {"no consent on record", "allowed"}


def test_p18_what_was_recorded_later_counts_only_for_who_knows_it(alices, bob, yes, no, answer, now):
    yes(alices, day=-30)
    then = answers(answer, alices, known=-10)
    no(alices, day=-20, known=-5)
    given = NewAct(alices, "marketing", "email", WITHDRAWN, now - 25 * DAY, "phone", True, "clerk-3", addressed=bob)
    record([given], now=now - 4 * DAY)
    annul([alices], others=[bob], addressed=[], actor="steward-1", now=now - 2 * DAY)
    assert answers(answer, alices, known=-10) == then
    assert answer(alices, day=-22, known=-3) == "withdrawn or refused"
    assert answer(alices, day=-22) == "allowed"
    assert answer(alices, day=-19) == "withdrawn or refused"


def test_p18_it_names_the_rule_the_entries_and_the_notice(alices, yes, no, now):
    when = now - 35 * DAY
    (notice,) = notices.publish("marketing", {"en": "Offers."}, material=False, published_at=when, now=when)
    record([NewAct(alices, "marketing", "email", GRANTED, when, "form", True, notice=notice.hash)], now=when)
    no(alices, day=-5)
    asked = {"purpose": "marketing", "channel": "email"}
    then, now_ = (explain([alices], **asked, at=at) for at in (now - 6 * DAY, now))
    assert (then.decision, now_.decision) == ("allowed", "withdrawn or refused")
    assert [(act.state, act.occurred_at) for act in then.acts] == [("granted", when)]
    assert [act.state for act in now_.acts] == ["withdrawn"]
    assert [one.text for one in then.notices] == ["Offers."]
    assert then.rule.expires_after_days == 730


@pytest.mark.parametrize("rule", [{"active": False}, {"expires_after_days": 1}, {"legal_basis": "legitimate_interest"}])
def test_p18_a_changed_rule_leaves_the_past_alone(alices, yes, answer, now, rule):
    yes(alices, day=-30)
    before = answers(answer, alices)
    Purpose.objects.filter(slug="marketing").update(**rule, rule_since=now - 5 * DAY)
    after = answers(answer, alices)
    assert {day: after[day] for day in DAYS if day < -5} == {day: before[day] for day in DAYS if day < -5}
    if "legal_basis" not in rule:
        assert after[-5] != before[-5]
