"""Devices: what A did stays A's, what B does on A's device is B's."""

from datetime import datetime, timedelta

import pytest

from identity.models import DeviceEpisode
from identity.profiles import look_up, profile_of
from records.models import Record, SourceProfile
from tests.senders import process, send_messages

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

CONSENT = {"consent": {"categoryPreferences": {"analytics": True}}}


def seen(at: datetime, message_id: str, *, user: str | None = None) -> dict:
    message = {
        "type": "track",
        "event": "Product Viewed",
        "messageId": message_id,
        "anonymousId": "tablet",
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
