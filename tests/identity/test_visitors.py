"""Visitors: what comes from a public write key follows people, and never moves or merges them."""

from datetime import datetime, timedelta

import pytest

from consent.acts import NewAct, record
from identity import ledger
from identity.models import CANNOT_LINK
from identity.profiles import look_up, profile_of
from records import sources
from records.models import SourceProfile
from tests.senders import process, send_messages, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

AGREED = {"consent": {"categoryPreferences": {"analytics": True}}}


def customer(name: str, **more: str) -> dict:
    return {"customer_number": name, "email": f"{name}@example.com", "updated_at": "2026-11-01"} | more


def visit(browser, account: str, email: str, *, now: datetime, message: str = "1"):
    """An account of the browser says this e-mail; returns its source profile."""
    identify = {"type": "identify", "userId": account, "messageId": f"{account} {message}", "context": AGREED}
    send_messages(browser, identify | {"traits": {"email": email}}, now=now)
    return SourceProfile.objects.filter(source=browser).latest("last_seen_at", "id").id


def home(source_profile):
    return profile_of([source_profile])[source_profile]


def test_an_account_of_one_known_person_does_not_move_to_another(crm, browser, now):
    send_rows(crm, customer("alice"), customer("bob"), now=now)
    process(now)
    visit(browser, "u1", "alice@example.com", now=now)
    visit(browser, "u2", "bob@example.com", now=now)
    process(now)
    later = now + timedelta(hours=1)
    visit(browser, "u2", "alice@example.com", now=later, message="2")
    process(later)
    alice, bob = look_up("customer_number", "alice", now=now), look_up("customer_number", "bob", now=now)
    assert alice != bob
    assert look_up("account_id", "u2", now=now) == bob


def test_a_visitor_that_was_split_off_does_not_come_back_with_another(crm, browser, now):
    send_rows(crm, customer("alice"), now=now)
    process(now)
    first = visit(browser, "u1", "alice@example.com", now=now)
    process(now)
    ledger.split(first, actor="steward", reason="somebody else", now=now + timedelta(hours=1))
    later = now + timedelta(hours=2)
    visit(browser, "u2", "alice@example.com", now=later)
    process(later)
    assert home(first) != look_up("customer_number", "alice", now=now)


def test_two_visitors_kept_apart_do_not_meet_in_a_known_person(crm, browser, now):
    one = visit(browser, "u1", "alice@example.com", now=now)
    other = visit(browser, "u2", "alice@example.com", now=now + timedelta(seconds=1))
    ledger.rule(one, other, CANNOT_LINK, actor="steward", reason="two people", now=now)
    process(now)
    assert home(one) != home(other)
    send_rows(crm, customer("alice"), now=now)
    process(now)
    assert home(one) != home(other)


@pytest.mark.parametrize("way", ["loyalty number", "sign-in"])
def test_whoever_objects_to_linking_is_not_linked_by_certain_evidence_either(crm, browser, now, way):
    if way == "loyalty number":
        pos = sources.add("pos", kind="offline", stable_key="loyalty_number")[0]
        send_rows(crm, customer("alice", loyalty_number="L1"), now=now)
        send_rows(pos, {"loyalty_number": "L1", "amount": 5, "receipt_id": "R1"}, now=now)
    else:
        seen = {"type": "page", "anonymousId": "tablet", "context": AGREED}
        send_messages(browser, seen | {"messageId": "1"}, now=now)
        send_messages(browser, seen | {"messageId": "2", "userId": "alice"}, now=now + timedelta(seconds=1))
    one, other = SourceProfile.objects.order_by("id").values_list("id", flat=True)
    record([NewAct(one, "identity_linking", "", "withdrawn", now, "letter", True, actor="officer")], now=now)
    process(now + timedelta(minutes=1))
    assert home(one) != home(other)


def test_one_number_in_two_files_joins_nobody_who_is_plainly_another(crm, now):
    partner = sources.add("partner", kind="offline", mapping=crm.mapping)[0]
    alice = customer("1001", given_name="Alice", family_name="Winter", birth_date="1980-01-02")
    bob = customer("1001", given_name="Robert", family_name="Somer", birth_date="1950-07-08", email="bob@example.com")
    send_rows(crm, alice, now=now)
    send_rows(partner, bob, now=now)
    process(now)
    one, other = SourceProfile.objects.order_by("id").values_list("id", flat=True)
    assert home(one) != home(other)


def test_however_many_receipts_bear_one_loyalty_number_they_are_one_person(now):
    till = sources.add("till", kind="offline", stable_key="")[0]
    receipts = [{"loyalty_number": "L1", "amount": 5, "receipt_id": f"R{number}"} for number in range(70)]
    send_rows(till, *receipts, now=now)
    process(now)
    ids = list(SourceProfile.objects.values_list("id", flat=True))
    assert len(ids) == 70
    assert len(set(profile_of(ids).values())) == 1
