"""Consent expires by purpose and jurisdiction, a material notice asks anew, and confirmation links work once."""

from datetime import timedelta

import pytest

from consent import notices
from consent.acts import NewAct, record
from consent.models import GRANTED, Act, Purpose
from tests.consent.conftest import alice as alices
from tests.consent.conftest import answer, bob
from tests.privacy.test_opt_in import link, may_write, sign_up, site
from tests.privacy.visitor import Visitor
from tests.statements.sabotage import Sabotage

__all__ = ["alices", "answer", "bob", "site"]
pytestmark = pytest.mark.django_db

SABOTAGE = Sabotage(
    "consent/rules.py",
    "    return bool(act.notice) or act.occurred_at < rule.renewal.since",
    "    return False",
)
FURTHER = (
    Sabotage("privacy/links.py", "        link.used_at = now\n", ""),
    Sabotage("consent/rules.py", "    return after is not None and at >= act.occurred_at + after", "    return False"),
)
DAY = timedelta(days=1)


def give(who, at, **what):
    record([NewAct(who, "marketing", "email", GRANTED, at, "form", verified=True, **what)], now=at)


@pytest.mark.parametrize(
    ("jurisdiction", "days"), [("", 30), ("DE", 30), ("FR", 10), ("US", 20), ("US-NY", 20), ("US-CA", 15)]
)
def test_p20_each_jurisdiction_has_its_own_end(alices, answer, now, jurisdiction, days):
    rule = {"expires_after_days": 30, "expiry_by_jurisdiction": {"FR": 10, "US": 20, "US-CA": 15}}
    Purpose.objects.filter(slug="marketing").update(**rule, rule_since=now - 99 * DAY)
    give(alices, now - 50 * DAY, jurisdiction=jurisdiction)
    last = days - 50
    assert answer(alices, day=last - 0.0001) == "allowed"
    assert answer(alices, day=last) == "consent has expired"


def test_p20_a_material_change_asks_again_and_another_does_not(alices, bob, answer, now):
    def publish(day: int, *, material: bool) -> str:
        at = now + day * DAY
        return notices.publish("marketing", {"en": "x"}, material=material, published_at=at, now=now)[0].hash

    first = publish(-90, material=True)
    give(alices, now - 80 * DAY, notice=first)
    give(bob, now - 80 * DAY)
    publish(-60, material=False)
    assert answer(alices, day=-50) == answer(bob, day=-50) == "allowed"
    third = publish(-40, material=True)
    assert answer(alices, day=-40.001) == answer(bob, day=-40.001) == "allowed"
    assert answer(alices, day=-40) == answer(bob, day=-40) == "consent was given under an older notice"
    give(alices, now - 30 * DAY, notice=first)
    assert answer(alices) == "consent was given under an older notice", "the old page was still open"
    give(alices, now - 20 * DAY, notice=third)
    give(bob, now - 20 * DAY)
    assert answer(alices) == answer(bob) == "allowed"


@pytest.mark.django_db(databases=["default", "keystore"])
def test_p20_a_confirmation_link_works_once(site):
    sign_up(site)
    assert not may_write(), "a yes waits for the second one"
    address = link()
    first, second = Visitor().open(address), Visitor().open(address)
    first.press()
    assert may_write()
    said = Act.objects.count()
    assert "used before" in second.press().document.text
    assert Act.objects.count() == said
