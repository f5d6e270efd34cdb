"""What many families share is found, and blocked before it joins two people of one name; a person's word stands."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import partial
from io import StringIO
from threading import Barrier, BrokenBarrierError, Thread
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db import connections

from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from identity import blocked, blocking_values, learning, settle_runs
from identity.matching import Person
from identity.models import IN_REVIEW, LINKING, BlockedValue, Match
from identity.persons import open_persons
from identity.profiles import profile_of
from identity.rules import in_force
from identity.shared_by_many import LOOKED_AT_ONCE, STAGE, shared_by_many
from identity.simulating import simulate
from pipeline import blocking, settling, tasks
from pipeline.blocking import block_what_many_share, let_count_again
from pipeline.queue import waiting
from privacy import epoch, index_key_rotation
from privacy.epoch import Behind
from records.models import Identifier, Source, SourceProfile
from tests.identity import test_settling
from tests.identity.test_dry_run import ALICE_AT_WORK
from tests.identity.test_resolve import ALICE
from tests.identity.test_settling import settle
from tests.senders import process, send_rows
from vault.grants import Grant
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

DESK = "+493012345678"
SIGNS = "BDFGKLMNPRSTVWZ"
ANN = {"given_name": "Ann", "family_name": "Frost", "phone": DESK}


def send(source: Source, *people: dict[str, str], now: datetime) -> None:
    """These people, each with a customer number of their own."""
    first = SourceProfile.objects.count()
    rows = [
        {"customer_number": f"C{first + place}", "updated_at": "2026-11-01"} | one for place, one in enumerate(people)
    ]
    assert send_rows(source, *rows, now=now).stored == len(rows)
    process(now)


def customers(count: int, *, families: int, **shared: str) -> list[dict[str, str]]:
    """So many customers of so many family names."""
    return [
        {"given_name": f"{SIGNS[place % 15]}en{SIGNS[place // 15]}a", "family_name": f"{SIGNS[place % families]}ergen"}
        | shared
        for place in range(count)
    ]


def count_of_profiles() -> int:
    everybody = list(SourceProfile.objects.values_list("id", flat=True))
    return len(set(profile_of(everybody).values()))


@pytest.mark.parametrize(("found_before", "people"), [(True, 2), (False, 1)])
def test_two_of_one_name_are_no_person_for_a_phone_that_very_many_bear(
    crm: Source, now: datetime, found_before: bool, people: int
) -> None:
    """Each meets the other alone, and would be taken for the same."""
    send(crm, *customers(70, families=14, phone=DESK), now=now)
    if found_before:
        assert block_what_many_share(now=now).values == 1
        process(now)
    before = count_of_profiles()
    send(crm, ANN | {"city": "Kiel"}, now=now)
    send(crm, ANN | {"city": "Bonn"}, now=now)
    assert count_of_profiles() == before + people


@pytest.mark.parametrize("learn", [tasks.learn, partial(call_command, "learn", stdout=StringIO())])
def test_what_many_share_is_blocked_before_the_model_is_learned(
    crm: Source, now: datetime, learn: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[set[str]] = []

    def look(ids: list[UUID], grant: Grant) -> dict[UUID, Person]:
        persons = open_persons(ids, grant)
        seen.append({person.phone for person in persons.values() if person.phone})
        return persons

    send(crm, *customers(14, families=14, phone=DESK), ANN | {"phone": "+493098765432"}, now=now)
    monkeypatch.setattr(learning, "open_persons", look)
    learn()
    assert BlockedValue.objects.get().saved_by == STAGE.id
    assert [len(phones) for phones in seen] == [1]


def test_whom_it_joined_before_it_was_found_settling_parts_and_a_dry_run_says_so(crm: Source, now: datetime) -> None:
    mailbox = "desk@shop.example"
    send(crm, *customers(70, families=14, email=mailbox), now=now)
    for city in ("Kiel", "Bonn"):
        send(crm, {"given_name": "Ann", "family_name": "Frost", "email": mailbox, "city": city}, now=now)
    before = count_of_profiles()
    counts = simulate(in_force(), now=now).counts
    assert (counts["merges"], counts["splits"]) == (0, 1)
    assert not BlockedValue.objects.exists()
    run = settle(now)
    assert (run.merges, run.splits, count_of_profiles()) == (0, 1, before + 1)
    assert BlockedValue.objects.get().namespace == "email"
    again = settle(now)
    assert (again.merges, again.splits, again.moved) == (0, 0, 0)


@pytest.mark.parametrize(("count", "families", "found"), [(13, 9, 1), (12, 12, 0), (40, 8, 0)])
def test_the_measure_is_that_of_a_batch(crm: Source, now: datetime, count: int, families: int, found: int) -> None:
    send(crm, *customers(count, families=families, phone=DESK, email="desk@shop.example"), now=now)
    assert sorted(name for name, _ in shared_by_many(now=now)) == ["email", "phone"] * found


def test_it_is_shown_as_a_hint_with_who_said_so_and_its_bearers_are_resolved_anew(crm: Source, now: datetime) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    assert block_what_many_share(now=now).values == 1
    row = BlockedValue.objects.get()
    assert (row.namespace, row.hint, row.blocked, row.saved_by) == (
        "phone",
        "+…, 13 characters",
        True,
        "shared_by_many",
    )
    assert (row.namespace, bytes(row.index)) in blocked.standing()
    assert waiting() == 13
    assert block_what_many_share(now=now).values == 0


def test_what_a_person_lets_count_is_not_blocked_again(crm: Source, now: datetime) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    block_what_many_share(now=now)
    let_count_again(BlockedValue.objects.get(), by="steward-1", now=now)
    assert block_what_many_share(now=now).values == 0
    assert BlockedValue.objects.latest("saved_at", "id").saved_by == "steward-1"


def test_of_whom_nothing_may_be_opened_nothing_is_counted(crm: Source, now: datetime) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    objecting = SourceProfile.objects.earliest("id").pk
    record([NewAct(objecting, LINKING, "", WITHDRAWN, now, "letter", True)], now=now)
    assert shared_by_many(now=now) == {}


def values_found(now: datetime) -> set[tuple[str, str]]:
    return {(namespace, value) for (namespace, _), value in shared_by_many(now=now).items()}


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    def raises() -> None:
        raise Behind("1 behind the erasure ledger")

    return lambda: monkeypatch.setattr(epoch, "must_be_current", raises)


def test_what_is_blocked_from_the_start_is_not_found_again(crm: Source, now: datetime) -> None:
    send(crm, *customers(13, families=13, email="noemail@example.com"), now=now)
    (index,) = {bytes(index) for index in Identifier.objects.filter(namespace="email").values_list("index", flat=True)}
    assert ("email", index) in blocked.standing()
    assert blocking.block_what_many_share(now=now).values == 0
    assert not BlockedValue.objects.exists()
    assert waiting() == 0


def test_a_restored_database_that_misses_erasures_opens_and_blocks_nothing_settling(
    crm: Source, now: datetime, behind: Callable[[], None]
) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    run, looked = settle_runs.begin(by="steward-1", now=now), AuditEntry.objects.count()
    behind()
    with pytest.raises(Behind):
        settling.work_on(run.pk, clock=lambda: now)
    assert not BlockedValue.objects.exists()
    assert AuditEntry.objects.count() == looked


def test_a_restored_database_that_misses_erasures_opens_and_blocks_nothing_at_night(
    crm: Source, now: datetime, behind: Callable[[], None]
) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    behind()
    with pytest.raises(Behind):
        tasks.block_what_many_share()
    assert not BlockedValue.objects.exists()


def test_what_is_found_before_a_rotation_is_blocked_as_it_is_indexed_afterwards(crm: Source, now: datetime) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    found = values_found(now)
    list(index_key_rotation.rotate(["phone"], now=now, wait=lambda _: None))
    became = blocking_values.block_found(found, by="learn", now=now)
    (index,) = {bytes(index) for index in Identifier.objects.filter(namespace="phone").values_list("index", flat=True)}
    assert ("phone", index) in blocked.standing()
    assert (became.values, len(became.bearers)) == (1, 13)


def test_what_somebody_lets_count_while_it_is_looked_for_is_not_blocked_for_a_rotation(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A person's word stands, whatever key its index is under."""
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    found = values_found(now)
    blocking.set_blocked("phone", DESK, is_blocked=True, by="steward-1", now=now)
    blocking.set_blocked("phone", DESK, is_blocked=False, by="steward-1", now=now)
    list(index_key_rotation.rotate(["phone"], now=now, wait=lambda _: None))
    blocking_values.block_found(found, by="learn", now=now)
    assert set(BlockedValue.objects.values_list("saved_by", flat=True)) == {"steward-1"}


def test_it_counts_what_it_blocked(crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)

    def found_while_somebody_speaks(*, now: datetime) -> dict[tuple[str, bytes], str]:
        found = shared_by_many(now=now)
        blocking.set_blocked("phone", DESK, is_blocked=True, by="steward-1", now=now)
        return found

    monkeypatch.setattr(blocking, "shared_by_many", found_while_somebody_speaks)
    assert blocking.block_what_many_share(now=now).values == 0


def test_families_behind_a_hundred_who_may_not_be_looked_at_count(crm: Source, now: datetime) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    assert len(shared_by_many(now=now)) == 1
    send(crm, *customers(LOOKED_AT_ONCE, families=13, phone=DESK), now=now)
    assert len(shared_by_many(now=now)) == 1
    latest = SourceProfile.objects.order_by("-id").values_list("id", flat=True)[:LOOKED_AT_ONCE]
    record([NewAct(id, LINKING, "", WITHDRAWN, now, "letter", True) for id in latest], now=now)
    assert len(shared_by_many(now=now)) == 1


def test_families_behind_a_hundred_of_one_name_count(crm: Source, now: datetime) -> None:
    send(crm, *customers(20, families=13, phone=DESK), now=now)
    assert len(shared_by_many(now=now)) == 1
    robot = [{"given_name": "Test", "family_name": "Frost", "phone": DESK}] * LOOKED_AT_ONCE
    send(crm, *robot, now=now)
    assert len(shared_by_many(now=now)) == 1


def test_pairs_that_are_asked_anew_are_counted_as_taken_and_as_added(crm: Source, now: datetime) -> None:
    """What many share is blocked as the run begins, which takes its bearers' pairs from the queue, uncounted."""
    test_settling.in_force(now, link=0.9999)
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    for row in (ALICE, ALICE_AT_WORK):
        send_rows(crm, row | {"customer_number": f"A-{row['customer_number']}"}, now=now)
        process(now)
    send_rows(crm, {"customer_number": "A-C1", "updated_at": "2026-11-02", "phone": DESK}, now=now)
    process(now)
    before = set(Match.objects.filter(state=IN_REVIEW).values_list("left_id", "right_id"))
    assert before
    run = settle(now)
    assert BlockedValue.objects.count() == 1
    after = set(Match.objects.filter(state=IN_REVIEW).values_list("left_id", "right_id"))
    assert after == before
    assert (run.reviews_added, run.reviews_taken) == (1, 1)


@pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
def test_two_who_find_the_same_at_once_block_it_once(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    found, together, hint_of = values_found(now), Barrier(2, timeout=2), blocking_values.hint_of

    def both_have_looked(value: str) -> str:
        with suppress(BrokenBarrierError):
            together.wait()
        return hint_of(value)

    def block() -> None:
        blocking_values.block_found(found, by="learn", now=now)
        connections.close_all()

    monkeypatch.setattr(blocking_values, "hint_of", both_have_looked)
    threads = [Thread(target=block) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert BlockedValue.objects.count() == 1
