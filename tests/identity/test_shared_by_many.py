"""What many families share is found, and blocked before it joins two people of one name; a person's word stands."""

from datetime import datetime

import pytest

from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from identity import blocked
from identity.learning import LINKING
from identity.models import BlockedValue
from identity.profiles import profile_of
from identity.rules import in_force
from identity.shared_by_many import shared_by_many
from identity.simulating import simulate
from pipeline.blocking import block_what_many_share, let_count_again
from pipeline.queue import waiting
from records.models import Source, SourceProfile
from tests.identity.test_settling import settle
from tests.senders import process, send_rows

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
        assert block_what_many_share(now=now) == 1
        process(now)
    before = count_of_profiles()
    send(crm, ANN | {"city": "Kiel"}, now=now)
    send(crm, ANN | {"city": "Bonn"}, now=now)
    assert count_of_profiles() == before + people


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
    assert block_what_many_share(now=now) == 1
    row = BlockedValue.objects.get()
    assert (row.namespace, row.hint, row.blocked, row.saved_by) == ("phone", "+…, 13 characters", True, "learn")
    assert (row.namespace, bytes(row.index)) in blocked.standing()
    assert waiting() == 13
    assert block_what_many_share(now=now) == 0


def test_what_a_person_lets_count_is_not_blocked_again(crm: Source, now: datetime) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    block_what_many_share(now=now)
    let_count_again(BlockedValue.objects.get(), by="steward-1", now=now)
    assert block_what_many_share(now=now) == 0
    assert BlockedValue.objects.latest("saved_at", "id").saved_by == "steward-1"


def test_of_whom_nothing_may_be_opened_nothing_is_counted(crm: Source, now: datetime) -> None:
    send(crm, *customers(13, families=13, phone=DESK), now=now)
    objecting = SourceProfile.objects.earliest("id").pk
    record([NewAct(objecting, LINKING, "", WITHDRAWN, now, "letter", True)], now=now)
    assert shared_by_many(now=now) == {}
