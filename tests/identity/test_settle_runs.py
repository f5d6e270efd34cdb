"""Runs of settling: what they count, how they are stopped, what they remember of a fault and of who is erased."""

from datetime import datetime, timedelta
from io import StringIO
from typing import Any
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from identity import ledger, rules, settle_runs
from identity.blocking_values import Blocking
from identity.models import Settling
from identity.portions import Portion
from identity.profiles import profile_of
from identity.scene import Scene
from identity.simulating import simulate
from pipeline import settling
from privacy.erasure import delete_rows_of
from privacy.subjects import find
from records.models import Source, SourceProfile
from tests.identity.test_dry_run import ALICE_AT_WORK
from tests.identity.test_resolve import ALICE, partner
from tests.identity.test_settling import changed, in_force, settle
from tests.identity.test_settling_at_rest import card_holders
from tests.identity.test_shared_by_many import customers, send
from tests.senders import process, send_rows
from vault.ids import new_id
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
__all__ = ["partner"]


# How often this text stands in the rows of a table.
STANDS = "SELECT count(*) FROM {} AS held WHERE held::text LIKE %s"


def occurrences(id: UUID) -> int:
    """In how many rows of the whole database this id stands."""
    with connection.cursor() as cursor:
        found = 0
        for table in connection.introspection.table_names(cursor):
            cursor.execute(STANDS.format(connection.ops.quote_name(table)), [f"%{id}%"])
            found += cursor.fetchone()[0]
    return found


def erase(id: UUID) -> None:
    with transaction.atomic():
        ledger.lock()
        delete_rows_of(find(profile_of([id])[id]))


def reviews(run: Settling) -> tuple[int, int]:
    return run.reviews_added, run.reviews_taken


def test_it_says_what_became_of_the_review_queue(crm: Source, now: datetime) -> None:
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    in_force(now, link=0.9999)
    assert reviews(settle(now)) == (1, 0)
    assert reviews(settle(now)) == (0, 0)
    in_force(now)
    assert reviews(settle(now)) == (0, 1)


def test_people_who_are_exchanged_are_counted_as_a_dry_run_counts_them(partner: Source, now: datetime) -> None:
    """Two of two cards each, joined crosswise: each of the two people joins a part and loses one."""
    send_rows(
        partner,
        *({"loyalty_number": card, "no": f"{card}-{number}"} for card in ("L1", "L2") for number in range(2)),
        now=now,
    )
    process(now)
    homes = profile_of(list(SourceProfile.objects.values_list("id", flat=True)))
    one, two = ([id for id, home in sorted(homes.items()) if home == profile] for profile in sorted({*homes.values()}))
    crossed = [ledger.Entry(one[1], homes[two[0]], "x"), ledger.Entry(two[1], homes[one[0]], "x")]
    ledger.assign(crossed, actor="resolve", rule_version="default", now=now)
    counts = simulate(rules.in_force(), now=now).counts
    assert (counts["merges"], counts["splits"]) == (2, 2)
    run = settle(now)
    assert (run.merges, run.splits) == (2, 2)
    assert changed(settle(now)) == (0, 0, 0)


def test_a_stopped_run_decides_nobody_else(partner: Source, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    card_holders(partner, now, 1)
    send_rows(partner, {"loyalty_number": "L2", "no": "9"}, now=now)
    process(now)
    monkeypatch.setattr(settling, "AT_ONCE", 1)
    run = settle_runs.begin(by="steward-1", now=now)
    settling.work_on(run.pk, on_progress=lambda run: settle_runs.stop(run.pk, by="steward-2", now=now))
    run.refresh_from_db()
    assert (run.state, run.done, run.after, run.stopped_by) == ("done", 1, None, "steward-2")


def test_a_fault_is_forgotten_once_something_goes_right(partner: Source, now: datetime) -> None:
    card_holders(partner, now, 1)
    run = settle_runs.begin(by="steward-1", now=now)
    settle_runs.fail(run, "OverflowError", now=now)
    settling.work_on(run.pk, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.fault, run.failed_at) == ("done", "", None)


@pytest.mark.parametrize(("given", "kept"), [([], "asked for on the command line"), (["--reason", "case 9"], "case 9")])
def test_the_command_keeps_a_reason(given: list[str], kept: str, now: datetime) -> None:
    call_command("resolve", "--settle", *given, stdout=StringIO())
    assert Settling.objects.get().reason == kept
    entry = AuditEntry.objects.get(action="settle everybody")
    assert (entry.actor_kind, entry.actor, entry.reason) == ("machine", "resolve command", f"settle everybody: {kept}")
    for wrong in (["--settle", "--reason", "asked by a@example.com"], ["--dry-run", "--reason", "case 9"]):
        with pytest.raises(CommandError):
            call_command("resolve", *wrong, stdout=StringIO())
    assert Settling.objects.count() == 1


def test_the_command_stops_what_is_under_way(now: datetime) -> None:
    with pytest.raises(CommandError, match="Nobody is being settled"):
        call_command("resolve", "--stop", stdout=StringIO())
    run = settle_runs.begin(by="steward-1", now=now)
    call_command("resolve", "--stop", stdout=StringIO())
    run.refresh_from_db()
    assert (run.state, run.stopped_by) == ("done", "resolve command")


def test_no_run_remembers_who_was_erased(partner: Source, now: datetime) -> None:
    send_rows(partner, *({"loyalty_number": f"L{number}", "no": str(number)} for number in range(3)), now=now)
    process(now)
    first, second, third = SourceProfile.objects.order_by("id").values_list("id", flat=True)
    run = settle_runs.begin(by="steward-1", now=now)
    for id, before in ((third, second), (second, first), (first, None)):
        Settling.objects.update(after=id)
        erase(id)
        run.refresh_from_db()
        assert run.after == before
        assert occurrences(id) == 0


def test_whoever_is_erased_before_a_portion_is_noted_is_not_remembered_either(partner: Source, now: datetime) -> None:
    card_holders(partner, now, 1)
    run, gone = settle_runs.begin(by="steward-1", now=now), new_id()
    (here,) = SourceProfile.objects.values_list("id", flat=True)
    settle_runs.note(run, Portion({gone}, gone, 1), {}, now=now + timedelta(hours=1))
    run.refresh_from_db()
    assert run.after == here


def test_who_stops_before_the_first_portion_stops_before_anybody_is_decided(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(crm, *customers(2, families=2), now=now)
    run = settle_runs.begin(by="steward-1", now=now)

    def stopped(*, now: datetime) -> Blocking:
        settle_runs.stop(run.pk, by="steward-2", now=now)
        return Blocking(0, set(), 0)

    monkeypatch.setattr(settling, "block_what_many_share", stopped)
    settling.work_on(run.pk, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.stopped_by, run.done) == ("done", "steward-2", 0)


def test_who_stops_while_the_next_portion_is_gathered_stops_before_it(
    crm: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(crm, *customers(4, families=4), now=now)
    monkeypatch.setattr(settling, "AT_ONCE", 1)
    run = settle_runs.begin(by="steward-1", now=now)
    looks = list[int]()
    look_around = settling.look_around

    def looking(*args: Any, **named: Any) -> Scene:
        looks.append(1)
        if len(looks) == 2:
            settle_runs.stop(run.pk, by="steward-2", now=now)
        return look_around(*args, **named)

    monkeypatch.setattr(settling, "look_around", looking)
    settling.work_on(run.pk, clock=lambda: now)
    run.refresh_from_db()
    assert (run.stopped_by, run.done) == ("steward-2", 1)


def test_whoever_is_erased_while_a_portion_waits_stops_no_run(
    partner: Source, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    send_rows(partner, *({"loyalty_number": f"L{number}", "no": str(number)} for number in range(4)), now=now)
    process(now)
    ids = list(SourceProfile.objects.order_by("id").values_list("id", flat=True))
    run = settle_runs.begin(by="steward-1", now=now)
    settle_one = settling._settle

    def erased_meanwhile(run: Settling, portion: Portion, *, now: datetime) -> None:
        for gone in (ids[1], ids[3]):
            if gone in portion.ids and SourceProfile.objects.filter(pk=gone).exists():
                erase(gone)
        settle_one(run, portion, now=now)

    monkeypatch.setattr(settling, "_settle", erased_meanwhile)
    settling.work_on(run.pk, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.fault) == ("done", "")
    assert occurrences(ids[1]) == occurrences(ids[3]) == 0
