"""Those who resolve look around side by side, enter what they found in turns, and miss nobody."""

from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection, connections, transaction

from identity import beside, ledger, turns
from identity.candidates import Pair
from identity.models import Match, Turn
from identity.profiles import profile_of
from identity.scene import Scene
from pipeline import process, queue
from records.models import Source, SourceProfile
from tests.senders import send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)

AT = {"updated_at": "2026-11-01T10:00:00Z"}
ANN = {"given_name": "Ann", "family_name": "Berg", "birth_date": "1980-03-04", "email": "ann@berg.example"} | AT
BOB = {"given_name": "Bob", "family_name": "Thal", "birth_date": "1971-12-24", "email": "bob@thal.example"} | AT
# What can be found only by comparing: an address beside the name.
HOME = {"street": "Am Hang 4", "postcode": "10115", "city": "Berlin"}
LIKE_ANN = {"given_name": "Anne", "family_name": "Berg", "birth_date": "1980-03-04"} | HOME | AT


@pytest.fixture(autouse=True)
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with one record in a batch."""
    monkeypatch.setattr(process, "MICRO_BATCH", 0)


def elsewhere(act: Callable[[], object]) -> object:
    """What another worker gets who does this meanwhile."""

    def done() -> object:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(done).result(timeout=30)


def crossing(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object], now: datetime, *, limit: int = 1) -> int:
    """Resolve the oldest work; another worker does something else between the look and the turn."""
    take, done = turns.take, []

    def taking() -> None:
        if not done:
            done.append(True)
            elsewhere(meanwhile)
        take()

    with monkeypatch.context() as patch:
        patch.setattr(turns, "take", taking)
        return process.resolve_batch(now=now, limit=limit)


def rows(crm: Source, *told: dict[str, str], now: datetime) -> list[UUID]:
    send_rows(crm, *({"customer_number": f"C{number}"} | row for number, row in enumerate(told)), now=now)
    return list(SourceProfile.objects.order_by("id").values_list("id", flat=True))


def homes(ids: list[UUID]) -> int:
    return len(set(profile_of(ids).values()))


def test_two_of_one_person_at_once_are_one(crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither knows of the other when they look: their tokens tell it."""
    both = rows(crm, ANN, ANN, now=now)
    crossing(monkeypatch, lambda: process.resolve_batch(now=now, limit=1), now)
    assert (queue.waiting(), homes(both), len(profile_of(both))) == (0, 1, 2)


def test_of_two_who_are_alike_neither_is_missed(crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    both = rows(crm, ANN | HOME, LIKE_ANN | {"birth_date": "1980-03-14"}, now=now)
    crossing(monkeypatch, lambda: process.resolve_batch(now=now, limit=1), now)
    assert len(profile_of(both)) == 2
    assert homes(both) == 1 or Match.objects.filter(state="in_review").exists()


def test_who_has_nothing_to_do_with_others_does_not_wait(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = rows(crm, ANN, BOB, now=now)
    crossing(monkeypatch, lambda: process.resolve_batch(now=now, limit=1), now)
    assert (queue.waiting(), homes(both)) == (0, 2)


def test_the_rest_of_a_batch_goes_on(crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five who look at once one has been overtaken; the other four are entered."""
    told = [("Eva", "Aue", "1950-01-09"), ("Max", "Bach", "1962-05-17"), ("Pia", "Dorn", "1974-08-23")]
    told.append(("Tom", "Esch", "1986-11-30"))
    others = [{"given_name": given, "family_name": family, "birth_date": born} | AT for given, family, born in told]
    send_rows(crm, *({"customer_number": f"D{place}"} | row for place, row in enumerate([*others, ANN])), now=now)
    waiting = queue.waiting()
    send_rows(crm, {"customer_number": "E"} | ANN, now=now)
    take = turns.take

    def taking() -> None:
        monkeypatch.setattr(turns, "take", take)
        elsewhere(lambda: process.resolve_batch(now=now, limit=1))
        take()

    monkeypatch.setattr(turns, "take", taking)
    assert process.resolve_batch(now=now, limit=5) == waiting == 5
    assert queue.waiting() == 1
    process.resolve_batch(now=now, limit=5)
    everybody = list(SourceProfile.objects.values_list("id", flat=True))
    assert (len(profile_of(everybody)), homes(everybody)) == (6, 5)


def test_strangers_who_share_a_token_do_not_wait(crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """One family name, city and year of birth are worth a look, and no more: of the five all are entered."""
    told = [("Eva", "Aue", "1950-01-09"), ("Max", "Bach", "1962-05-17"), ("Pia", "Dorn", "1974-08-23")]
    told.append(("Tom", "Esch", "1986-11-30"))
    others = [{"given_name": given, "family_name": family, "birth_date": born} | AT for given, family, born in told]
    paul = {"given_name": "Paul", "family_name": "Berg", "birth_date": "1980-11-27", "city": "Berlin"} | AT
    send_rows(crm, *({"customer_number": f"D{place}"} | row for place, row in enumerate([*others, paul])), now=now)
    send_rows(crm, {"customer_number": "E"} | ANN | HOME, now=now)
    met = []
    asked = beside._to_be_joined

    def told_of(scene: Scene, pairs: Collection[Pair], *rest: Any) -> set[int]:
        met.extend(pairs)
        # Of a visitor, whom any evidence may tie to somebody, it would not be known.
        assert len(asked(replace(scene, trusted=set()), pairs, *rest)) == 1
        return asked(scene, pairs, *rest)

    monkeypatch.setattr(beside, "_to_be_joined", told_of)
    crossing(monkeypatch, lambda: process.resolve_batch(now=now, limit=1), now, limit=5)
    assert len(met) == 1
    everybody = list(SourceProfile.objects.values_list("id", flat=True))
    assert (queue.waiting(), len(profile_of(everybody)), homes(everybody)) == (0, 6, 6)


def test_whoever_was_overtaken_too_often_looks_again(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What happened meanwhile is not known any more: nothing is left out, and nobody has to go again."""
    monkeypatch.setattr(turns, "REMEMBERED", 1)
    all_four = rows(crm, ANN, BOB, BOB | {"email": "b@thal.example"}, ANN, now=now)

    def meanwhile() -> None:
        for _ in range(3):
            process.resolve_batch(now=now, limit=1)

    crossing(monkeypatch, meanwhile, now)
    assert (queue.waiting(), homes(all_four), len(profile_of(all_four))) == (0, 2, 4)


def test_whoever_changes_who_is_who_alone_waits_for_those_who_look(now: datetime) -> None:
    def act() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '200ms'")
            ledger.lock()

    with transaction.atomic():
        ledger.join_resolvers()
        with pytest.raises(OperationalError):
            elsewhere(act)
    elsewhere(act)


def test_it_leaves_no_turn_behind(crm: Source, now: datetime) -> None:
    rows(crm, ANN, now=now)
    process.resolve_batch(now=now, limit=1)
    assert Turn.objects.exists()
    with transaction.atomic():
        ledger.lock()
    assert not Turn.objects.exists()


def test_the_planner_samples_nobody_of_a_turn(crm: Source, now: datetime) -> None:
    """What it samples would outlive an erasure."""
    rows(crm, ANN, now=now)
    process.resolve_batch(now=now, limit=1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE identity_turn")
        cursor.execute("SELECT attname FROM pg_stats WHERE tablename = 'identity_turn'")
        assert cursor.fetchall() == [("number",)]
