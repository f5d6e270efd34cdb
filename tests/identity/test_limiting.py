"""Limits and blocked values at work: what links, what does not, and what the ledger says of it."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from consent.decide import decide_each
from identity import blocking_values, ledger, limits
from identity.models import LINKING, Assignment, BlockedValue, DeviceEpisode, Match
from identity.persons import open_persons
from identity.profiles import look_up, profile_of, source_profiles, source_profiles_of
from pipeline import corrections, queue
from records import sources
from records.models import Identifier, Record, Source, SourceProfile
from tests.pipeline.cast import saying, send
from tests.senders import process, send_rows
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

YES = saying(analytics=True)


def limit(namespace: str, now: datetime, **different: Any) -> None:
    """Set a limit for this namespace; what is not said stays as it stands."""
    standing = limits.standing()[namespace]
    names = ("priority", "most", "most_in_window", "window_days")
    limits.change(namespace, **{name: getattr(standing, name) for name in names} | different, by="u-1", now=now)


def sizes() -> list[int]:
    """How many source profiles each profile has."""
    everybody = list(SourceProfile.objects.values_list("id", flat=True))
    return sorted(map(len, source_profiles_of(set(profile_of(everybody).values())).values()))


def customer(number: str, **more: str) -> dict[str, str]:
    return {"customer_number": number, "updated_at": "2026-11-01T10:00:00Z"} | more


def evidence_of(source_profile: UUID) -> dict[str, Any]:
    found: dict[str, Any] = Assignment.objects.current().get(source_profile=source_profile).evidence
    return found


def in_order() -> list[UUID]:
    return list(SourceProfile.objects.order_by("created_at", "id").values_list("id", flat=True))


@pytest.mark.parametrize("at_once", [True, False])
def test_a_person_grows_to_the_limit_and_no_further(crm: Source, now: datetime, at_once: bool) -> None:
    """Eight rows of one loyalty card, each with a customer number of its own, of which a person may have three."""
    limit("customer_number", now, most=3)
    rows = [customer(f"C{number}", loyalty_number="L1") for number in range(8)]
    for some in [rows] if at_once else [[row] for row in rows]:
        send_rows(crm, *some, now=now)
        process(now)
    assert sizes() == [1, 1, 1, 1, 1, 3]
    assert Record.objects.count() == 8
    alone = [id for id in in_order() if len(source_profiles(profile_of([id])[id])) == 1]
    for id in alone:
        assert evidence_of(id)["limit"] == "customer_number, version 1: at most 3"
        assert UUID(evidence_of(id)["kept_from"]) in set(in_order()) - {id}


def test_a_link_that_a_limit_held_back_waits_for_a_person_who_may_know_better(crm: Source, now: datetime) -> None:
    limit("customer_number", now, most=1)
    send_rows(crm, customer("C1", loyalty_number="L1"), customer("C2", loyalty_number="L1"), now=now)
    process(now)
    match = Match.objects.get()
    assert (match.state, match.evidence[-1]) == ("in_review", ["limit", "customer_number, version 1: at most 1", 0.0])
    corrections.join(match, actor="steward", reason="two cards of hers", now=now)
    process(now)
    queue.enqueue(in_order(), now=now)
    process(now)
    assert sizes() == [2]


def test_two_profiles_are_not_merged_beyond_the_limit(crm: Source, now: datetime) -> None:
    """The same address, and two cards where a person may have one."""
    pos = sources.add("pos", kind="offline", stable_key="loyalty_number")[0]
    limit("loyalty_number", now, most=1)
    receipt = {"loyalty_number": "L2", "amount": "5"}
    send_rows(crm, customer("C1", loyalty_number="L1", email="alice@example.com"), now=now)
    send_rows(pos, receipt | {"receipt_id": "1"}, now=now)
    process(now)
    before = [profile_of([id])[id] for id in in_order()]
    send_rows(pos, receipt | {"receipt_id": "2", "email": "alice@example.com"}, now=now)
    process(now)
    assert [profile_of([id])[id] for id in in_order()] == before
    assert len(set(before)) == 2
    assert Match.objects.get(state="in_review").evidence[-1][1] == "loyalty_number, version 1: at most 1"


@pytest.mark.parametrize(("first", "joined"), [("account_id", "C2"), ("loyalty_number", "C3")])
def test_the_least_believed_gives_way(first: str, joined: str, now: datetime) -> None:
    """C1 shares an account with C2 and a card with C3. There is room for one of them."""
    fields = {name: name for name in ("customer_number", "loyalty_number", "account_id")}
    partner = sources.add("partner", kind="offline", stable_key="", mapping={"message_id": ["n"], "fields": fields})[0]
    limit("customer_number", now, most=2)
    for name in ("account_id", "loyalty_number"):
        limit(name, now, priority=1 if name == first else 9)
    send_rows(
        partner,
        {"n": "1", "customer_number": "C1", "account_id": "A", "loyalty_number": "L"},
        {"n": "2", "customer_number": "C2", "account_id": "A"},
        {"n": "3", "customer_number": "C3", "loyalty_number": "L"},
        now=now,
    )
    process(now)
    found = {number: look_up("customer_number", number, now=now) for number in ("C1", "C2", "C3")}
    assert sizes() == [1, 2]
    assert found[joined] == found["C1"]


def test_devices_are_limited_by_the_month(browser: Source, now: datetime) -> None:
    """An account that signs in on a device every day: two of them in ten days, and a third later on."""
    limit("device_id", now, most_in_window=2, window_days=10)
    for day in (40, 39, 38, 20):
        at, device = now - timedelta(days=day), f"tablet {day}"
        seen = {"type": "page", "anonymousId": device, **YES}
        send(browser, seen | {"messageId": f"{day} 1", "timestamp": at.isoformat()}, now=now)
        signed_in = {"messageId": f"{day} 2", "userId": "alice", "timestamp": (at + timedelta(hours=1)).isoformat()}
        send(browser, seen | signed_in, now=now)
        process(now)
    alice = look_up("account_id", "alice", now=now)
    mine = {
        episode.started_at: profile_of([episode.source_profile_id])[episode.source_profile_id] == alice
        for episode in DeviceEpisode.objects.order_by("started_at")
    }
    assert list(mine.values()) == [True, True, False, True]
    assert Record.objects.count() == 8


def test_a_crowd_is_counted_whole(now: datetime) -> None:
    """Of the sixty receipts of a card twenty-four stand for it in a scene; the phones of all count."""
    mapping = {"message_id": ["receipt"], "fields": {"loyalty_number": "loyalty_number", "phone": "phone"}}
    till = sources.add("till", kind="offline", stable_key="", mapping=mapping)[0]
    limit("phone", now, most=40)
    for number in range(60):
        receipt = {"receipt": str(number), "loyalty_number": "L1", "phone": f"+4477009{number:05}"}
        send_rows(till, receipt, now=now)
        process(now)
    assert sizes() == [*[1] * 20, 40]
    send_rows(till, {"receipt": "again", "loyalty_number": "L1", "phone": "+447700900003"}, now=now)
    process(now)
    assert sizes() == [*[1] * 20, 41]


def test_who_is_linked_stays_linked_when_a_limit_is_set(crm: Source, now: datetime) -> None:
    send_rows(crm, *(customer(f"C{number}", loyalty_number="L1") for number in range(4)), now=now)
    process(now)
    limit("customer_number", now, most=2)
    queue.enqueue(in_order(), now=now)
    process(now)
    assert sizes() == [4]


def test_a_limit_is_versioned_and_the_same_again_is_no_version(now: datetime) -> None:
    given = {"priority": 4, "most": 5, "most_in_window": 2, "window_days": 7, "by": "u-1", "now": now}
    before, first = limits.change("email", **given)
    assert (before, first.version) == (limits.DEFAULTS["email"], 1)
    assert limits.change("email", **given)[1] is None
    _, second = limits.change("email", **given | {"most": None})
    assert [row.version for row in limits.versions_of("email")] == [2, 1]
    assert limits.standing()["email"].label == "email, version 2: at most 2 in 7 days"
    assert (second.saved_by, second.saved_at) == ("u-1", now)


def test_a_blocked_account_is_nobodys(shop: Source, browser: Source, now: datetime) -> None:
    """Signed-out visitors whom a page calls "anonymous": each stays what the device says, and nobody is found by it."""
    for source in (shop, browser):
        for number in range(3):
            seen = {"type": "page", "userId": "anonymous", "anonymousId": f"{source.name} {number}", **YES}
            for time in range(2):
                send(source, seen | {"messageId": f"{source.name} {number} {time}"}, now=now)
            process(now)
    assert sizes() == [1] * 6
    assert set(SourceProfile.objects.values_list("kind", flat=True)) == {"episode"}
    assert look_up("account_id", "anonymous", now=now) is None
    assert Identifier.objects.filter(namespace="account_id").count() == 6
    assert Identifier.objects.filter(namespace="device_id").count() == 6


def test_a_blocked_device_is_no_device(browser: Source, now: datetime) -> None:
    for number in range(3):
        seen = {"type": "page", "anonymousId": "undefined" if number == 2 else "0", "messageId": str(number), **YES}
        send(browser, seen | ({"userId": "alice"} if number == 1 else {}), now=now)
    process(now)
    assert DeviceEpisode.objects.count() == 0
    assert look_up("device_id", "0", now=now) is None


def test_a_value_that_is_blocked_by_hand_links_nobody_and_one_let_go_does_again(crm: Source, now: datetime) -> None:
    rows = [customer(f"C{number}", email="front.desk@example.com") for number in range(3)]
    send_rows(crm, rows[0], now=now)
    process(now)
    bearers = blocking_values.set_blocked("email", " Front.Desk@example.com", is_blocked=True, by="u-1", now=now)
    assert bearers == set(in_order())
    send_rows(crm, rows[1], now=now)
    queue.enqueue(bearers, now=now)
    process(now)
    assert sizes() == [1, 1]
    assert not Match.objects.exists()
    later = now + timedelta(minutes=1)
    blocking_values.set_blocked("email", "front.desk@example.com", is_blocked=False, by="u-1", now=later)
    send_rows(crm, rows[2], now=later)
    process(later)
    assert sizes() == [3]


def test_what_is_typed_is_kept_as_a_hash_and_a_hint(now: datetime) -> None:
    blocking_values.set_blocked("email", "alice@example.com", is_blocked=True, by="u-1", now=now)
    blocking_values.set_blocked("email", "ALICE@example.com", is_blocked=True, by="u-1", now=now)
    row = BlockedValue.objects.get()
    assert (row.hint, row.blocked, len(bytes(row.index))) == ("a…, 17 characters", True, 16)
    word = blocking_values.words_of("email")[-1]
    assert (word.text, word.is_blocked, word.from_the_start) == ("a…, 17 characters", True, False)


def test_what_is_blocked_from_the_start_can_be_let_go(shop: Source, now: datetime) -> None:
    """A shop whose customer 0 is a customer."""
    blocking_values.set_blocked("account_id", "0", is_blocked=False, by="u-1", now=now)
    for number in range(2):
        send(shop, {"type": "page", "userId": "0", "messageId": str(number)}, now=now)
    process(now)
    assert sizes() == [1]
    assert look_up("account_id", "0", now=now) is not None
    assert {word.text for word in blocking_values.words_of("account_id") if not word.is_blocked} == {"0"}


@pytest.mark.parametrize("value", ["", "  ", "null", "n/a", "not an address"])
def test_what_is_no_value_cannot_be_blocked(value: str, now: datetime) -> None:
    with pytest.raises(blocking_values.NotAValue):
        blocking_values.set_blocked("email", value, is_blocked=True, by="u-1", now=now)
    assert not BlockedValue.objects.exists()


def test_a_split_by_hand_takes_no_notice_of_limits(crm: Source, now: datetime) -> None:
    limit("customer_number", now, most=1)
    send_rows(crm, customer("C1"), customer("C2"), now=now)
    process(now)
    one, other = (profile_of([id])[id] for id in in_order())
    ledger.merge(one, other, actor="steward", reason="same", now=now)
    assert sizes() == [2]


@pytest.mark.parametrize(("namespace", "left"), [("email", (None, "+4930901820")), ("phone", ("a@example.com", None))])
def test_a_blocked_value_counts_as_not_said(crm: Source, now: datetime, namespace: str, left: tuple[str, str]) -> None:
    said = {"email": "a@example.com", "phone": "+4930901820"}
    send_rows(crm, customer("C1", **said), now=now)
    blocking_values.set_blocked(namespace, said[namespace], is_blocked=True, by="u-1", now=now)
    (id,) = in_order()
    decisions = decide_each({id: (id,)}, purpose=LINKING, at=now, actor=Actor.machine("test"), reason="test")
    (person,) = open_persons([id], decisions.grant).values()
    assert (person.email, person.phone) == left
