"""What a person withdrew stays withdrawn, though the next file or message repeats the old yes: door to decision."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from consent.acts import NewAct, record
from consent.decide import Refusal, decide
from consent.models import WITHDRAWN
from identity import profiles
from privacy import requests
from privacy.objections import carry_out
from records.models import Source, SourceProfile
from tests.senders import process, send_messages, send_rows
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

OFFICER = "officer-2"
HOUR = timedelta(hours=1)


@pytest.fixture
def start(now: datetime) -> datetime:
    return now - 5 * HOUR


def row(updated_at: datetime, **different: str) -> dict[str, str]:
    alice = {"customer_number": "C-1", "given_name": "Alice", "email": "alice@example.com", "city": "Graz"}
    return {**alice, "updated_at": updated_at.isoformat(), "newsletter": "yes", "analytics": "yes", **different}


def tracked(at: datetime, **answers: bool) -> dict[str, Any]:
    context = {"consent": {"categoryPreferences": answers}}
    message_id = f"m-{at.isoformat()}"
    return {
        "type": "track",
        "event": "Looked",
        "userId": "u-1",
        "messageId": message_id,
        "timestamp": at.isoformat(),
        "context": context,
    }


@pytest.fixture
def may(now: datetime) -> Callable[..., bool]:
    """Whether the only person's data may be used."""

    def ask(purpose: str, channel: str = "") -> bool:
        ids = list(SourceProfile.objects.values_list("id", flat=True))
        decision = decide(ids, purpose=purpose, channel=channel, at=now, actor=Actor.machine("test"), reason="test")
        return not isinstance(decision, Refusal)

    return ask


def ask_for(kind: str, at: datetime) -> None:
    """The only person makes this request, and the officer carries it out."""
    (profile,) = set(profiles.profile_of(list(SourceProfile.objects.values_list("id", flat=True))).values())
    carry_out(requests.open(kind, profile_id=profile, actor=OFFICER, now=at), actor=OFFICER, now=at)


def test_a_restriction_stands_though_the_row_changes_its_city(crm: Source, start: datetime, may) -> None:
    send_rows(crm, row(start), now=start)
    process(start)
    assert may("analytics")
    assert may("marketing", "email")
    ask_for("restriction", start + HOUR)
    send_rows(crm, row(start + 2 * HOUR, city="Linz"), now=start + 2 * HOUR)
    assert not may("analytics")
    assert not may("marketing", "email")


def test_what_a_clerk_withdrew_stays_withdrawn_though_the_nightly_row_says_yes(crm: Source, start, may) -> None:
    send_rows(crm, row(start), now=start)
    withdrawn_at = start + HOUR
    alice = SourceProfile.objects.get().id
    said = NewAct(alice, "marketing", "email", WITHDRAWN, withdrawn_at, "phone", verified=True, actor="clerk-3")
    record([said], now=withdrawn_at)
    send_rows(crm, row(start + 2 * HOUR), now=start + 2 * HOUR)
    assert not may("marketing", "email")
    assert may("analytics")


@pytest.mark.parametrize("said_before", [{"marketing": True}, {}], ids=["repeated", "first said afterwards"])
def test_an_objection_stands_though_the_server_sends_a_cached_preference(shop: Source, start, may, said_before) -> None:
    send_messages(shop, tracked(start, **said_before), now=start)
    process(start)
    assert may("marketing") == bool(said_before)
    ask_for("objection", start + HOUR)
    send_messages(shop, tracked(start + 2 * HOUR, marketing=True), now=start + 2 * HOUR)
    assert not may("marketing")


def test_who_says_no_and_then_yes_at_the_source_after_an_objection_is_believed(crm: Source, start, may) -> None:
    send_rows(crm, row(start), now=start)
    process(start)
    ask_for("objection", start + HOUR)
    send_rows(crm, row(start + 2 * HOUR, newsletter="no"), now=start + 2 * HOUR)
    assert not may("marketing", "email")
    send_rows(crm, row(start + 3 * HOUR), now=start + 3 * HOUR)
    assert may("marketing", "email")
    assert not may("marketing", "sms")
