"""What holds a source profile where it is: once a merge is undone, what held it before, however often."""

from datetime import timedelta

import pytest

from identity import ledger
from identity.holding import held_by
from identity.models import Assignment
from identity.profiles import look_up
from tests.identity.test_resolve import ALICE, ALICE_AT_WORK, CAROL
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
BY = {"actor": "steward-1", "reason": "case 1"}


@pytest.fixture
def carol_and_alice(crm, now):
    """The profiles of Carol, who came first, and of Alice, who is known twice."""
    for row in (CAROL, ALICE, ALICE_AT_WORK):
        send_rows(crm, row, now=now)
        process(now)
    return tuple(look_up("customer_number", number, now=now) for number in ("C9", "C1"))


def current(profile):
    return list(Assignment.objects.current().filter(profile=profile).order_by("source_profile"))


def held(profile):
    return [(entry.reason, entry.evidence.get("bits")) for entry in held_by(current(profile))]


def test_it_is_what_held_them_before_the_merge_however_often_it_was_undone(carol_and_alice, now):
    carol, alice = carol_and_alice
    before = held(alice)
    assert [reason for reason, _ in before] == ["joined to nobody", "similar person"]
    assert before[1][1] > 0
    for number in range(2):
        at = now + timedelta(hours=2 * number + 1)
        assert ledger.merge(carol, alice, now=at, **BY) == carol
        assert [reason for reason, _ in held(carol)[1:]] == ["by hand", "by hand"]
        ledger.undo_merge(carol, alice, now=at + timedelta(hours=1), **BY)
        assert {entry.reason for entry in current(alice)} == {"by hand"}
        assert held(alice) == before
    assert [entry.pk for entry in held_by(current(carol))] == [entry.pk for entry in current(carol)]


def test_whoever_a_person_put_there_before_is_held_by_hand(carol_and_alice, crm, now):
    carol, alice = carol_and_alice
    hours = [now + timedelta(hours=hour) for hour in range(1, 6)]
    send_rows(crm, {"customer_number": "C5", "email": "dora@example.com", "updated_at": "2026-11-01"}, now=hours[0])
    process(hours[0])
    dora = look_up("customer_number", "C5", now=hours[0])
    assert ledger.merge(alice, dora, now=hours[1], **BY) == alice
    ledger.merge(carol, alice, now=hours[2], **BY)
    ledger.undo_merge(carol, alice, now=hours[3], **BY)
    entries = current(alice)
    assert [reason for reason, _ in held(alice)] == ["joined to nobody", "similar person", "by hand"]
    assert held_by(entries)[2].evidence.keys() == {"verdict", "purpose"}


def test_an_undone_split_holds_by_hand(carol_and_alice, now):
    _, alice = carol_and_alice
    at_work = current(alice)[1].source_profile_id
    ledger.split(at_work, now=now + timedelta(hours=1), **BY)
    ledger.undo_split(at_work, now=now + timedelta(hours=2), **BY)
    assert [reason for reason, _ in held(alice)] == ["joined to nobody", "by hand"]
