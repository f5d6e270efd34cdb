"""Alarms are told once when they begin and once when they end: by mail over real SMTP, and by signed webhook."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from standardwebhooks import Webhook

from outbox import alarm_listeners, alarm_notices
from outbox.models import FAILED, SENT, WAITING, AlarmListener, AlarmNotice
from pipeline import alarm_news, tasks
from records import alarms, intakes, sources
from records.models import QualityAlarm, Source
from tests.mail_server import MailServer, serving_mail
from tests.receiver import Receiver, receiving

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
NOW = datetime(2026, 11, 27, 12, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAGE = "http://127.0.0.1:8000/admin/records/source/{}/change/"


@pytest.fixture
def shop(db: None) -> Source:
    return sources.add("shop", kind="online")[0]


@pytest.fixture
def mails(settings: Any) -> Iterator[MailServer]:
    with serving_mail(settings) as server:
        yield server


@pytest.fixture
def hooks() -> Iterator[Receiver]:
    with receiving() as receiver:
        receiver.answer = lambda got: (200, b"")
        yield receiver


def fall_silent(source: Source) -> None:
    """Something came in this hour of each week before, and nothing now."""
    for week in range(1, 5):
        came(source, NOW - HOUR - timedelta(weeks=week))
    came(source, NOW - timedelta(weeks=6))
    alarm_news.watch(alarms.watch_volume, now=NOW)


def came(source: Source, at: datetime) -> None:
    intakes.note(source, door="http", acknowledged=20, stored=20, duplicate=0, quarantined=0, refused=0, now=at)


def sound_again(source: Source) -> None:
    came(source, NOW - timedelta(minutes=30))
    alarm_news.watch(alarms.watch_volume, now=NOW + timedelta(minutes=10))


def states() -> list[tuple[str, str, int]]:
    return list(AlarmNotice.objects.order_by("id").values_list("kind", "state", "attempts"))


def test_one_mail_when_it_begins_and_one_when_it_ends(shop: Source, mails: MailServer) -> None:
    alarm_listeners.add("team", email="team@onym.example", now=NOW)
    fall_silent(shop)
    alarm = QualityAlarm.objects.get()
    for _ in range(2):
        alarm_notices.send_due(now=NOW)
        alarm_news.watch(alarms.watch_volume, now=NOW + timedelta(minutes=10))
    (mail,) = mails.got
    assert (mails.to, mail["Subject"], mail["Auto-Submitted"]) == (
        [["team@onym.example"]],
        "Alarm: shop: Silent",
        "auto-generated",
    )
    assert mail.get_content().splitlines()[:4] == [
        "shop: Silent",
        "Began Nov 27, 2026 12:05 UTC.",
        alarm.cause,
        PAGE.format(shop.pk),
    ]
    came(shop, NOW - timedelta(minutes=30))
    alarm_news.watch(alarms.watch_volume, now=NOW + timedelta(minutes=20))
    assert alarm_notices.send_due(now=NOW + timedelta(minutes=20)) == 1
    assert mails.got[1]["Subject"] == "Over: shop: Silent"
    assert mails.got[1].get_content().splitlines()[1] == (
        "Over since Nov 27, 2026 12:25 UTC; it had begun Nov 27, 2026 12:05 UTC. What it was about:"
    )
    assert states() == [("alarm.began", SENT, 1), ("alarm.ended", SENT, 1)]


def test_a_webhook_gets_both_signed_and_in_order(shop: Source, hooks: Receiver) -> None:
    _, secret = alarm_listeners.add("chat", url=hooks.url, source_id=shop.pk, now=NOW)
    fall_silent(shop)
    sound_again(shop)
    alarm_notices.send_due(now=datetime.now(UTC))
    assert hooks.kinds() == ["alarm.began", "alarm.ended"]
    assert len({got.headers["webhook-id"] for got in hooks.got}) == 2
    for got in hooks.got:
        Webhook(secret).verify(got.body, got.headers)
    alarm = QualityAlarm.objects.get()
    assert hooks.got[0].json["data"] == {
        "alarm": str(alarm.pk),
        "source": "shop",
        "kind": "silent",
        "field": "",
        "title": "Silent",
        "cause": alarm.cause,
        "began_at": "2026-11-27T12:05:00+00:00",
        "ended_at": None,
        "page": PAGE.format(shop.pk),
    }
    assert hooks.got[1].json["data"]["ended_at"] == "2026-11-27T12:15:00+00:00"


def test_what_is_rolled_back_is_told_to_nobody(shop: Source, mails: MailServer) -> None:
    alarm_listeners.add("team", email="team@onym.example", now=NOW)
    with transaction.atomic():
        fall_silent(shop)
        assert AlarmNotice.objects.count() == 1
        transaction.set_rollback(True)
    alarm_notices.send_due(now=NOW)
    assert (QualityAlarm.objects.count(), AlarmNotice.objects.count(), mails.got) == (0, 0, [])


def test_no_alarm_begins_whose_notice_cannot_be_written(shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(alarm_news, "queue", fail)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        fall_silent(shop)
    assert not QualityAlarm.objects.exists()


def test_a_mail_that_is_not_taken_is_tried_again_and_then_given_up(shop: Source, mails: MailServer) -> None:
    alarm_listeners.add("team", email="team@onym.example", now=NOW)
    fall_silent(shop)
    mails.answer = lambda: "451 try later"
    at = NOW
    assert (alarm_notices.send_due(now=at), alarm_notices.send_due(now=at)) == (1, 0)
    (notice,) = AlarmNotice.objects.all()
    assert (notice.state, notice.problem, notice.attempts) == (WAITING, "mail: SMTPDataError", 1)
    mails.answer = lambda: "250 taken"
    at += timedelta(seconds=10)
    assert (alarm_notices.send_due(now=at), len(mails.got)) == (1, 1)
    assert states() == [("alarm.began", SENT, 2)]
    mails.answer = lambda: "550 nobody here"
    sound_again(shop)
    for _ in range(20):
        at += timedelta(hours=7)
        alarm_notices.send_due(now=at)
    assert states()[1] == ("alarm.ended", FAILED, 16)
    ended = AlarmNotice.objects.get(kind="alarm.ended")
    mails.answer = lambda: "250 taken"
    assert alarm_notices.send_again(ended.pk, now=at)
    alarm_notices.send_due(now=at)
    assert [one["Subject"] for one in mails.got] == ["Alarm: shop: Silent", "Over: shop: Silent"]
    assert not alarm_notices.send_again(ended.pk, now=at)


def test_a_server_that_is_away_costs_nothing(shop: Source, settings: Any) -> None:
    with serving_mail(settings):
        pass
    alarm_listeners.add("team", email="team@onym.example", now=NOW)
    fall_silent(shop)
    alarm_notices.send_due(now=NOW)
    assert AlarmNotice.objects.get().problem == "mail: ConnectionRefusedError"


def test_a_webhook_that_fails_holds_back_what_comes_after(shop: Source, hooks: Receiver) -> None:
    alarm_listeners.add("chat", url=hooks.url, now=NOW)
    fall_silent(shop)
    sound_again(shop)
    hooks.answer = lambda got: (500, b"")
    at = NOW + timedelta(minutes=10)
    assert alarm_notices.send_due(now=at) == 1
    assert states() == [("alarm.began", WAITING, 1), ("alarm.ended", WAITING, 0)]
    assert AlarmNotice.objects.order_by("id")[0].problem == "answered 500"
    hooks.answer = lambda got: (204, b"")
    assert alarm_notices.send_due(now=at + timedelta(seconds=10)) == 2
    assert hooks.kinds() == ["alarm.began", "alarm.began", "alarm.ended"]
    first, second, _ = (got.headers["webhook-id"] for got in hooks.got)
    assert first == second


def test_several_come_in_one_mail(shop: Source, mails: MailServer) -> None:
    alarm_listeners.add("team", email="team@onym.example", now=NOW)
    other = sources.add("till", kind="offline")[0]
    came(other, NOW - timedelta(weeks=6))
    for week in range(1, 5):
        came(other, NOW - HOUR - timedelta(weeks=week))
    fall_silent(shop)
    sound_again(shop)
    assert alarm_notices.send_due(now=NOW + HOUR) == 3
    (mail,) = mails.got
    assert mail["Subject"] == "Alarms: 2 began, 1 ended"
    assert mail.get_content().count("/change/") == 3


def test_only_those_are_told_who_asked(shop: Source, mails: MailServer) -> None:
    other = sources.add("till", kind="offline")[0]
    alarm_listeners.add("all", email="all@onym.example", now=NOW)
    alarm_listeners.add("till", email="till@onym.example", source_id=other.pk, now=NOW)
    away, _ = alarm_listeners.add("away", email="away@onym.example", now=NOW)
    alarm_listeners.change(away, enabled=False)
    fall_silent(shop)
    assert [notice.listener.name for notice in AlarmNotice.objects.all()] == ["all"]
    alarm_listeners.change(AlarmListener.objects.get(name="all"), enabled=False)
    assert alarm_notices.send_due(now=NOW) == 0


def test_whoever_dies_before_noting_it_sends_again_under_the_same_id(
    shop: Source, mails: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    alarm_listeners.add("team", email="team@onym.example", now=NOW)
    fall_silent(shop)
    with monkeypatch.context() as patch:
        patch.setattr(alarm_notices, "_note", lambda *args: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            alarm_notices.send_due(now=NOW)
    alarm_notices.send_due(now=NOW)
    first, second = mails.got
    assert first["Message-ID"] == second["Message-ID"]
    assert states() == [("alarm.began", SENT, 2)]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "email"),
        ({"email": "team@onym.example", "url": "http://127.0.0.1:9/"}, "email"),
        ({"email": "nobody"}, "email"),
        ({"url": "http://chat.example/"}, "url"),
    ],
)
def test_a_listener_needs_one_address(db: None, given: dict[str, str], field: str) -> None:
    with pytest.raises(ValidationError) as error:
        alarm_listeners.add("team", **given, now=NOW)
    assert list(error.value.message_dict) == [field]
    assert not AlarmListener.objects.exists()


def test_a_secret_is_exchanged_and_goes_with_its_listener(shop: Source, hooks: Receiver) -> None:
    listener, old = alarm_listeners.add("chat", url=hooks.url, now=NOW)
    new = alarm_listeners.exchange_secret(listener, now=datetime.now(UTC))
    fall_silent(shop)
    alarm_notices.send_due(now=datetime.now(UTC))
    for secret in (old, new):
        Webhook(secret).verify(hooks.got[0].body, hooks.got[0].headers)
    alarm_listeners.remove(AlarmListener.objects.get())
    assert not AlarmNotice.objects.exists()
    assert alarm_listeners.secrets_of(listener, now=NOW) == []


def test_the_tasks_do_it(shop: Source, mails: MailServer) -> None:
    alarm_listeners.add("team", email="team@onym.example", now=NOW)
    past = datetime.now(UTC).replace(minute=30) - HOUR
    for week in range(1, 5):
        came(shop, past - timedelta(weeks=week))
    came(shop, past - timedelta(weeks=6))
    tasks.watch_volume()
    tasks.watch_fields()
    tasks.tell_of_alarms()
    assert [mail["Subject"] for mail in mails.got] == ["Alarm: shop: Silent"]
