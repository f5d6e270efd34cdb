"""Crowds: a profile of many source profiles costs no more than one of a few, and is judged no worse."""

from datetime import timedelta

import pytest

from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from identity import crowds, ledger, persons
from identity.models import Assignment, Profile, Verdict
from identity.profiles import look_up, profile_of, source_profiles
from pipeline import queue
from records import sources
from records.models import SourceProfile
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def till(db):
    """A till without a stable key: each receipt makes a source profile of its own."""
    mapping = {
        "message_id": ["receipt"],
        "fields": {name: name for name in ("loyalty_number", "email", "given_name", "birth_date")},
    }
    return sources.add("till", kind="offline", stable_key="", mapping=mapping)[0]


@pytest.fixture
def opened(monkeypatch):
    """How many sealed values resolving has opened, call by call."""
    counts = []
    opens = persons.open_shelves

    def count(shelves, grant, *, action):
        counts.append(sum(len(shelf.ciphertexts) for shelf in shelves))
        return opens(shelves, grant, action=action)

    monkeypatch.setattr(persons, "open_shelves", count)
    return counts


def receipts(till, count, *, now, **fields):
    """So many receipts are taken in and processed; returns their source profiles."""
    before = set(SourceProfile.objects.values_list("id", flat=True))
    rows = [{"receipt": f"{len(before)}-{number}"} | fields for number in range(count)]
    send_rows(till, *rows, now=now)
    process(now)
    return set(SourceProfile.objects.values_list("id", flat=True)) - before


def test_a_receipt_opens_no_more_the_more_came_before_it(till, opened, now):
    rounds = []
    for _ in range(8):
        opened.clear()
        receipts(till, 25, now=now, loyalty_number="L1", email="alice@example.com")
        rounds.append(sum(opened))
    assert rounds == [25, *[25 + crowds.MOST_MEMBERS] * 7]
    assert len(source_profiles(look_up("loyalty_number", "L1", now=now))) == 200


def test_a_crowd_merges_with_everybody_of_it(till, crm, now):
    """The receipts that nobody looked at go where those go who stood for them, for the same reason."""
    many = receipts(till, 60, now=now, loyalty_number="L1")
    send_rows(crm, {"customer_number": "C1", "email": "alice@example.com", "updated_at": "2026-11-01"}, now=now)
    process(now)
    crowd, alice = look_up("loyalty_number", "L1", now=now), look_up("customer_number", "C1", now=now)
    later = now + timedelta(hours=1)
    row = {"customer_number": "C1", "loyalty_number": "L1", "email": "alice@example.com", "updated_at": "2026-11-02"}
    send_rows(crm, row, now=later)
    process(later)
    assert set(profile_of(many).values()) == {crowd}
    assert (len(source_profiles(crowd)), source_profiles(alice)) == (61, [])


def test_the_younger_crowd_moves_whole_and_comes_back_whole(till, crm, now):
    send_rows(crm, {"customer_number": "C1", "email": "alice@example.com", "updated_at": "2026-11-01"}, now=now)
    process(now)
    many = receipts(till, 60, now=now + timedelta(minutes=1), loyalty_number="L1")
    alice, crowd = look_up("customer_number", "C1", now=now), look_up("loyalty_number", "L1", now=now)
    row = {"customer_number": "C1", "loyalty_number": "L1", "email": "alice@example.com", "updated_at": "2026-11-02"}
    send_rows(crm, row, now=now + timedelta(hours=1))
    process(now + timedelta(hours=1))
    assert set(profile_of(many).values()) == {alice}
    reasons = Assignment.objects.current().filter(source_profile__in=many).values_list("reason", flat=True)
    assert set(reasons) == {"same loyalty number"}
    later = now + timedelta(hours=2)
    ledger.undo_merge(alice, crowd, actor="steward", reason="two people", now=later)
    queue.enqueue([*many, *source_profiles(alice)], now=later)
    process(later)
    assert (set(profile_of(many).values()), len(source_profiles(alice))) == ({crowd}, 1)


def test_a_verdict_on_one_of_a_crowd_counts_for_all(till, crm, now):
    """The verdict names the oldest and the latest; what speaks for joining names others of the crowd."""
    many = receipts(till, 60, now=now, loyalty_number="L1")
    card = {"customer_number": "C1", "email": "alice@example.com", "updated_at": "2026-11-01"}
    send_rows(crm, card, now=now)
    process(now)
    crowd, alice = look_up("loyalty_number", "L1", now=now), look_up("customer_number", "C1", now=now)
    (customer,) = source_profiles(alice)
    middle = sorted(many)[30]
    ledger.rule(customer, middle, "cannot_link", actor="steward", reason="two people", now=now)
    later = now + timedelta(hours=1)
    send_rows(crm, card | {"loyalty_number": "L1", "updated_at": "2026-11-02"}, now=later)
    process(later)
    assert profile_of([customer])[customer] == alice
    new = receipts(till, 1, now=later, loyalty_number="L1")
    assert set(profile_of(new).values()) == {crowd}


def test_what_is_shared_with_a_receipt_long_ago_still_finds_the_person(till, crm, now):
    receipts(till, 1, now=now, loyalty_number="L1", email="alice@example.com", given_name="Alice")
    receipts(till, 80, now=now, loyalty_number="L1")
    row = {"customer_number": "C1", "email": "alice@example.com", "given_name": "Alice", "updated_at": "2026-11-01"}
    send_rows(crm, row, now=now)
    process(now)
    assert look_up("customer_number", "C1", now=now) == look_up("loyalty_number", "L1", now=now)


def test_whoever_objects_to_linking_leaves_the_crowd(till, now):
    many = sorted(receipts(till, 60, now=now, loyalty_number="L1"))
    crowd = look_up("loyalty_number", "L1", now=now)
    objecting = [many[0], many[30]]
    later = now + timedelta(hours=1)
    record(
        [NewAct(id, "identity_linking", "", WITHDRAWN, later, "letter", True, actor="officer") for id in objecting],
        now=later,
    )
    queue.enqueue(objecting, now=later)
    process(later)
    homes = profile_of(many)
    assert crowd not in {homes.pop(id) for id in objecting}
    assert set(homes.values()) == {crowd}


def test_splitting_one_off_a_crowd_keeps_it_off_with_few_verdicts(till, now):
    many = receipts(till, 60, now=now, loyalty_number="L1")
    crowd = look_up("loyalty_number", "L1", now=now)
    one = sorted(many)[30]
    made = ledger.split(one, actor="steward", reason="another person", now=now + timedelta(hours=1))
    assert Verdict.objects.filter(undone_at=None).count() == ledger.MOST_RULED
    queue.enqueue(list(many), now=now + timedelta(hours=2))
    process(now + timedelta(hours=2))
    receipts(till, 1, now=now + timedelta(hours=3), loyalty_number="L1")
    assert (source_profiles(made), len(source_profiles(crowd))) == ([one], 60)
    assert Profile.objects.filter(assignments__ended_at=None).distinct().count() == 2
