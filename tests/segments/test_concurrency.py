"""Two at once: what one does waits for the other, and nothing is counted or entered twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, transaction

from consent.models import CONSENT, Purpose
from identity.models import Profile
from records.models import SourceProfile
from segments import catalog
from segments.activity import roll_up
from segments.models import DailyActivity, Membership, ProfileFeatures
from segments.refresh import refresh
from tests.segments.factories import NOW, assign, did, known_to, make_source, person, sent

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "keystore"])

AT_ONCE = 4


@pytest.fixture(autouse=True)
def purposes() -> None:
    """The purposes: tests that commit are followed by a flush, which takes the seeded ones."""
    for slug, channels in (("analytics", []), ("marketing", ["email"])):
        defaults = {"name": slug, "description": slug, "legal_basis": CONSENT, "channels": channels}
        Purpose.objects.get_or_create(slug=slug, defaults=defaults)


def all_at_once(act: Callable[[int], Any]) -> list[Any]:
    """The answers of several threads that start together."""
    start = Barrier(AT_ONCE)

    def run(number: int) -> Any:
        try:
            start.wait()
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(run, range(AT_ONCE)))


def test_everyone_enters_once_whoever_refreshes() -> None:
    catalog.create(
        "buyers",
        name="Buyers",
        purpose="analytics",
        definition={"rule": {"feature": "orders_90d", "op": ">=", "value": 1}},
    )
    everyone = [person() for _ in range(20)]
    for _, source_profile in everyone:
        did(source_profile, "purchase", ago=1)
    ids = [profile for profile, _ in everyone]
    news = all_at_once(lambda number: refresh(ids[::-1] if number % 2 else ids, now=NOW))
    assert sorted(map(len, news)) == [0, 0, 0, 20]
    assert Membership.objects.filter(left_at=None).count() == 20
    assert ProfileFeatures.objects.count() == 20


def test_days_are_counted_once_whoever_rolls_up() -> None:
    everyone = [person(agrees_to=())[1] for _ in range(10)]
    for source_profile in everyone:
        sent(source_profile, "page", at=NOW)
    work = [(source_profile, None) for source_profile in everyone]
    all_at_once(lambda number: roll_up(work[::-1] if number % 2 else work))
    assert list(DailyActivity.objects.values_list("count", flat=True)) == [1] * 10


def impatiently(act: str, *, profile: UUID, source_profile: UUID, patience: str) -> None:
    """Refresh or roll up in a thread of its own, and give up where a lock takes longer than that."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{patience}'")
        if act == "refresh":
            refresh([profile], now=NOW)
        else:
            roll_up([(source_profile, None)])
    finally:
        connection.close()


@pytest.mark.parametrize("act", ["refresh", "roll_up"])
def test_each_waits_for_who_holds_the_row(act: str) -> None:
    alice, alices = person()
    with ThreadPoolExecutor(1) as thread, transaction.atomic():
        Profile.objects.select_for_update(no_key=True).get(id=alice)
        SourceProfile.objects.select_for_update(no_key=True).get(id=alices)
        trying = thread.submit(impatiently, act, profile=alice, source_profile=alices, patience="100ms")
        with pytest.raises(OperationalError, match="lock timeout"):
            trying.result()


@pytest.mark.parametrize("act", ["refresh", "roll_up"])
def test_neither_waits_for_who_adds_to_the_row(act: str) -> None:
    alice, alices = person()
    with ThreadPoolExecutor(1) as thread, transaction.atomic():
        sent(alices, "page", at=NOW)
        did(alices, "page", ago=5)
        assign(known_to(make_source("till")), alice)
        thread.submit(impatiently, act, profile=alice, source_profile=alices, patience="2s").result()
