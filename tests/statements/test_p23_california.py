"""Under 16 in California sale and sharing are opt-in; sensitive data can be limited; no asking again for a year."""

from datetime import UTC, datetime, timedelta

import pytest

from consent.asking_again import may_ask_again
from consent.models import CONTRACT, LEGITIMATE_INTEREST, Purpose
from consent.restrictions import lift, restrict
from tests.consent.conftest import alice as alices
from tests.consent.conftest import answer, bob, no, says, yes
from tests.statements.sabotage import Sabotage

__all__ = ["alices", "answer", "bob", "no", "says", "yes"]
pytestmark = pytest.mark.django_db

SABOTAGE = Sabotage(
    "consent/rules.py",
    "    if rule.sale_or_sharing and UNDER_16 in restrictions:",
    "    if False:",
)
DAY = timedelta(days=1)
ADS = {"purpose": "ads", "channel": ""}
SELLS = {"legal_basis": LEGITIMATE_INTEREST, "sale_or_sharing": True}


@pytest.fixture(autouse=True)
def purposes(db):
    Purpose.objects.create(slug="ads", name="Ads elsewhere", **SELLS)
    Purpose.objects.create(slug="health", name="Health", legal_basis=LEGITIMATE_INTEREST, sensitive=True)


@pytest.mark.parametrize("basis", [LEGITIMATE_INTEREST, CONTRACT])
def test_p23_a_child_must_have_said_yes(alices, bob, yes, no, answer, now, basis):
    Purpose.objects.filter(slug="ads").update(legal_basis=basis, rule_since=now - 99 * DAY)
    restrict([alices], kind="under_16", actor="officer-1", now=now - 9 * DAY, until=now + 30 * DAY)
    assert answer(alices, **ADS) == "no consent on record"
    yes(alices, **ADS, day=1)
    assert answer(alices, **ADS, day=1) == "allowed"
    no(alices, **ADS, day=2)
    assert answer(alices, **ADS, day=3) == "withdrawn or refused"


def test_p23_at_sixteen_the_rule_for_all_holds(alices, answer, now):
    restrict([alices], kind="under_16", actor="officer-1", now=now - 9 * DAY, until=now + 30 * DAY)
    assert answer(alices, **ADS, day=29.9) == "no consent on record"
    assert answer(alices, **ADS, day=30) == "allowed"


def test_p23_what_sells_nothing_is_not_touched(alices, answer, now):
    restrict([alices], kind="under_16", actor="officer-1", now=now - 9 * DAY)
    assert answer(alices, purpose="health", channel="") == "allowed"


def test_p23_sensitive_data_obeys_limit_use(alices, bob, answer, now):
    restrict([alices], kind="limit_use", actor="officer-1", now=now - DAY)
    assert answer(alices, purpose="health", channel="") == "restricted"
    assert answer(alices, **ADS) == answer(bob, purpose="health", channel="") == "allowed"
    lift([alices], kind="limit_use", actor="officer-1", now=now + DAY)
    assert answer(alices, purpose="health", channel="", day=2) == "allowed"


def test_p23_opting_out_of_sale_stops_the_sale_alone(alices, answer, now):
    restrict([alices], kind="opt_out", actor="officer-1", now=now - DAY)
    assert answer(alices, **ADS) == "restricted"
    assert answer(alices, purpose="health", channel="") == "allowed"


@pytest.mark.parametrize("how", ["act", "opt_out"])
def test_p23_for_twelve_months_nobody_asks_again(alices, bob, no, now, how):
    at = datetime(2025, 3, 10, 9, 0, tzinfo=UTC)
    if how == "act":
        no(alices, purpose="ads", channel="", day=(at - now) / DAY)
    else:
        restrict([alices], kind="opt_out", actor="officer-1", now=at)
    a_year_later = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
    assert not may_ask_again([alices, bob], purpose="ads", at=a_year_later - timedelta(microseconds=1))
    assert may_ask_again([alices, bob], purpose="ads", at=a_year_later)
    assert may_ask_again([bob], purpose="ads", at=at + DAY)
    assert may_ask_again([alices], purpose="health", at=at + DAY)
