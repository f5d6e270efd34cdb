"""A receipt tells the rule that held when something was said, not what came of it since."""

from datetime import timedelta

import pytest

from consent.acts import NewAct, record
from consent.models import GRANTED, Act, Purpose
from consent.receipts import receipt

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_the_rule_of_a_receipt_is_that_of_its_time(alice, now):
    Purpose.objects.filter(slug="marketing").update(
        expires_after_days=30, sensitive=True, sale_or_sharing=True, rule_since=now - 5 * DAY
    )
    for said_at, days in ((now - 9 * DAY, 730), (now - 4 * DAY, 30)):
        record([NewAct(alice, "marketing", "email", GRANTED, said_at, "form", verified=True)], now=now)
        paper = receipt(Act.objects.latest("occurred_at"))
        (purpose,) = paper["pii_processing"]["purposes"]
        told = (purpose["sensitive_pii"], purpose["recipients"], paper["events"][0]["validity_duration"])
        assert told == ((days == 30), "third parties" if days == 30 else "none", f"P{days}D")
