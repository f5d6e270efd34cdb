"""What users of other platforms complain of, each case sent through the whole pipeline: here it does not happen.

A name says whose case it is, and its number there.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from consent.decide import decide
from identity import golden, limits
from identity.models import DeviceEpisode, Profile
from identity.profiles import look_up, profile_of, source_profiles, where_now
from outbox.models import Change
from pipeline import corrections
from records.models import Identifier, Record, Source, SourceProfile
from segments import catalog
from segments.models import Membership, ProfileFeatures
from tests.pipeline.cast import NOW, looked, ordered, saying, send
from tests.senders import process, send_rows
from vault.grants import Actor, Grant

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

YES = saying(analytics=True)
HOURS = [NOW - timedelta(hours=12 - hour) for hour in range(12)]
STEWARD: dict[str, Any] = {"actor": "steward", "reason": "as a test has it"}


@pytest.fixture
def buyers(db: None) -> None:
    """Whoever ordered in the last 90 days."""
    rule = {"rule": {"feature": "orders_90d", "op": ">=", "value": 1}}
    catalog.create("buyers", name="Buyers", purpose="analytics", definition=rule)


@dataclass(frozen=True)
class Known:
    """All that a profile is to others: its values, what is computed of it, where it is in, what it did."""

    values: dict[str, str]
    orders: int
    buyer: bool
    messages: int
    source_profiles: int


def known(profile: UUID | None) -> Known:
    """What is known of this profile now."""
    assert profile is not None
    mine = source_profiles(profile)
    asked = decide(mine, purpose="analytics", at=NOW, actor=Actor("person", "steward"), reason="test")
    record = golden.read([profile], asked).get(profile, {}) if isinstance(asked, Grant) else {}
    features = ProfileFeatures.objects.filter(profile=profile).first()
    return Known(
        values={field: value.value for field, value in record.items()},
        orders=features.values.get("orders_90d", 0) if features else 0,
        buyer=Membership.objects.filter(profile=profile, left_at=None).exists(),
        messages=Record.objects.filter(source_profile__in=mine).count(),
        source_profiles=len(mine),
    )


def account(name: str) -> UUID:
    """The profile of this account."""
    found = look_up("account_id", name, now=NOW)
    assert found is not None
    return found


def page(at: datetime, *, user: object = None, device: str = "tablet", **more: Any) -> dict[str, Any]:
    """Somebody looks at a page on this device, signed in or not."""
    signed_in = {} if user is None else {"userId": user}
    message = looked(device, **YES) | {"messageId": f"{device} {at} {user}", "timestamp": at.isoformat()}
    return message | signed_in | more


def signed_up(user: object, **traits: str) -> dict[str, Any]:
    """Somebody says who they are."""
    return {"type": "identify", "messageId": f"sign-up {user}", "userId": user, "traits": traits, **YES}


def customer(number: str, **more: str) -> dict[str, str]:
    """A row of the customer file."""
    return {"customer_number": number, "updated_at": "2026-11-01T10:00:00Z", "analytics": "yes"} | more


def message_homes() -> list[UUID]:
    """The profile of each record, in the order in which they happened."""
    owners = list(Record.objects.order_by("occurred_at").values_list("source_profile_id", flat=True))
    homes = profile_of(owners)
    return [homes[id] for id in owners]


def test_mautic_4211_when_b_logs_in_on_as_browser_a_keeps_her_history_and_herself(
    shop: Source, browser: Source, buyers: None
) -> None:
    send(shop, ordered("alice", 1), signed_up("u-alice", email="alice@example.com"))
    send(browser, page(HOURS[0]), page(HOURS[1], user="u-alice"), page(HOURS[2]))
    process(NOW)
    alice, before = account("u-alice"), known(account("u-alice"))
    send(browser, page(HOURS[3], user="u-bob"), page(HOURS[4]), page(HOURS[5], user="u-alice"), page(HOURS[6]))
    process(NOW)
    bob = account("u-bob")
    assert (account("u-alice"), before.buyer, before.messages) == (alice, True, 5)
    assert known(alice) == Known(before.values, 1, True, 7, 4)
    assert known(bob) == Known({"account_id": "u-bob"}, 0, False, 2, 2)
    assert [bob if home == bob else alice for home in message_homes()] == message_homes()
    assert list(Profile.objects.order_by("id").values_list("id", flat=True)) == sorted([alice, bob])


def test_mautic_5504_an_address_typed_into_anothers_browser_gives_nobody_anything(
    crm: Source, browser: Source, buyers: None
) -> None:
    """Alice is signed in. Bob, whom the shop knows as well, fills in a form on her browser."""
    send_rows(
        crm,
        customer("C1", given_name="Alice", family_name="Winter", email="alice@example.com"),
        customer("C2", given_name="Robert", family_name="Summer", email="bob@example.com"),
        now=NOW,
    )
    send(browser, page(HOURS[0], user="u-alice"), signed_up("u-alice", email="alice@example.com"))
    process(NOW)
    alice, bob = (look_up("customer_number", number, now=NOW) for number in ("C1", "C2"))
    assert alice == account("u-alice") != bob
    before = known(bob)
    form = page(HOURS[1]) | {"type": "identify", "traits": {"email": "bob@example.com", "firstName": "Robert"}}
    send(browser, form, page(HOURS[2]))
    process(NOW)
    assert [look_up("customer_number", number, now=NOW) for number in ("C1", "C2")] == [alice, bob]
    assert known(bob) == before
    assert (known(alice).values["email"], known(alice).values["given_name"]) == ("alice@example.com", "Alice")
    assert account("u-alice") == alice


def test_mautic_6947_one_address_of_the_net_mixes_nobody_up(crm: Source, browser: Source) -> None:
    """Twenty visitors of one office, each with a name of their own; two also type the address of a customer."""
    send_rows(crm, customer("C1", given_name="Alice", family_name="Winter", email="alice@example.com"), now=NOW)
    for number in range(20):
        traits = {"firstName": f"Ghost{number}", "address": {"country": "NO"}}
        office = {"context": {**YES["context"], "ip": "192.0.2.7"}}
        message = page(HOURS[0], user=f"u-{number}", device=f"pc-{number}") | {"type": "identify", "traits": traits}
        send(browser, message | office)
    for name in ("u-20", "u-0"):
        send(browser, signed_up(name, email="alice@example.com"))
        process(NOW)
    alice = look_up("customer_number", "C1", now=NOW)
    assert len({account(f"u-{number}") for number in range(21)}) == 21
    assert (account("u-20"), account("u-0") != alice) == (alice, True)
    send(browser, signed_up("u-20", firstName="Ghost20") | {"messageId": "a nickname"})
    process(NOW)
    assert account("u-20") == alice
    assert known(alice).values["given_name"] == "Alice"
    assert len(set(profile_of(list(SourceProfile.objects.values_list("id", flat=True))).values())) == 21


def test_mautic_7559_the_device_of_who_was_merged_goes_on_as_theirs(shop: Source, browser: Source) -> None:
    send(shop, signed_up("u-alice", email="alice@example.com"))
    send(browser, page(HOURS[0]))
    process(NOW)
    alice = account("u-alice")
    visitor = profile_of(SourceProfile.objects.filter(source=browser).values_list("id", flat=True))
    (visitor_profile,) = visitor.values()
    assert corrections.merge(alice, visitor_profile, **STEWARD, now=NOW) == alice
    process(NOW)
    send(browser, page(HOURS[1]), page(HOURS[2]))
    process(NOW)
    assert (DeviceEpisode.objects.count(), Profile.objects.count()) == (1, 2)
    assert known(alice).messages == 4
    assert where_now(visitor_profile) == alice


NOBODY = (
    *(None, "", " ", "null", "None", "undefined", "NaN", "n/a", 0, "0", "-1", "true", "anonymous", "guest"),
    *("[object Object]", '"null"', "distinct_id", "not_authenticated"),
)


def test_posthog_5527_a_user_id_that_is_none_makes_nobody_one(shop: Source, browser: Source) -> None:
    """As a page sends it whose code forgot to look whether anybody is signed in."""
    for source, number in ((source, number) for source in (shop, browser) for number in range(2)):
        for place, nobody in enumerate(NOBODY):
            told = page(HOURS[0], device=f"{source.name} {place} {number}") | {"userId": nobody}
            send(source, told | {"type": "identify", "traits": {"firstName": f"Ada{place}{number}"}})
    process(NOW)
    everybody = list(SourceProfile.objects.values_list("id", flat=True))
    assert len(everybody) == 4 * len(NOBODY)
    assert len(set(profile_of(everybody).values())) == 4 * len(NOBODY)


def test_posthog_5898_nobody_gathers_thousands_of_ids(crm: Source, shop: Source) -> None:
    """An address under which 90 accounts are opened, one after the other: a person has so many accounts and no more."""
    for number in range(90):
        send(shop, signed_up(f"u-{number}", email="shared@example.com"))
        process(NOW)
    accounts = {account(f"u-{number}") for number in range(90)}
    borne = [len(source_profiles(profile)) for profile in accounts]
    assert (max(borne), sum(borne)) == (limits.DEFAULTS["account_id"].most, 90)
    first = source_profiles(account("u-0"))
    assert Identifier.objects.filter(source_profile__in=first, namespace="account_id").count() == 20


@pytest.mark.parametrize("door", ["shop", "browser"])
def test_posthog_5527_who_is_known_does_not_become_another_by_identifying(door: str, request: Any) -> None:
    """One user signs in as another: in a library without a guard the two became one for good."""
    source = request.getfixturevalue(door)
    send(source, page(HOURS[0], user="u-alice"), page(HOURS[1]), page(HOURS[2], user="u-bob"), page(HOURS[3]))
    process(NOW)
    alice, bob = account("u-alice"), account("u-bob")
    assert alice != bob
    assert message_homes() == [alice, alice, bob, bob]


def test_posthog_14051_who_is_merged_stays_in_the_segments(crm: Source, shop: Source, buyers: None) -> None:
    """The profile that buys is the younger one: it is the other's id that stays."""
    send_rows(crm, customer("C1", email="alice@example.com"), now=NOW)
    process(NOW)
    send(shop, ordered("alice", 1, **YES))
    process(NOW)
    older, younger = look_up("customer_number", "C1", now=NOW), account("u-alice")
    assert (known(older).buyer, known(younger).buyer) == (False, True)
    later = NOW + timedelta(minutes=1)
    send(shop, signed_up("u-alice", email="alice@example.com"), now=later)
    process(later)
    assert account("u-alice") == older
    assert list(Membership.objects.order_by("id").values_list("profile", "entered_at", "left_at")) == [
        (younger, NOW, later),
        (older, later, None),
    ]
    told = Change.objects.filter(kind__startswith="segment.").order_by("id").values_list("profile_id", "kind")
    assert set(told) == {(younger, "segment.entered"), (younger, "segment.left"), (older, "segment.entered")}


@pytest.mark.parametrize("by_hand", [False, True])
def test_posthog_6056_a_merge_that_was_dangerous_is_undone_whole(
    crm: Source, shop: Source, buyers: None, by_hand: bool
) -> None:
    """`$merge_dangerously` has no way back. Here the values, orders, segments and ids of both are as they were."""
    send_rows(crm, customer("C1", given_name="Alice", email="alice@example.com"), now=NOW)
    process(NOW)
    send(shop, ordered("bob", 1), ordered("bob", 2), signed_up("u-bob", lastName="Winter", phone="+447700900102"))
    process(NOW)
    alice, bob = look_up("customer_number", "C1", now=NOW), account("u-bob")
    before = known(alice), known(bob)
    later = NOW + timedelta(hours=1)
    if by_hand:
        corrections.merge(alice, bob, **STEWARD, now=later)
    else:
        merging = {"type": "merge", "userId": "u-bob", "mergeProperties": [{"type": "customer_id", "value": "C1"}]}
        send(shop, merging | {"messageId": "merge", **YES}, now=later)
    process(later)
    assert account("u-bob") == alice
    assert known(alice).values == before[0].values | before[1].values
    assert (known(alice).orders, known(alice).buyer) == (2, True)
    undone = later + timedelta(days=30)
    corrections.undo_merge(alice, bob, **STEWARD, now=undone)
    process(undone)
    after = known(alice), known(bob)
    if not by_hand:  # the message that asked for the merge stays what it was: a record of Bob's
        assert after[1].values.pop("customer_number") == "C1"
        assert after[1].messages - before[1].messages == 1
        after = after[0], Known(after[1].values, after[1].orders, after[1].buyer, before[1].messages, 1)
    assert after == before
    process(undone + timedelta(days=1))
    assert (look_up("email", "alice@example.com", now=NOW), account("u-bob")) == (alice, bob)


def test_tracardi_892_a_merge_loses_no_value_of_either(shop: Source, browser: Source) -> None:
    """Signed up on one device; on another first a visitor, then signed in with the same address."""
    send(shop, signed_up("u-alice", email="alice@example.com", firstName="Alice", lastName="Winter"))
    process(NOW)
    alice, before = account("u-alice"), known(account("u-alice"))
    send(browser, page(HOURS[0], device="phone"))
    process(NOW)
    signed_in = page(HOURS[1], user="u-alice", device="phone")
    send(browser, signed_in | {"type": "identify", "traits": {"email": "alice@example.com", "phone": "+447700900101"}})
    process(NOW)
    assert account("u-alice") == alice
    assert known(alice).values == before.values | {"phone": "+447700900101"}
    assert before.values == {
        "account_id": "u-alice",
        "email": "alice@example.com",
        "given_name": "Alice",
        "family_name": "Winter",
    }
    assert known(alice).source_profiles == 3


def test_tracardi_784_what_either_did_comes_along(shop: Source, crm: Source, buyers: None) -> None:
    send(shop, ordered("alice", 1), ordered("alice", 2), signed_up("u-alice", firstName="Alice"))
    send(shop, ordered("alicia", 3), ordered("alicia", 4, days_ago=40), signed_up("u-alicia", firstName="Alice"))
    process(NOW)
    one, other = account("u-alice"), account("u-alicia")
    assert (known(one).orders, known(other).orders) == (2, 2)
    survivor = corrections.merge(one, other, **STEWARD, now=NOW)
    process(NOW)
    (gone,) = {one, other} - {survivor}
    assert (known(survivor).orders, known(survivor).messages) == (4, 6)
    assert known(gone) == Known({}, 0, False, 0, 0)
    assert set(message_homes()) == {survivor}


def test_tracardi_638_another_month_makes_no_second_profile(shop: Source) -> None:
    """Records lie in a partition for each month: neither the person nor a message that is sent again comes twice."""
    months = [NOW + timedelta(days=31 * month) for month in range(4)]
    for month, now in enumerate(months):
        bought = ordered("alice", 1) | {"messageId": f"month {month}", "timestamp": now.isoformat()}
        first = ordered("alice", 1) | {"messageId": "month 0", "timestamp": months[0].isoformat()}
        accepted = send(shop, bought, first, now=now)
        assert (accepted.stored, accepted.duplicate) == (1, 1)
        process(now)
    assert (Profile.objects.count(), SourceProfile.objects.count(), Record.objects.count()) == (1, 1, 4)
    assert len(set(Record.objects.dates("received_at", "month"))) == 4
    assert known(account("u-alice")).messages == 4
