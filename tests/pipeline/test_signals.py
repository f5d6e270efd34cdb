"""Consent signals at the door: Segment's and Rudder's context, TC and GPP strings, and what nobody can read."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from consent.models import Act
from pipeline.signals import UNREADABLE
from records import sources
from records.models import QuarantinedRecord, Record, Source
from tests.conftest import NOW
from tests.consent.signals.encoder import gpp, tc, us
from tests.senders import send_messages

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def ordered(number: int, **context: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "messageId": f"m{number}",
        "userId": "u-1",
        "event": "Order Completed",
        "timestamp": NOW.isoformat(),
        "context": context,
    }


def said() -> dict[tuple[str, str], str]:
    """The last word for each purpose, and how it came."""
    acts = Act.objects.order_by("occurred_at", "recorded_at", "id")
    return {(act.purpose_id, act.channel): f"{act.state} by {act.how}" for act in acts}


def test_rudders_context(shop: Source) -> None:
    management = {
        "allowedConsentIds": ["analytics", "marketing"],
        "deniedConsentIds": ["marketing", "unheard of"],
        "provider": "custom",
        "resolutionStrategy": "and",
    }
    send_messages(shop, ordered(1, consentManagement=management), now=NOW)
    assert said() == {("analytics", ""): "granted by source shop", ("marketing", ""): "withdrawn by source shop"}


@pytest.mark.parametrize("wrong", ["analytics", [1], {"analytics": True}])
def test_rudders_context_written_wrong_is_quarantined(shop: Source, wrong: object) -> None:
    send_messages(shop, ordered(1, consentManagement={"allowedConsentIds": wrong}), now=NOW)
    (kept,) = QuarantinedRecord.objects.all()
    assert (kept.reason, kept.field) == ("wrong_type", "context.consentManagement.allowedConsentIds")


def test_a_tc_string_is_said_when_it_was_made(shop: Source) -> None:
    made_at = NOW - timedelta(hours=30)
    text = tc(NOW, created_at=made_at, updated_at=made_at, consent=frozenset({1, 8, 9})).text()
    send_messages(shop, ordered(1, consent={"tcfString": text}), now=NOW)
    assert said() == {
        ("analytics", ""): "granted by tcf",
        ("marketing", ""): "withdrawn by tcf",
        ("personalization", ""): "withdrawn by tcf",
    }
    assert set(Act.objects.values_list("occurred_at", flat=True)) == {made_at}


def test_sent_again_it_renews_nothing_and_undoes_nothing(shop: Source) -> None:
    text = tc(NOW, consent=frozenset({1, 8, 9})).text()
    send_messages(shop, ordered(1, consent={"tcfString": text}), now=NOW)
    send_messages(shop, ordered(2, consent={"categoryPreferences": {"analytics": False}}), now=NOW)
    before = Act.objects.count()
    send_messages(shop, ordered(3, consent={"tcfString": text}), now=NOW)
    assert Act.objects.count() == before
    assert said()["analytics", ""] == "withdrawn by source shop"


def test_an_opt_out_in_a_gpp_string(shop: Source) -> None:
    virginia = us(1, [1, 1, 1, 1, 2] + [0] * 8 + [0] + [1, 0, 0])
    send_messages(shop, ordered(1, consent={"gppString": gpp({9: virginia})}), now=NOW)
    assert said() == {("marketing", ""): "withdrawn by gpp", ("personalization", ""): "withdrawn by gpp"}


def test_a_gpp_string_that_passes_on_global_privacy_control(shop: Source) -> None:
    colorado = us(1, [1, 1, 1, 2, 2] + [0] * 7 + [0] + [1, 0, 0], gpc=True)
    send_messages(shop, ordered(1, consent={"gppString": gpp({10: colorado})}), now=NOW)
    assert said() == {("marketing", ""): "withdrawn by gpc", ("personalization", ""): "withdrawn by gpc"}


@pytest.mark.parametrize("text", ["CPX", "", 7, ["C"], "CPXxRfAPXxRfAAfKABENB-CgAAAAAAAAAAYgAAAAAAAA"])
def test_what_cannot_be_read_is_a_refusal_and_the_record_says_so(shop: Source, text: object) -> None:
    """The shop keeps records for service too, so the record stays: nothing is lost, and nobody is marketed to."""
    acceptance = send_messages(shop, ordered(1, consent={"tcfString": text}), now=NOW)
    assert (acceptance.stored, acceptance.quarantined) == (1, 0)
    assert f"{UNREADABLE}:tcf" in Record.objects.get().flags
    assert said() == {(purpose, ""): "withdrawn by tcf" for purpose in ("analytics", "marketing", "personalization")}


def test_the_javascript_flag_is_global_privacy_control(shop: Source) -> None:
    send_messages(shop, ordered(1, globalPrivacyControl=True), ordered(2, globalPrivacyControl="no"), now=NOW)
    assert said() == {("marketing", ""): "withdrawn by gpc", ("personalization", ""): "withdrawn by gpc"}


def test_terms_in_the_mapping(db: None) -> None:
    terms = {"signals": {"tcf": {"analytics": [8]}, "opt_out": ["analytics"]}}
    site = sources.add("site", kind="online", purposes=["analytics"], mapping=terms)[0]
    send_messages(site, ordered(1, globalPrivacyControl=True), now=NOW)
    assert said() == {("analytics", ""): "withdrawn by gpc"}


@pytest.mark.parametrize(
    "signals",
    [[], {"tcf": []}, {"tcf": {"analytics": []}}, {"tcf": {"analytics": [25]}}, {"vendor": 0}, {"vendor": True},
     {"opt_out": "marketing"}, {"gpc": 1}],
)  # fmt: skip
def test_terms_that_cannot_stand(db: None, signals: object) -> None:
    with pytest.raises(ValidationError, match="signals"):
        sources.add("site", kind="online", mapping={"signals": signals})
