"""The ledger of acts is append-only and says who, when, how, for what and on which basis; it hands out receipts."""

import json
from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction

from consent import notices
from consent.acts import NewAct, record
from consent.models import GRANTED, WITHDRAWN, Act
from consent.receipts import receipt, receipts_of
from tests.consent.conftest import alice as alices
from tests.statements.sabotage import Sabotage

__all__ = ["alices"]
pytestmark = pytest.mark.django_db

SABOTAGE = Sabotage(
    "consent/acts.py",
    "            notice=act.notice,\n            locale=act.locale,",
    '            notice="",\n            locale=act.locale,',
)


@pytest.fixture
def notice(now):
    texts = {"de-AT": "Angebote, die zu Ihnen passen."}
    published_at = now - timedelta(days=9)
    return notices.publish("marketing", texts, material=False, published_at=published_at, now=published_at)[0]


@pytest.fixture
def act(alices, notice, now, yesterday) -> Act:
    said = NewAct(
        alices, "marketing", "email", GRANTED, yesterday, "till form", True, "clerk-3", notice.hash, "de-AT", "AT",
        "crm", alices,
    )  # fmt: skip
    record([said], now=now)
    return Act.objects.get()


def test_p17_every_circumstance_is_kept(act, alices, notice, now, yesterday):
    kept = (act.source_profile_id, act.purpose_id, act.channel, act.state, act.how, act.actor, act.verified)
    assert kept == (alices, "marketing", "email", "granted", "till form", "clerk-3", True)
    assert (act.occurred_at, act.recorded_at, act.basis) == (yesterday, now, "consent")
    assert (act.notice, act.locale, act.jurisdiction, act.source) == (notice.hash, "de-AT", "AT", "crm")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_act SET state = 'granted'",
        "UPDATE consent_act SET notice = ''",
        "DELETE FROM consent_act",
        "DELETE FROM consent_notice",
        "UPDATE consent_notice SET text = ''",
        "UPDATE consent_purposeversion SET active = true",
        "DELETE FROM consent_purposeversion",
    ],
)
def test_p17_nothing_of_it_changes(act, statement):
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        connection.cursor().execute(statement)


def test_p17_a_receipt_says_all_of_it(act, alices, notice, now, yesterday):
    paper = json.loads(json.dumps(receipt(act)))
    assert (paper["schema_version"], paper["record_id"]) == ("ISO/IEC TS 27560:2023", str(act.id))
    assert paper["pii_principal_id"] == str(alices)
    told = paper["pii_processing"]["privacy_notice"]
    assert (told["hash_sha256"], told["text"], told["version"]) == (notice.hash, "Angebote, die zu Ihnen passen.", 1)
    (purpose,) = paper["pii_processing"]["purposes"]
    assert (purpose["purpose_id"], purpose["lawful_basis"], purpose["channels"]) == ("marketing", "consent", ["email"])
    assert purpose["jurisdiction"] == "AT"
    (event,) = paper["events"]
    assert (event["event_state"], event["event_time"]) == ("explicitly given", yesterday.isoformat())
    assert (event["recorded_time"], event["source"]) == (now.isoformat(), "crm")
    assert event["validity_duration"] == "P730D"
    assert paper["party_identification"][0]["party_role"] == "PII controller"


def test_p17_a_person_gets_all_of_theirs(act, alices, now):
    record([NewAct(alices, "marketing", "", WITHDRAWN, now, "phone", True, "clerk-3")], now=now)
    papers = receipts_of([alices])
    assert [paper["events"][0]["event_state"] for paper in papers] == ["withdrawn", "explicitly given"]
