"""Changes are written in the transaction that makes them true, in the order of commits."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Event

import pytest
from django.db import connection, transaction

from outbox.changes import PROFILE_CREATED, SEGMENT_ENTERED, News, append
from outbox.models import Change
from vault.ids import new_id

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_news_is_kept_in_order() -> None:
    alice, bob = new_id(), new_id()
    news = [News(alice, PROFILE_CREATED), News(bob, SEGMENT_ENTERED, {"segment": "buyers", "score": 0.5})]
    assert append(iter(news), now=NOW) == 2
    assert list(Change.objects.order_by("id").values_list("profile_id", "kind", "detail", "happened_at")) == [
        (alice, "profile.created", {}, NOW),
        (bob, "segment.entered", {"segment": "buyers", "score": 0.5}, NOW),
    ]


@pytest.mark.django_db
def test_no_news_is_nothing() -> None:
    assert append([], now=NOW) == 0
    assert Change.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_news_of_what_did_not_happen_is_not_told() -> None:
    with transaction.atomic():
        append([News(new_id(), PROFILE_CREATED)], now=NOW)
        transaction.set_rollback(True)
    assert Change.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_who_appends_later_commits_later_and_has_the_higher_id() -> None:
    slow, fast = new_id(), new_id()
    appended = Event()

    def hasty() -> None:
        try:
            assert appended.wait(10)
            append([News(fast, PROFILE_CREATED)], now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread:
        with transaction.atomic():
            append([News(slow, PROFILE_CREATED)], now=NOW)
            appended.set()
            trying = thread.submit(hasty)
            with pytest.raises(TimeoutError):
                trying.result(timeout=0.5)
        trying.result(timeout=10)
    assert list(Change.objects.order_by("id").values_list("profile_id", flat=True)) == [slow, fast]


@pytest.mark.django_db(transaction=True)
def test_who_has_no_news_waits_for_nobody() -> None:
    def silent() -> int:
        try:
            return append([], now=NOW)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as thread, transaction.atomic():
        append([News(new_id(), PROFILE_CREATED)], now=NOW)
        assert thread.submit(silent).result(timeout=5) == 0
