"""Devices: what A did stays A's, what B does on A's device is B's."""

from datetime import datetime, timedelta
from itertools import permutations

import pytest
from django.db import connection

from identity import devices
from identity.devices import Sighting
from identity.models import DeviceEpisode
from identity.profiles import look_up, profile_of
from records import source_profiles
from records.models import CUSTOMER, Record, SourceProfile
from records.source_profiles import Newcomer
from tests.senders import process, send_messages
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

CONSENT = {"consent": {"categoryPreferences": {"analytics": True}}}


def seen(at: datetime, message_id: str, *, user: str | None = None, device: str = "tablet") -> dict:
    message = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": message_id,
        "anonymousId": device,
        "timestamp": at.isoformat(),
        "context": CONSENT,
    }
    return message | ({"userId": user} if user else {})


def owner_of(message_ids: list[str], now: datetime) -> list:
    """The profile of each anonymous message, in the order of their events."""
    records = Record.objects.filter(source_profile__kind="episode").order_by("occurred_at")
    belongs = profile_of([record.source_profile_id for record in records])
    assert len(records) == len(message_ids)
    return [belongs[record.source_profile_id] for record in records]


def test_what_was_done_before_signing_in_becomes_the_persons(browser, now):
    send_messages(
        browser, seen(now - timedelta(hours=2), "1"), seen(now - timedelta(hours=1), "2", user="alice"), now=now
    )
    process(now)
    assert owner_of(["1"], now) == [look_up("account_id", "alice", now=now)]


def test_b_signing_in_on_a_device_leaves_as_history_to_a(browser, now):
    hours = [now - timedelta(hours=6 - hour) for hour in range(6)]
    send_messages(
        browser,
        seen(hours[0], "0"),
        seen(hours[1], "1", user="alice"),
        seen(hours[2], "2"),
        seen(hours[3], "3", user="bob"),
        seen(hours[4], "4"),
        now=now,
    )
    process(now)
    alice, bob = look_up("account_id", "alice", now=now), look_up("account_id", "bob", now=now)
    assert alice != bob
    assert owner_of(["0", "2", "4"], now) == [alice, alice, bob]


def test_the_order_of_arrival_within_a_batch_does_not_matter(browser, now):
    hours = [now - timedelta(hours=6 - hour) for hour in range(6)]
    send_messages(
        browser,
        seen(hours[4], "4"),
        seen(hours[3], "3", user="bob"),
        seen(hours[2], "2"),
        seen(hours[1], "1", user="alice"),
        now=now,
    )
    process(now)
    alice, bob = look_up("account_id", "alice", now=now), look_up("account_id", "bob", now=now)
    assert owner_of(["2", "4"], now) == [alice, bob]


def test_a_late_event_falls_into_the_episode_of_its_own_time(browser, now):
    start = now - timedelta(days=2)
    send_messages(browser, seen(start, "1", user="alice"), seen(start + timedelta(hours=2), "2", user="bob"), now=now)
    send_messages(browser, seen(start + timedelta(hours=1), "3"), now=now)
    process(now)
    assert owner_of(["3"], now) == [look_up("account_id", "alice", now=now)]


def test_an_anonymous_device_is_nobody_in_particular(browser, now):
    send_messages(browser, seen(now, "1"), now=now)
    process(now)
    episode = DeviceEpisode.objects.get()
    assert episode.owner is None
    assert SourceProfile.objects.get().kind == "episode"


def test_signing_in_again_changes_nothing(browser, now):
    for hour in (3, 2, 1):
        send_messages(browser, seen(now - timedelta(hours=hour), str(hour), user="alice"), now=now)
    assert DeviceEpisode.objects.count() == 1


@pytest.fixture
def owners(browser, now):
    """Alice and Bob as the browser knows them."""
    ids = [new_id(), new_id()]
    source_profiles.make(browser, [Newcomer(id, CUSTOMER, id.bytes, now) for id in ids], now=now)
    return dict(zip("AB", ids, strict=True))


STORIES = ["0A2B4", "A1B3", "0A2B4A6", "0A2A4B6", "01AB4", "A1B3A5B"]


@pytest.mark.parametrize("at_once", [1, 2, 100])
@pytest.mark.parametrize("story", STORIES)
def test_in_whatever_order_they_arrive_nobody_gets_what_another_did(browser, owners, now, story, at_once):
    """Each letter is a sign-in of Alice or Bob, each figure a use of the device by nobody in particular.

    Where sign-ins come late, a source profile that was used by both is nobody's; all else is whose it was.
    """
    hours = [now - timedelta(hours=len(story) - hour) for hour in range(len(story))]
    first = next(letter for letter in story if letter in owners)
    whose = {hour: ([at for at in story[:hour] if at in owners] or [first])[-1] for hour in range(len(story))}
    orders = list(permutations(range(len(story))))
    for number, order in enumerate(orders[:: max(1, len(orders) // 24)]):
        device, used = number.to_bytes(16), {}
        for start in range(0, len(order), at_once):
            batch = order[start : start + at_once]
            found = devices.attribute(
                browser, [Sighting(device, hours[hour], owners.get(story[hour])) for hour in batch], now=now
            )
            used |= {hour: id for hour, id in zip(batch, found.source_profiles, strict=True) if id}
        owner_of = dict(DeviceEpisode.objects.filter(device_index=device).values_list("source_profile", "owner"))
        for hour, id in used.items():
            shared = {whose[other] for other, its in used.items() if its == id}
            came_back = story.count("A") > 1 or story.count("B") > 1
            allowed = {owners[whose[hour]]} if len(shared) == 1 and not came_back else {owners[whose[hour]], None}
            assert owner_of[id] in (allowed if len(shared) == 1 else {None}), [story[hour] for hour in order]


def test_in_order_everything_is_whose_it_was(browser, owners, now):
    """Also when a person comes back to the device."""
    sightings = [
        Sighting(b"tablet", now + timedelta(hours=hour), owners.get(who)) for hour, who in enumerate("0A2B4A6B8")
    ]
    found = [devices.attribute(browser, [sighting], now=now).source_profiles[0] for sighting in sightings]
    owner_of = dict(DeviceEpisode.objects.values_list("source_profile", "owner"))
    assert [owner_of[id] for id in found if id] == [owners[who] for who in "AABAB"]


def test_a_late_sign_in_takes_history_out_of_the_profile_that_it_was_given_to(browser, now):
    """All orders of two uses and two sign-ins, a device each, processed after each arrival."""
    hours = [now - timedelta(hours=6 - hour) for hour in range(5)]
    orders = list(permutations([(0, None), (1, "alice"), (3, "bob"), (4, None)]))
    for arrival in range(4):
        messages = []
        for number, order in enumerate(orders):
            hour, user = order[arrival]
            user = user and f"{user}-{number}"
            messages.append(seen(hours[hour], f"{number} {hour}", user=user, device=f"tablet-{number}"))
        send_messages(browser, *messages, now=now)
        process(now)
    rows = Record.objects.filter(source_profile__kind="episode").values_list("source_profile", "occurred_at")
    used = {(id, "alice" if at == hours[0] else "bob") for id, at in rows}
    homes = profile_of([id for id, _ in used])
    people = {
        look_up("account_id", f"{name}-{number}", now=now): (name, number)
        for name in ("alice", "bob")
        for number in range(len(orders))
    }
    assert len(people) == 2 * len(orders)
    mixed = {id for id, who in used if who == "alice"} & {id for id, who in used if who == "bob"}
    assert {people[homes[id]][0] == who for id, who in used if id not in mixed} == {True}
    assert not {homes[id] for id in mixed} & people.keys()
    assert len(mixed) == 12  # both uses came before whatever parts them


# As in a new installation: neither how large the tables are nor what is in them has been counted.
NOTHING_KNOWN = """
WITH forgotten AS (
    UPDATE pg_class SET reltuples = -1, relpages = 0
    WHERE relname IN ('identity_match', 'identity_assignment', 'identity_deviceepisode', 'records_sourceprofile')
    RETURNING oid
)
DELETE FROM pg_statistic WHERE starelid IN (SELECT oid FROM forgotten)
"""


def test_who_was_disowned_is_looked_up_from_the_batch_though_planned_while_nothing_was_known() -> None:
    statement = devices.DISOWNED.replace("%(ids)b", "$1").replace("%(reason)b", "$2")
    with connection.cursor() as cursor:
        cursor.execute(NOTHING_KNOWN)
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {statement}")
        plan = [line.strip() for (line,) in cursor.fetchall()]
    by_index = [line.split("(")[1].split(" ")[0] for line in plan if line.startswith("Index Cond")]
    assert sorted(by_index) == ["left_id", "right_id", *["source_profile_id"] * 3]
    assert [line for line in plan if "Seq Scan" in line or "state" in line.split(":")[0]] == []
