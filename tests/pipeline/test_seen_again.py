"""When somebody was last seen, and what was said of them last: right whenever they are processed."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections

from pipeline import process
from pipeline.process import process_batch
from privacy import retention
from records.models import Identifier, Source, SourceProfile
from records.retention import set_rule
from tests.pipeline.cast import NOW, ordered, send

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def living_in(country: str) -> dict[str, Any]:
    return {"context": {"traits": {"address": {"country": country}}}}


@pytest.mark.parametrize("processed_between", [False, True])
def test_the_latest_word_of_where_somebody_lives_counts(shop: Source, processed_between: bool) -> None:
    send(shop, ordered("alice", 1, days_ago=9, **living_in("GB")))
    process_batch(now=NOW)
    send(shop, ordered("alice", 2, days_ago=1))
    if processed_between:
        process_batch(now=NOW)
    send(shop, ordered("alice", 3, days_ago=5, **living_in("FR")))
    send(shop, ordered("alice", 4, days_ago=7, **living_in("DE")))
    process_batch(now=NOW)
    alice = SourceProfile.objects.get()
    assert (alice.country, alice.generalized_at) == ("FR", NOW - timedelta(days=5))


def test_who_waits_for_being_processed_is_not_taken_for_aged(shop: Source) -> None:
    set_rule(source=shop, field="account_id", days=30)
    old = NOW - timedelta(days=40)
    send(shop, ordered("alice", 1, days_ago=40), now=old)
    send(shop, ordered("bob", 1, days_ago=40), now=old)
    process_batch(now=old)
    send(shop, ordered("alice", 2), now=NOW)
    retention.carry_out(now=NOW)
    kept = Identifier.objects.filter(namespace="account_id").values_list("last_seen_at", flat=True)
    assert list(kept) == [SourceProfile.objects.latest("last_seen_at").last_seen_at]


@pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
def test_intake_does_not_wait_for_processing(shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    send(shop, ordered("alice", 1, days_ago=3, **living_in("GB")))
    process_batch(now=NOW)
    send(shop, ordered("alice", 2, days_ago=2))
    begun, may_end, real = threading.Event(), threading.Event(), process.__dict__["resolve"]

    def slowly(*args: Any, **more: Any) -> Any:
        begun.set()
        assert may_end.wait(60)
        return real(*args, **more)

    monkeypatch.setattr(process, "resolve", slowly)
    done: list[int] = []

    def work() -> None:
        done.append(process_batch(now=NOW))
        connections.close_all()

    worker = threading.Thread(target=work)
    worker.start()
    assert begun.wait(60)

    def take_in() -> None:
        send(shop, ordered("alice", 3, **living_in("FR")))
        connections.close_all()

    intake = threading.Thread(target=take_in)
    intake.start()
    intake.join(30)
    waited = intake.is_alive()
    may_end.set()
    worker.join(60)
    intake.join(60)
    assert (waited, done) == (False, [1])
    assert SourceProfile.objects.get().country == "FR"
