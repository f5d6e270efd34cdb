"""Consent that is missing, expired, pending or unparsable means deny."""

from datetime import timedelta

import pytest

from consent.decide import decide
from consent.models import GRANTED, PENDING, WITHDRAWN, Purpose
from records.models import SourceProfile
from tests.consent.conftest import READER, answer, says, yes
from tests.consent.conftest import alice as alices
from tests.senders import STREAMS, send_messages, send_stream
from tests.statements.sabotage import Sabotage

__all__ = ["alices", "answer", "says", "yes"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "consent/rules.py",
    "        return UNCONFIRMED if any(act.state == PENDING for act in acts) else NEVER_SAID",
    "        return ALLOWED",
)


def test_p13_missing(alices, answer):
    assert answer(alices) == "no consent on record"


def test_p13_pending(alices, says, answer):
    says(alices, PENDING)
    assert answer(alices) == "consent awaits confirmation"


def test_p13_expired(alices, yes, answer):
    yes(alices, day=-730)
    assert (answer(alices, day=-0.001), answer(alices)) == ("allowed", "consent has expired")


@pytest.mark.parametrize("purpose", ["marketign", "MARKETING", "marketing ", "email"])
def test_p13_a_purpose_that_nobody_knows(alices, yes, answer, purpose):
    yes(alices)
    assert answer(alices, purpose=purpose) == "unknown purpose"


def test_p13_a_purpose_out_of_use(alices, yes, answer, now):
    yes(alices)
    Purpose.objects.filter(slug="marketing").update(active=False, rule_since=now)
    assert answer(alices) == "inactive purpose"


@pytest.mark.parametrize("door", ["http", *STREAMS])
@pytest.mark.parametrize("said", ["perhaps", 1, None, [True], {"yes": True}, ""])
def test_p13_a_word_that_cannot_be_read(shop, now, said, door):
    message = {
        "type": "track",
        "event": "Looked",
        "userId": "u-1",
        "messageId": "m-1",
        "timestamp": (now - timedelta(hours=1)).isoformat(),
        "context": {"consent": {"categoryPreferences": {"marketing": said}}},
    }
    if door == "http":
        send_messages(shop, message, now=now)
    else:
        send_stream(door, shop, message, now=now)
    ids = list(SourceProfile.objects.values_list("id", flat=True))
    decision = decide(ids or [], purpose="marketing", at=now, actor=READER, reason="statement")
    assert decision.reason in ("no consent on record", "withdrawn or refused")


def test_p13_nothing_but_a_standing_yes_allows(alices, says, answer):
    for day, (state, expected) in enumerate(
        [(PENDING, "consent awaits confirmation"), (GRANTED, "allowed"), (WITHDRAWN, "withdrawn or refused")]
    ):
        says(alices, state, day=day)
        assert answer(alices, day=day) == expected
