"""Changes reach a recipient in order, signed, repeated until they arrive, and never against consent."""

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection

from consent.acts import NewAct, record
from consent.models import GRANTED, WITHDRAWN
from identity.profiles import look_up, source_profiles
from outbox import recipients, sending
from outbox.changes import PROFILE_CREATED, PROFILE_MERGED, SEGMENT_ENTERED, SEGMENT_LEFT, News, append
from outbox.deliveries import send_again
from outbox.models import Delivery
from pipeline.hand_over import hand_over
from records.models import Source
from segments.models import Segment
from tests.pipeline.cast import NOW
from tests.receiver import Receiver, receiving
from tests.senders import process, send_rows
from vault.ids import new_id
from vault.pseudonyms import pseudonym

# In seconds, how long a thread waits for the other: longer than a busy machine needs.
PATIENCE = 120
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def mailer(db: None) -> Iterator[Receiver]:
    with receiving() as receiver:
        recipients.add("mailer", purposes=["marketing"], url=receiver.url, now=NOW)
        yield receiver


@pytest.fixture
def alice(crm: Source, mailer: Receiver) -> UUID:
    row = {"customer_number": "C-1", "email": "alice@example.com", "updated_at": NOW.isoformat()}
    send_rows(crm, row, now=NOW)
    process(NOW)
    found = look_up("email", "alice@example.com", now=NOW)
    assert found
    Segment.objects.create(slug="fans", name="Fans", purpose_id="marketing", definition={})
    Segment.objects.create(slug="regulars", name="Regulars", purpose_id="analytics", definition={})
    return found


def say(profile: UUID, state: str) -> None:
    record([NewAct(id, "marketing", "", state, NOW, "test", verified=True) for id in source_profiles(profile)], now=NOW)


def states() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("change_id").values_list("kind", "state"))


def test_only_news_of_its_purpose_and_nothing_but_pseudonyms(alice: UUID, mailer: Receiver) -> None:
    say(alice, GRANTED)
    other = new_id()
    append(
        [
            News(alice, SEGMENT_ENTERED, {"segment": "fans", "score": 0.5}),
            News(alice, SEGMENT_ENTERED, {"segment": "regulars"}),
            News(alice, PROFILE_MERGED, {"from": str(other)}),
        ],
        now=NOW,
    )
    assert hand_over(now=NOW) == 3
    known_as, other_as = (pseudonym(id, recipient="mailer", purpose="marketing") for id in (alice, other))
    assert [got.json["data"] for got in mailer.got] == [
        {"person": known_as, "purpose": "marketing"},
        {"person": known_as, "purpose": "marketing", "segment": "fans"},
        {"person": known_as, "purpose": "marketing", "from": other_as},
    ]
    assert str(alice) not in json.dumps([got.json for got in mailer.got])
    assert hand_over(now=NOW) == 0


def test_consent_is_asked_when_it_is_sent(alice: UUID, mailer: Receiver) -> None:
    say(alice, GRANTED)
    mailer.answer = lambda got: (500, b"")
    hand_over(now=NOW)
    say(alice, WITHDRAWN)
    hand_over(now=NOW + timedelta(minutes=1))
    assert len(mailer.got) == 1
    assert states() == [("profile.created", "refused")]
    assert Delivery.objects.get().problem == "withdrawn or refused"


def test_that_somebody_left_is_told_though_consent_was_withdrawn(alice: UUID, mailer: Receiver) -> None:
    say(alice, GRANTED)
    hand_over(now=NOW)
    say(alice, WITHDRAWN)
    append([News(alice, SEGMENT_LEFT, {"segment": "fans"}), News(alice, PROFILE_CREATED)], now=NOW)
    hand_over(now=NOW)
    assert mailer.kinds() == ["profile.created", "segment.left"]


def test_one_that_fails_holds_back_those_after_it(alice: UUID, mailer: Receiver) -> None:
    say(alice, GRANTED)
    append([News(alice, SEGMENT_ENTERED, {"segment": "fans"})], now=NOW)
    mailer.answer = lambda got: (503, b"")
    assert hand_over(now=NOW) == 1
    mailer.answer = lambda got: (204, b"")
    assert hand_over(now=NOW + timedelta(seconds=4)) == 0
    assert hand_over(now=NOW + timedelta(seconds=6)) == 2
    assert mailer.kinds() == ["profile.created", "profile.created", "segment.entered"]
    assert states() == [("profile.created", "acknowledged"), ("segment.entered", "acknowledged")]


def test_a_change_is_given_up_and_may_be_sent_again(alice: UUID, mailer: Receiver) -> None:
    say(alice, GRANTED)
    mailer.answer = lambda got: (400, b"")
    at = NOW
    for _ in range(sending.MOST_ATTEMPTS):
        hand_over(now=at)
        at += timedelta(hours=7)
    assert states() == [("profile.created", "failed")]
    assert len(mailer.got) == sending.MOST_ATTEMPTS
    mailer.answer = lambda got: (200, b"")
    assert send_again(Delivery.objects.get().pk, now=at)
    hand_over(now=at)
    assert states() == [("profile.created", "acknowledged")]


def test_a_redirect_is_not_followed(alice: UUID, mailer: Receiver) -> None:
    say(alice, GRANTED)
    mailer.answer = lambda got: (307, mailer.url.encode())
    hand_over(now=NOW)
    assert len(mailer.got) == 1
    assert Delivery.objects.get().problem == "answered 307"


def test_nobody_there_is_tried_again_later(alice: UUID, mailer: Receiver) -> None:
    say(alice, GRANTED)
    recipients.change(recipients.find("mailer"), url="http://127.0.0.1:9/hook")
    hand_over(now=NOW)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.problem, delivery.answer_code) == ("waiting", "could not be reached", None)


def test_two_at_once_do_not_send_twice(alice: UUID, mailer: Receiver) -> None:
    lock = recipients.find("mailer").pk.int >> 65
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [lock])
            taken.set()
            done.wait(PATIENCE)
            # The server lets go of what a closed connection held only once it has noticed, which may be later.
            cursor.execute("SELECT pg_advisory_unlock(%s)", [lock])
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(PATIENCE)
    try:
        say(alice, GRANTED)
        assert hand_over(now=NOW) == 0
    finally:
        done.set()
        holder.join()
    assert hand_over(now=NOW) == 1


def test_pauses_grow_up_to_six_hours() -> None:
    pauses = [sending.pause_after(attempts).total_seconds() for attempts in (1, 2, 5, 12, 13, 40)]
    for pause, least in zip(pauses, (5, 10, 80, 10_240, 20_480, 21_600), strict=True):
        assert least <= pause <= least * 1.1
