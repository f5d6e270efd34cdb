"""Looks that cross: what somebody has seen is not kept of those whom others have changed since."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, connection

from consent.acts import NewAct, record
from consent.restrictions import RESTRICTION, restrict
from identity import blocking_values, crowds, limits, rules, turns
from identity.models import LINKING, Assignment, BlockingToken, MatchingView
from identity.profiles import profile_of, source_profiles_of
from identity.rules import Thresholds
from pipeline import process, queue
from records import sources
from records.models import Identifier, Source, SourceProfile
from tests.identity.test_matching_views import opened
from tests.identity.test_turns import ANN, AT, BOB, HOME, LIKE_ANN, crossing, elsewhere
from tests.senders import process as process_all
from tests.senders import send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"], transaction=True)

TOLD = [("Eva", "Aue", "1950-01-09"), ("Max", "Bach", "1962-05-17"), ("Pia", "Dorn", "1974-08-23")]
TOLD.append(("Tom", "Esch", "1986-11-30"))
OTHERS = [{"given_name": given, "family_name": family, "birth_date": born} | AT for given, family, born in TOLD]


@pytest.fixture(autouse=True)
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "MICRO_BATCH", 0)


def newest() -> UUID:
    return SourceProfile.objects.latest("created_at", "id").id


def crossed(monkeypatch: pytest.MonkeyPatch, meanwhile: Callable[[], object], now: datetime, limit: int = 5) -> None:
    """A batch of five looks; then somebody else does this, and then it is the batch's turn."""
    crossing(monkeypatch, meanwhile, now, limit=limit)


def known(crm: Source, now: datetime, row: dict[str, str] = ANN | HOME) -> UUID:
    send_rows(crm, {"customer_number": "Z"} | row, now=now)
    process_all(now)
    return SourceProfile.objects.get().id


def five(crm: Source, row: dict[str, str], now: datetime) -> None:
    rows = [{"customer_number": f"D{place}"} | one for place, one in enumerate([*OTHERS, row])]
    send_rows(crm, *rows, now=now)


def worked_on(id: UUID, now: datetime) -> None:
    """Another worker takes what waits behind the batch."""
    assert process.resolve_batch(now=now, limit=1) == 1


def test_news_of_somebody_met_is_not_overwritten_by_what_was_seen_before(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = known(crm, now)
    MatchingView.objects.all().delete()  # somebody of before there were any
    five(crm, LIKE_ANN, now)
    news = ANN | HOME | {"customer_number": "Z", "family_name": "Thal", "updated_at": "2026-11-05T10:00:00Z"}

    def meanwhile() -> None:
        send_rows(crm, news, now=now)
        worked_on(ann, now)
        assert opened(ann, now).family_name == "Thal"

    crossed(monkeypatch, meanwhile, now)
    process_all(now)
    assert queue.waiting() == 0
    assert opened(ann, now).family_name == "Thal"


def test_whoever_objects_meanwhile_has_no_view(crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = known(crm, now)
    MatchingView.objects.all().delete()
    five(crm, LIKE_ANN, now)

    def meanwhile() -> None:
        record([NewAct(ann, LINKING, "", "withdrawn", now, "phone", True, "clerk-3")], now=now)
        queue.enqueue([ann], now=now)
        worked_on(ann, now)
        assert not MatchingView.objects.filter(source_profile=ann).exists()

    crossed(monkeypatch, meanwhile, now)
    process_all(now)
    assert queue.waiting() == 0
    assert not MatchingView.objects.filter(source_profile=ann).exists()


def test_a_value_blocked_meanwhile_is_in_no_view(crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    ann = known(crm, now, ANN | HOME | {"phone": "+4930123456"})
    MatchingView.objects.all().delete()
    five(crm, LIKE_ANN, now)

    def meanwhile() -> None:
        queue.enqueue(blocking_values.set_blocked("phone", "+4930123456", is_blocked=True, by="u", now=now), now=now)
        worked_on(ann, now)
        assert opened(ann, now).phone is None

    crossed(monkeypatch, meanwhile, now)
    process_all(now)
    assert queue.waiting() == 0
    assert opened(ann, now).phone is None


def test_whoever_agrees_again_meanwhile_keeps_tokens(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = known(crm, now)
    before = now - timedelta(hours=2)
    record([NewAct(ann, LINKING, "", "withdrawn", before, "phone", True, "clerk-3")], now=before)
    queue.enqueue([ann], now=now)
    process_all(now)
    assert not BlockingToken.objects.filter(source_profile=ann).exists()
    five(crm, {"email": ANN["email"]} | AT, now)

    def meanwhile() -> None:
        later = now - timedelta(hours=1)
        record([NewAct(ann, LINKING, "", "granted", later, "phone", True, "clerk-3")], now=later)
        queue.enqueue([ann], now=now)
        worked_on(ann, now)
        assert BlockingToken.objects.filter(source_profile=ann).exists()

    crossed(monkeypatch, meanwhile, now)
    process_all(now)
    assert queue.waiting() == 0
    assert BlockingToken.objects.filter(source_profile=ann).exists()


@pytest.mark.parametrize("micro_batch", [200, 0])
def test_a_window_counts_what_was_just_seen_again(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch, micro_batch: int
) -> None:
    """One customer number in ten days: C1, known for a month, is seen again on the day on which C2 comes."""
    monkeypatch.setattr(process, "MICRO_BATCH", micro_batch)
    limits.change("customer_number", priority=2, most=None, most_in_window=1, window_days=10, by="u-1", now=now)
    send_rows(crm, {"customer_number": "C1", "updated_at": "2026-10-01T10:00:00Z"}, now=now)
    process_all(now)
    both = [{"customer_number": number, "loyalty_number": "L1"} | AT for number in ("C1", "C2")]
    send_rows(crm, *both, now=now)
    process_all(now)
    assert sizes() == [1, 1]


def sizes() -> list[int]:
    everybody = list(SourceProfile.objects.values_list("id", flat=True))
    return sorted(map(len, source_profiles_of(set(profile_of(everybody).values())).values()))


@pytest.mark.parametrize("link", [0.9, 0.999])
def test_a_limit_holds_whatever_the_threshold(crm: Source, now: datetime, link: float) -> None:
    """What is certain joins from any threshold on, so it is limited from any on."""
    rules.put_in_force(None, Thresholds(link=link), by="u-1", reason="strict", now=now)
    limits.change("customer_number", priority=2, most=3, most_in_window=None, window_days=None, by="u-1", now=now)
    send_rows(crm, *({"customer_number": f"C{n}", "loyalty_number": "L1"} | AT for n in range(8)), now=now)
    process_all(now)
    assert sizes() == [1, 1, 1, 1, 1, 3]


def test_taking_in_does_not_wait_for_a_turn(crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """A record with something new of somebody who is just being resolved."""
    ann = known(crm, now)
    queue.enqueue([ann], now=now)
    note, got = turns.note, []
    news = ANN | HOME | {"customer_number": "Z", "family_name": "Thal", "updated_at": "2026-11-05T10:00:00Z"}

    def at_the_door() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '1s'")
        try:
            got.append(send_rows(crm, news, now=now).stored)
        except OperationalError as error:
            got.append(str(error).splitlines()[0])

    def noting(*told: Any) -> None:
        elsewhere(at_the_door)
        note(*told)

    monkeypatch.setattr(turns, "note", noting)
    process.resolve_batch(now=now, limit=1)
    assert got == [1]


def test_a_crowd_that_others_merge_in_the_midst_of_a_look_is_met(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the question where somebody belongs and the one who stands for the crowd, the crowd becomes another's."""
    bob = {"customer_number": "C1"} | BOB
    send_rows(crm, bob, now=now)
    process_all(now)
    mapping = {"message_id": ["receipt"], "fields": {"loyalty_number": "loyalty_number", "email": "email"}}
    till = sources.add("till", kind="offline", stable_key="", mapping=mapping)[0]
    send_rows(till, *({"receipt": str(n), "loyalty_number": "L1"} for n in range(30)), now=now)
    process_all(now)
    assert sizes() == [1, 30]
    send_rows(till, {"receipt": "mine", "loyalty_number": "L1"}, now=now)
    mine = newest()
    company, done = crowds.company, []

    def asked(*told: Any, **more: Any) -> Any:
        if not done:
            done.append(True)

            def meanwhile() -> None:
                send_rows(till, {"receipt": "both", "loyalty_number": "L1", "email": BOB["email"]}, now=now)
                process.resolve_batch(now=now, limit=1)

            elsewhere(meanwhile)
        return company(*told, **more)

    monkeypatch.setattr(crowds, "company", asked)
    process.resolve_batch(now=now, limit=1)
    process_all(now)
    assert queue.waiting() == 0
    assert Assignment.objects.current().filter(source_profile=mine).exists()
    homes = profile_of([mine, SourceProfile.objects.get(stable_index__isnull=False).id])
    assert len(set(homes.values())) == 1
    assert sizes() == [33]


def test_nobody_is_linked_who_is_restricted_before_the_turn(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves things as they are, so nothing would take the link back."""
    ann = known(crm, now)
    five(crm, ANN, now)
    other = Identifier.objects.exclude(source_profile=ann).get(namespace="email").source_profile

    def meanwhile() -> None:
        restrict([other.id], kind=RESTRICTION, actor="clerk-3", now=now - timedelta(seconds=1))
        queue.enqueue([other.id], now=now)

    crossed(monkeypatch, meanwhile, now)
    process_all(now)
    homes = profile_of([ann, other.id])
    assert homes.get(ann) != homes.get(other.id)


@pytest.mark.parametrize("viewed", [False, True])
def test_whoever_comes_is_compared_with_what_holds(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch, viewed: bool
) -> None:
    """What follows from a view of what was said before: Ann, born in 1980, is by now known to be born in 1951."""
    ann = known(crm, now)
    MatchingView.objects.all().delete()
    five(crm, LIKE_ANN | {"birth_date": "1980-07-14", "given_name": "Bea"}, now)
    news = ANN | HOME | {"customer_number": "Z", "birth_date": "1951-09-27", "updated_at": "2026-11-05T10:00:00Z"}

    def meanwhile() -> None:
        send_rows(crm, news, now=now)
        worked_on(ann, now)

    crossed(monkeypatch, meanwhile, now)
    process_all(now)
    if not viewed:
        MatchingView.objects.all().delete()
    send_rows(crm, {"customer_number": "N"} | ANN | HOME | {"email": "other@post.example"}, now=now)
    comer = newest()
    process_all(now)
    homes = profile_of([ann, comer])
    assert homes[ann] != homes[comer]
