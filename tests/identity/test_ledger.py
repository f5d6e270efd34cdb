"""The ledger: merges and splits, undone at any later time, and the past as it was."""

from datetime import timedelta

import pytest
from django.db import ProgrammingError, connection, transaction
from django.db.models import Q

from consent.decide import decide
from console.acts import say
from identity import ledger
from identity.ledger import NotPossible
from identity.models import Assignment, Profile, Verdict
from identity.profiles import profile_of, source_profiles, where_now
from outbox.models import Change
from pipeline import queue
from records import sources
from records.models import SourceProfile
from tests.senders import process, send_rows
from vault.grants import Actor, Grant

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.fixture
def people(crm, now):
    """Alice, Bob and Carol, strangers to each other: source profile and profile of each."""
    rows = [
        {
            "customer_number": name,
            "email": f"{name}@example.com",
            "loyalty_number": f"L-{name}",
            "updated_at": "2026-11-01",
        }
        for name in ("alice", "bob", "carol")
    ]
    found = []
    for row in rows:
        send_rows(crm, row, now=now)
        process(now)
        source_profile = SourceProfile.objects.latest("id").id
        found.append((source_profile, profile_of([source_profile])[source_profile]))
    return found


@pytest.fixture
def till(db):
    """Receipts without a stable key: each makes a source profile of its own."""
    mapping = {"message_id": ["receipt"], "fields": {"loyalty_number": "loyalty_number"}}
    return sources.add("till", kind="offline", stable_key="", mapping=mapping)[0]


def receipt(till, loyalty_number, *, now):
    """A receipt is taken in and processed; returns its source profile."""
    send_rows(till, {"loyalty_number": loyalty_number, "receipt": str(SourceProfile.objects.count())}, now=now)
    process(now)
    return SourceProfile.objects.latest("id").id


def test_the_older_profile_survives_a_merge_and_the_other_leads_to_it(people, now):
    (alice, alices), (bob, bobs), _ = people
    later = now + timedelta(hours=1)
    assert ledger.merge(bobs, alices, actor="steward", reason="same person", now=later) == alices
    assert set(source_profiles(alices)) == {alice, bob}
    assert source_profiles(bobs) == []
    assert where_now(bobs) == alices
    assert Change.objects.filter(kind="profile.merged", profile_id=alices).get().detail == {"from": str(bobs)}


def test_undoing_a_merge_gives_the_profile_back_its_id(people, now):
    (alice, alices), (bob, bobs), _ = people
    ledger.merge(alices, bobs, actor="steward", reason="same person", now=now + timedelta(hours=1))
    later = now + timedelta(days=30)
    assert ledger.undo_merge(alices, bobs, actor="steward", reason="mistake", now=later) == bobs
    assert source_profiles(alices) == [alice]
    assert source_profiles(bobs) == [bob]
    assert Verdict.objects.get(undone_at=None).verdict == "cannot_link"


def test_the_past_stays_as_it_was(people, now):
    (alice, alices), (bob, bobs), _ = people
    ledger.merge(alices, bobs, actor="steward", reason="same person", now=now + timedelta(hours=1))
    ledger.undo_merge(alices, bobs, actor="steward", reason="mistake", now=now + timedelta(hours=2))
    assert set(source_profiles(alices, at=now)) == {alice}
    assert set(source_profiles(alices, at=now + timedelta(minutes=90))) == {alice, bob}
    assert set(source_profiles(alices, at=now + timedelta(hours=3))) == {alice}


def test_a_split_makes_a_new_profile_and_can_be_undone(people, now):
    (alice, alices), (bob, bobs), _ = people
    ledger.merge(alices, bobs, actor="steward", reason="same person", now=now + timedelta(hours=1))
    made = ledger.split(bob, actor="steward", reason="two people", now=now + timedelta(hours=2))
    assert source_profiles(made) == [bob]
    ledger.undo_split(bob, actor="steward", reason="one after all", now=now + timedelta(hours=3))
    assert set(source_profiles(alices)) == {alice, bob}
    assert not Verdict.objects.filter(undone_at=None, verdict="cannot_link").exists()


def test_a_chain_of_merges_is_undone_link_by_link(people, now):
    (alice, alices), (bob, bobs), (carol, carols) = people
    hours = [now + timedelta(hours=hour) for hour in range(1, 5)]
    ledger.merge(bobs, carols, actor="steward", reason="same", now=hours[0])
    ledger.merge(alices, bobs, actor="steward", reason="same", now=hours[1])
    ledger.undo_merge(alices, bobs, actor="steward", reason="mistake", now=hours[2])
    assert (source_profiles(alices), set(source_profiles(bobs))) == ([alice], {bob, carol})
    ledger.undo_merge(bobs, carols, actor="steward", reason="mistake", now=hours[3])
    assert (source_profiles(bobs), source_profiles(carols)) == ([bob], [carol])


def test_a_merge_ends_what_kept_them_apart(people, crm, now):
    (_, alices), (_, bobs), (_, carols) = people
    hours = [now + timedelta(hours=hour) for hour in range(1, 6)]
    ledger.merge(alices, bobs, actor="steward", reason="same", now=hours[0])
    ledger.merge(alices, carols, actor="steward", reason="same", now=hours[1])
    ledger.undo_merge(alices, carols, actor="steward", reason="mistake", now=hours[2])
    assert Verdict.objects.filter(undone_at=None, verdict="cannot_link").count() == 2
    ledger.merge(alices, carols, actor="steward", reason="same after all", now=hours[3])
    assert not Verdict.objects.filter(undone_at=None, verdict="cannot_link").exists()
    send_rows(crm, {"customer_number": "bob", "email": "bob@example.com", "updated_at": "2026-11-02"}, now=hours[4])
    process(hours[4])
    assert len(source_profiles(alices)) == 3


def test_who_joined_because_of_the_merged_person_follows_them(people, till, now):
    """Bob's receipt came in while Bob was taken for Alice: it goes with him, and nothing forbids that."""
    (alice, alices), (bob, bobs), _ = people
    ledger.merge(alices, bobs, actor="steward", reason="same", now=now + timedelta(hours=1))
    receipts = [receipt(till, f"L-{name}", now=now + timedelta(hours=2)) for name in ("alice", "bob", "bob")]
    assert len(source_profiles(alices)) == 5
    later = now + timedelta(hours=3)
    ledger.undo_merge(alices, bobs, actor="steward", reason="mistake", now=later)
    pairs = Verdict.objects.filter(undone_at=None).values_list("left", "right")
    assert list(pairs) == [(alice, bob)]
    assert set(source_profiles(alices)) == {alice, receipts[0]}
    queue.enqueue([alice, bob, *receipts], now=later)
    process(later)
    assert set(source_profiles(alices)) == {alice, receipts[0]}
    assert set(source_profiles(bobs)) == {bob, *receipts[1:]}


def test_what_was_said_to_the_merged_person_binds_nobody_who_joined_because_of_the_other(people, till, now):
    """A no to marketing while Bob was taken for Alice was hers; it stands on Bob's receipt no more than on Bob."""
    (alice, alices), (bob, bobs), _ = people
    hours = [now + timedelta(hours=hour) for hour in range(6)]
    spoken = {"purpose": "marketing", "channel": "", "how": "phone", "actor": "clerk"}
    say([bob], profile=bobs, state="granted", now=hours[0], **spoken)
    ledger.merge(alices, bobs, actor="steward", reason="same", now=hours[1])
    receipts = [receipt(till, "L-bob", now=hours[2])]
    say([alice, bob, *receipts], profile=alices, state="withdrawn", now=hours[3], **spoken)
    ledger.undo_merge(alices, bobs, actor="steward", reason="mistake", now=hours[4])
    queue.enqueue([alice, bob, *receipts], now=hours[4])
    process(hours[4])
    assert set(source_profiles(bobs)) == {bob, *receipts}
    asked = [
        decide(source_profiles(profile), purpose="marketing", at=hours[5], actor=Actor.machine("test"), reason="test")
        for profile in (alices, bobs)
    ]
    assert [isinstance(answer, Grant) for answer in asked] == [False, True]


def test_who_was_merged_by_hand_meanwhile_stays(people, now):
    (alice, alices), (bob, bobs), (carol, carols) = people
    ledger.merge(alices, bobs, actor="steward", reason="same", now=now + timedelta(hours=1))
    ledger.merge(alices, carols, actor="steward", reason="same", now=now + timedelta(hours=2))
    ledger.undo_merge(alices, bobs, actor="steward", reason="mistake", now=now + timedelta(hours=3))
    assert (set(source_profiles(alices)), source_profiles(bobs)) == ({alice, carol}, [bob])


def test_a_few_verdicts_keep_two_large_profiles_apart(till, now):
    for name in ("alice", "bob"):
        send_rows(till, *({"loyalty_number": name, "receipt": f"{name} {n}"} for n in range(50)), now=now)
        process(now)
    alices, bobs = Profile.objects.order_by("id").values_list("id", flat=True)
    ledger.merge(alices, bobs, actor="steward", reason="same", now=now + timedelta(hours=1))
    ledger.undo_merge(alices, bobs, actor="steward", reason="mistake", now=now + timedelta(hours=2))
    assert Verdict.objects.filter(undone_at=None, verdict="cannot_link").count() == ledger.MOST_RULED**2
    queue.enqueue(list(SourceProfile.objects.values_list("id", flat=True)), now=now + timedelta(hours=3))
    process(now + timedelta(hours=3))
    assert [len(source_profiles(alices)), len(source_profiles(bobs))] == [50, 50]


def test_who_became_one_meanwhile_cannot_be_kept_apart_by_an_old_answer(people, now):
    (alice, alices), (bob, bobs), _ = people
    ledger.merge(alices, bobs, actor="steward", reason="same", now=now)
    with pytest.raises(NotPossible, match="split off"):
        ledger.rule(alice, bob, "cannot_link", actor="steward", reason="late answer", now=now + timedelta(hours=1))


def test_a_profile_cannot_be_merged_with_itself(people, now):
    profile = people[0][1]
    before = Assignment.objects.count()
    with pytest.raises(NotPossible, match="two different profiles"):
        ledger.merge(profile, profile, actor="steward", reason="oops", now=now)
    assert Assignment.objects.count() == before


def test_the_only_source_profile_cannot_be_split_off(people, now):
    with pytest.raises(NotPossible, match="nothing to split"):
        ledger.split(people[0][0], actor="steward", reason="oops", now=now)
    assert Verdict.objects.count() == 0


def test_who_is_unmerged_is_held_by_no_later_merge_either(people, now):
    """Carol was joined to Alice and Bob together; when Bob goes back, nothing of that holds of him any more."""
    (alice, alices), (bob, bobs), (carol, carols) = people
    ledger.merge(alices, bobs, actor="steward", reason="same", now=now)
    ledger.merge(alices, carols, actor="steward", reason="same", now=now)
    ledger.undo_merge(alices, bobs, actor="steward", reason="a mistake", now=now)
    standing = Verdict.objects.filter(undone_at=None).values_list("left_id", "right_id", "verdict")
    assert set(standing) == {(alice, carol, "must_link"), (alice, bob, "cannot_link"), (bob, carol, "cannot_link")}
    for hour in (1, 2):
        queue.enqueue([alice, bob, carol], now=now + timedelta(hours=hour))
        process(now + timedelta(hours=hour))
    assert [where_now(profile) for profile in (alices, bobs, carols)] == [alices, bobs, alices]


def test_nothing_joins_who_is_unmerged_where_not_every_pair_is_ruled_upon(people, till, now, monkeypatch):
    monkeypatch.setattr(ledger, "MOST_RULED", 2)
    (_, alices), (bob, bobs), (_, carols) = people
    daves = profile_of([dave := receipt(till, "L-dave", now=now)])[dave]
    for other in (bobs, carols, daves):
        ledger.merge(alices, other, actor="steward", reason="same", now=now)
    ledger.undo_merge(alices, bobs, actor="steward", reason="a mistake", now=now)
    standing = Verdict.objects.filter(undone_at=None)
    of_bob = standing.filter(Q(left_id=bob) | Q(right_id=bob)).values_list("verdict", flat=True)
    assert set(of_bob) == {"cannot_link"}


def test_who_had_left_a_profile_before_it_was_merged_does_not_go_back_to_it(people, now):
    (alice, alices), (bob, bobs), (carol, carols) = people
    hours = [now + timedelta(hours=hour) for hour in range(1, 6)]
    ledger.merge(bobs, carols, actor="steward", reason="same", now=hours[0])
    ledger.undo_merge(bobs, carols, actor="steward", reason="a mistake", now=hours[1])
    ledger.merge(alices, carols, actor="steward", reason="same", now=hours[2])
    ledger.merge(alices, bobs, actor="steward", reason="same", now=hours[3])
    ledger.undo_merge(alices, bobs, actor="steward", reason="a mistake", now=hours[4])
    assert (set(source_profiles(alices)), source_profiles(bobs)) == ({alice, carol}, [bob])


def test_a_merge_that_is_made_and_undone_twice_leaves_nobody_joined(people, till, now):
    """Alice's receipt came between the two: at the second merge it was hers already."""
    (alice, alices), (bob, bobs), _ = people
    hours = [now + timedelta(hours=hour) for hour in range(1, 7)]
    ledger.merge(alices, bobs, actor="steward", reason="same", now=hours[0])
    hers = receipt(till, "L-alice", now=hours[1])
    ledger.undo_merge(alices, bobs, actor="steward", reason="a mistake", now=hours[2])
    ledger.merge(alices, bobs, actor="steward", reason="same after all", now=hours[3])
    ledger.undo_merge(alices, bobs, actor="steward", reason="no", now=hours[4])
    assert not Verdict.objects.filter(undone_at=None, verdict="must_link").exists()
    queue.enqueue([alice, bob, hers], now=hours[5])
    process(hours[5])
    assert (set(source_profiles(alices)), source_profiles(bobs)) == ({alice, hers}, [bob])


def test_what_was_never_merged_cannot_be_unmerged(people, now):
    with pytest.raises(NotPossible, match="came from"):
        ledger.undo_merge(people[0][1], people[1][1], actor="steward", reason="oops", now=now)


def test_nobody_can_change_or_delete_an_entry(people, now):
    entry = Assignment.objects.current().first()
    for attempt in (
        lambda: Assignment.objects.filter(id=entry.id).update(profile=people[1][1]),
        lambda: Assignment.objects.filter(id=entry.id).update(reason="another"),
        lambda: Assignment.objects.filter(id=entry.id)._raw_delete("default"),
    ):
        with pytest.raises(ProgrammingError, match="ledger"), transaction.atomic():
            attempt()
    Assignment.objects.filter(id=entry.id).update(ended_at=now + timedelta(hours=1))
    with pytest.raises(ProgrammingError, match="ledger"), transaction.atomic():
        Assignment.objects.filter(id=entry.id).update(ended_at=now + timedelta(hours=2))


def test_not_even_an_erasure_can_move_an_entry_or_add_to_it(people):
    entry = Assignment.objects.current().first()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.erasing = 'on'")
    for change in ({"profile": people[1][1]}, {"evidence": {"with": "somebody"}}, {"reason": "another"}):
        with pytest.raises(ProgrammingError, match="ledger"), transaction.atomic():
            Assignment.objects.filter(id=entry.id).update(**change)


def test_a_source_profile_belongs_to_one_profile_at_a_time(people, now):
    (alice, _), (_, bobs), _ = people
    ledger.assign([ledger.Entry(alice, bobs, "test")], actor="test", rule_version="test", now=now + timedelta(hours=1))
    assert Assignment.objects.current().filter(source_profile=alice).count() == 1
    assert Assignment.objects.filter(source_profile=alice).count() == 2


def test_unknown_profiles_lead_nowhere(people, now):
    assert where_now(Profile(id=people[0][0]).id) is None


def test_who_waited_for_the_lock_decides_no_earlier_than_what_was_found_meanwhile(people, now):
    """Their instants were taken before the pipeline, or another steward, wrote what they then decide about."""
    (_, alices), (bob, bobs), _ = people
    waited = now - timedelta(seconds=2)
    ledger.merge(alices, bobs, actor="steward", reason="same person", now=waited)
    ledger.undo_merge(alices, bobs, actor="steward", reason="mistake", now=waited)
    ledger.merge(alices, bobs, actor="steward", reason="same after all", now=waited)
    ledger.split(bob, actor="steward", reason="not so", now=waited)
    assert ledger.undo_split(bob, actor="steward", reason="it is", now=waited) == alices
    entries = Assignment.objects.filter(source_profile=bob).order_by("id")
    assert [(entry.assigned_at, entry.ended_at) for entry in entries] == [(now, now)] * 5 + [(now, None)]


def test_a_worker_who_waited_ends_nothing_before_it_began(people, now):
    """Their instant was taken before a steward wrote what they then change."""
    (alice, alices), (bob, bobs), _ = people
    later, waited = now + timedelta(hours=1), now + timedelta(minutes=59)
    ledger.merge(alices, bobs, actor="steward", reason="same person", now=later)
    entries = [ledger.Entry(alice, alices, "similar person"), ledger.Entry(bob, bobs, "similar person")]
    ledger.assign(entries, actor="resolve", rule_version="rules 1", now=waited)
    held = Assignment.objects.filter(source_profile__in=[alice, bob]).order_by("source_profile", "id")
    assert [(entry.assigned_at, entry.ended_at) for entry in held] == [
        *((now, later), (later, None)),
        *((now, later), (later, later), (later, None)),
    ]
    assert ledger.release([bob], now=waited) == later
    assert ledger.release([bob], now=waited) == waited
