"""What a person did of large profiles, and of merges of one instant, stands when everybody is settled."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest

from consent import restrictions
from identity import ledger, rules
from identity.models import Assignment
from identity.profiles import profile_of, source_profiles
from identity.rules import Thresholds
from pipeline import queue
from records.models import Source, SourceProfile
from tests.identity.test_resolve import ALICE, ALICE_AT_WORK, CAROL, partner
from tests.identity.test_settling import changed, profile, settle
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
__all__ = ["partner"]


def in_order() -> list[UUID]:
    return list(SourceProfile.objects.order_by("id").values_list("id", flat=True))


def test_who_was_split_off_from_very_many_stays_so(partner: Source, now: datetime) -> None:
    """The account in the middle of the thirty is one of those that no verdict names."""
    rows = [{"loyalty_number": "L1", "no": f"{number:02}"} for number in range(30)]
    rows[15]["account_id"] = "A7"
    send_rows(partner, *rows, now=now)
    process(now)
    send_rows(partner, {"account_id": "A7", "no": "last"}, now=now)
    process(now)
    last = in_order()[-1]
    made = ledger.split(last, actor="steward", reason="case 1", now=now + timedelta(minutes=1))
    settle(now + timedelta(hours=1))
    assert source_profiles(made) == [last]


def test_a_profile_stays_in_ones_hand_when_matching_joins_it_to_an_older_one(crm: Source, now: datetime) -> None:
    """Alice at work came to what a steward had joined; then Alice's e-mail address ties them all to the oldest."""
    minutes = [now + timedelta(minutes=place) for place in range(6)]

    def come(row: dict[str, str], at: datetime) -> None:
        send_rows(crm, row, now=at)
        process(at)

    come(
        {name: ALICE[name] for name in ("email", "given_name", "family_name", "updated_at")}
        | {"customer_number": "C0"},
        now,
    )
    come(ALICE | {"email": "", "phone": ""}, minutes[1])
    come(CAROL, minutes[2])
    oldest, alice, carol = (profile(number, now) for number in ("C0", "C1", "C9"))
    by_hand = ledger.merge(alice, carol, actor="steward", reason="case 1", now=minutes[3])
    at_work = {"phone": "", "street": ALICE["street"], "postcode": ALICE["postcode"]}
    come(ALICE_AT_WORK | at_work, minutes[4])
    assert profile("C2", now) == by_hand != oldest
    come(ALICE | {"phone": "", "updated_at": "2026-11-02T10:00:00Z"}, minutes[5])
    assert len(source_profiles(oldest)) == 4
    assert not Assignment.objects.current().filter(profile=oldest, reason=ledger.BY_HAND).exists()
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward", reason="case 2", now=minutes[5])
    assert changed(settle(now + timedelta(hours=1))) == (0, 0, 0)
    ledger.undo_merge(oldest, carol, actor="steward", reason="case 3", now=now + timedelta(hours=2))
    assert changed(settle(now + timedelta(hours=3)))[1] > 0


def test_who_came_in_the_same_instant_because_of_the_other_follows_them(partner: Source, now: datetime) -> None:
    """One is tied to two by a card, two to three by an account, and all three meet at once."""
    for number, row in enumerate(({"loyalty_number": "L1"}, {"loyalty_number": "L1", "account_id": "A1"})):
        send_rows(partner, row | {"no": str(number)}, now=now)
        if number == 1:
            restrictions.restrict([in_order()[1]], kind="restriction", actor="officer", now=now)
        process(now)
    send_rows(partner, {"account_id": "A1", "no": "2"}, now=now)
    process(now)
    one, two, three = in_order()
    before = profile_of([one, two, three])
    restrictions.lift([two], kind="restriction", actor="officer", now=now)
    queue.enqueue([one, two, three], now=now + timedelta(hours=1))
    process(now + timedelta(hours=1))
    home = profile_of([one, two, three])
    assert home == dict.fromkeys((one, two, three), before[one])
    later = now + timedelta(hours=2)
    ledger.undo_merge(before[one], before[two], actor="steward", reason="case 1", now=later)
    queue.enqueue([one, two, three], now=later)
    process(later)
    assert profile_of([one, two, three]) == {one: before[one], two: before[two], three: before[two]}
