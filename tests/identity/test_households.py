"""Households: read off golden records as these change, of those who may be linked, and gone with their members."""

from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest
from django.db import connection

from consent.acts import NewAct, record
from consent.models import GRANTED, WITHDRAWN
from consent.restrictions import RESTRICTION, lift, restrict
from identity import homes, households, housemates, ledger
from identity.dwelling import Dwelling
from identity.households import has_home, household_of
from identity.models import LINKING, Home
from identity.profiles import look_up, source_profiles
from pipeline import by_hand, corrections, queue
from pipeline.process import let_time_pass
from privacy import aged_fields, aged_people, index_key_rotation, requests
from privacy.erasure import erase
from tests.crossing import cross
from tests.identity.test_overriding import grant_for
from tests.senders import process, send_rows
from vault import rotation_lock

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

HOME = {"street": "Rosenweg 60", "postcode": "8010", "city": "Graz"}
ANN = {"customer_number": "C1", "given_name": "Ann", "family_name": "Gruber", "email": "ann@example.com", **HOME}
BEN = {"customer_number": "C2", "given_name": "Ben", "family_name": "Gruber", "email": "ben@example.com", **HOME}
CID = {"customer_number": "C3", "given_name": "Cid", "family_name": "Gruber", "email": "cid@example.com"} | HOME
EVE = {"customer_number": "C9", "given_name": "Eve", "family_name": "Novak", "email": "eve@example.com", **HOME}


def come(crm, *rows, now, day=1):
    send_rows(crm, *({**row, "updated_at": f"2026-11-{day:02}T10:00:00Z"} for row in rows), now=now)
    process(now)


def who(number: str, now) -> UUID:
    profile = look_up("customer_number", number, now=now)
    assert profile
    return profile


def mates(number: str, now) -> set[UUID]:
    found = household_of(who(number, now))
    return {one.profile for one in found.members} if found else set()


def test_a_family_is_a_household_and_a_neighbour_is_not(crm, now):
    come(crm, ANN, BEN, EVE, now=now)
    found = household_of(who("C1", now))
    assert found is not None
    assert {one.profile for one in found.members} == {who("C1", now), who("C2", now)}
    assert {(tuple(one.because), one.joined_at) for one in found.members} == {(("family_name",), now)}
    assert household_of(who("C9", now)) is None
    assert len({who(number, now) for number in ("C1", "C2", "C9")}) == 3


def test_a_shared_phone_makes_two_names_one_household(crm, now):
    come(crm, ANN | {"phone": "+43 316 123456"}, EVE | {"phone": "0316 123456"}, now=now)
    found = household_of(who("C9", now))
    assert found is not None
    assert {tuple(one.because) for one in found.members} == {("phone",)}


def test_in_a_house_of_many_names_a_shared_name_is_not_why(crm, now, monkeypatch):
    monkeypatch.setattr(housemates, "MOST_FAMILIES", 1)
    come(crm, *(row | {"phone": "+43 316 123456"} for row in (ANN, BEN, EVE)), CID, now=now)
    found = household_of(who("C1", now))
    assert found is not None
    assert {(one.profile, tuple(one.because)) for one in found.members} == {
        (who(number, now), ("phone",)) for number in ("C1", "C2", "C9")
    }
    assert household_of(who("C3", now)) is None


def test_a_household_is_seen_as_if_those_left_out_were_not_known(crm, now):
    come(crm, ANN, BEN | {"phone": "+43 316 123456"}, EVE | {"phone": "+43 316 123456"}, now=now)
    ann, ben, eve = (who(number, now) for number in ("C1", "C2", "C9"))
    found = household_of(ann)
    assert found is not None
    assert found.seen_from(ann, among={ann, ben, eve}) == found
    seen = found.seen_from(ann, among={ann, ben})
    assert seen is not None
    assert (seen.id, [(one.profile, one.because) for one in seen.members]) == (
        found.id,
        [(one, ["family_name"]) for one in sorted((ann, ben))],
    )
    assert found.seen_from(ann, among={ann, eve}) is None
    assert found.seen_from(ann, among={ben, eve}) is None


def test_a_shared_flat_makes_two_names_one_household_and_the_next_flat_does_not(crm, now):
    flat = {"street": "Rosenweg 60/12"}
    come(crm, ANN | flat, EVE | flat, BEN | {"street": "Rosenweg 60 Top 13", "family_name": "Adler"}, now=now)
    found = household_of(who("C9", now))
    assert found is not None
    assert {(one.profile, *one.because) for one in found.members} == {
        (who("C1", now), "flat"),
        (who("C9", now), "flat"),
    }
    assert household_of(who("C2", now)) is None


def test_a_child_joins_and_the_household_stays_the_same(crm, now):
    come(crm, ANN, BEN, now=now)
    before = household_of(who("C1", now))
    later = now + timedelta(days=1)
    come(crm, CID, now=later)
    after = household_of(who("C3", later))
    assert before is not None
    assert after is not None
    assert after.id == before.id
    assert [one.joined_at for one in after.members] == [now, now, later]


def test_who_moves_leaves_and_who_stays_alone_is_no_household(crm, now):
    come(crm, ANN, BEN, now=now)
    come(crm, BEN | {"street": "Andere Gasse 1"}, now=now, day=5)
    assert mates("C1", now) == mates("C2", now) == set()
    assert set(Home.objects.values_list("household", flat=True)) == {None}
    come(crm, ANN | {"street": "Andere Gasse 1"}, now=now, day=6)
    assert mates("C1", now) == {who("C1", now), who("C2", now)}


def test_withdrawal_of_linking_takes_out_of_the_household_and_a_new_yes_brings_back(crm, now):
    come(crm, ANN, BEN, CID, now=now)
    ben = who("C2", now)
    (source_profile,) = source_profiles(ben)
    record([NewAct(source_profile, LINKING, "", WITHDRAWN, now, "phone", True, "clerk-3")], now=now)
    households.refresh([ben], now=now)
    assert household_of(ben) is None
    assert not Home.objects.filter(profile=ben).exists()
    assert mates("C1", now) == {who("C1", now), who("C3", now)}
    later = now + timedelta(days=1)
    record([NewAct(source_profile, LINKING, "", GRANTED, later, "phone", True, "clerk-3")], now=later)
    households.refresh([ben], now=later)
    assert len(mates("C1", later)) == 3


def test_a_withdrawal_follows_by_itself(crm, now):
    come(crm, ANN, BEN, now=now)
    ids = source_profiles(who("C2", now))
    record([NewAct(id, LINKING, "", WITHDRAWN, now, "phone", True, "clerk-3") for id in ids], now=now)
    queue.enqueue(ids, now=now)
    process(now)
    assert mates("C1", now) == set()
    assert Home.objects.count() == 1


def test_a_no_to_one_of_those_that_know_a_member_takes_them_out(crm, now):
    come(crm, ANN, BEN, {"customer_number": "C8", "city": "Graz"}, now=now)
    ben = corrections.merge(who("C2", now), who("C8", now), actor="steward", reason="the same", now=now)
    assert mates("C1", now) == {who("C1", now), ben}
    _, latest = source_profiles(ben)
    record([NewAct(latest, LINKING, "", WITHDRAWN, now, "phone", True, "clerk-3")], now=now)
    households.refresh([ben], now=now)
    assert mates("C1", now) == set()


def test_a_restriction_takes_out_until_it_is_lifted(crm, now):
    come(crm, ANN, BEN, now=now)
    ids = source_profiles(who("C2", now))
    restrict(ids, kind=RESTRICTION, actor="officer", now=now)
    let_time_pass(now=now)
    assert mates("C1", now) == set()
    later = now + timedelta(days=1)
    lift(ids, kind=RESTRICTION, actor="officer", now=later)
    let_time_pass(now=later)
    assert len(mates("C1", later)) == 2


def test_erasure_leaves_nothing_of_the_member(crm, now):
    come(crm, ANN, BEN, now=now)
    ben = who("C2", now)
    request = requests.open("erasure", profile_id=ben, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)
    assert not Home.objects.filter(profile=ben).exists()
    assert household_of(who("C1", now)) is None


def erase_person(profile, now):
    request = requests.open("erasure", profile_id=profile, actor="officer-1", now=now)
    erase(requests.approve(request, actor="officer-2", now=now), actor="officer-2", now=now)


SHARED_PHONE = {"phone": "+43 316 123456"}


def test_whom_only_an_erased_member_tied_live_together_no_more(crm, now):
    come(crm, ANN, BEN | SHARED_PHONE, EVE | SHARED_PHONE, now=now)
    assert len(mates("C1", now)) == 3
    erase_person(who("C2", now), now)
    assert mates("C1", now) == mates("C9", now) == set()
    assert set(Home.objects.values_list("household", "joined_at")) == {(None, None)}


def test_whom_only_an_aged_member_tied_live_together_no_more(crm, now):
    come(crm, ANN, BEN | SHARED_PHONE, EVE | SHARED_PHONE, now=now)
    aged_people._forget(set(source_profiles(who("C2", now))), now)
    assert mates("C1", now) == mates("C9", now) == set()
    assert set(Home.objects.values_list("household", flat=True)) == {None}


def test_of_too_many_one_is_erased_and_the_others_are_a_household(crm, now, monkeypatch):
    monkeypatch.setattr(housemates, "MOST_MEMBERS", 2)
    come(crm, ANN, BEN, CID, now=now)
    assert mates("C1", now) == set()
    erase_person(who("C2", now), now)
    assert mates("C1", now) == {who("C1", now), who("C3", now)}


def test_who_lived_with_an_erased_member_is_of_another_household_since_the_next_came(crm, now):
    come(crm, ANN, BEN, now=now)
    before = household_of(who("C1", now))
    erase_person(who("C2", now), now)
    later = now + timedelta(days=40)
    come(crm, CID, now=later)
    after = household_of(who("C1", later))
    assert before is not None
    assert after is not None
    assert after.id != before.id
    assert {one.joined_at for one in after.members} == {later}


HELD = """
SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND pid = pg_backend_pid())
"""


@pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
def test_rotations_wait_from_before_the_former_house_is_looked_up(crm, now, monkeypatch):
    come(crm, ANN, BEN | SHARED_PHONE, EVE | SHARED_PHONE, now=now)
    keep, waited = homes.keep, []

    def keep_if_rotations_wait(found):
        with connection.cursor() as cursor:
            cursor.execute(HELD, [rotation_lock.LOCK])
            waited.append(cursor.fetchone()[0])
        return keep(found)

    monkeypatch.setattr(homes, "keep", keep_if_rotations_wait)
    come(crm, BEN | {"street": "Andere Gasse 1"}, now=now, day=5)
    assert waited == [True]
    assert mates("C1", now) == mates("C9", now) == set()


def test_who_gives_a_street_without_a_house_is_opened_once(crm, now, monkeypatch):
    come(crm, ANN | {"street": "Schloss Eggenberg"}, now=now)
    assert not has_home(who("C1", now))
    opened = []
    monkeypatch.setattr("identity.homes.open_what_opens", lambda sealed, *_, **__: opened.extend(sealed) or [])
    let_time_pass(now=now)
    assert opened == []
    monkeypatch.undo()
    come(crm, ANN, now=now, day=5)
    assert has_home(who("C1", now))


def test_another_rule_reaches_those_who_are_known(crm, now, monkeypatch):
    come(crm, ANN | {"street": "Rosenweg 60/12"}, EVE | {"street": "Rosenweg 60/12"}, now=now)
    monkeypatch.setattr(homes, "RULES", homes.RULES + 1)
    monkeypatch.setattr(homes, "dwelling_of", lambda golden: Dwelling(golden["city"], {}))
    let_time_pass(now=now)
    assert mates("C1", now) == set()


@pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
def test_retention_of_a_field_takes_its_turn_before_it_takes_anything(crm, now):
    """Who corrects may tell of households twice in one transaction: neither may hold what the other needs meanwhile."""
    come(crm, ANN, BEN, now=now)
    forget = partial(aged_fields.forget, crm.pk, "street", cutoff=now, now=now, dry_run=False)
    _, (removed, _) = cross(ledger.lock, forget)
    assert removed >= 2
    assert not Home.objects.exists()


def test_a_merge_makes_one_member_of_two_and_undoing_it_two_of_one(crm, now):
    come(crm, ANN, BEN, CID, now=now)
    ann, ben = who("C1", now), who("C2", now)
    survivor = corrections.merge(ann, ben, actor="steward", reason="the same", now=now)
    assert mates("C3", now) == {survivor, who("C3", now)}
    process(now)
    assert mates("C3", now) == {survivor, who("C3", now)}
    corrections.undo_merge(survivor, ({ann, ben} - {survivor}).pop(), actor="steward", reason="not so", now=now)
    process(now)
    assert mates("C3", now) == {ann, ben, who("C3", now)}


def test_two_who_live_together_are_never_joined_by_it(crm, now):
    come(crm, ANN, BEN, CID, now=now)
    assert len({who(number, now) for number in ("C1", "C2", "C3")}) == 3


def test_in_any_order_the_same_live_together(crm, now):
    rows = [ANN | {"phone": "+43 316 123456"}, BEN, CID, EVE | {"phone": "+43 316 123456"}]
    for row in reversed(rows):
        come(crm, row, now=now)
    assert len(mates("C1", now)) == 4
    before = {one.profile_id: one.household for one in Home.objects.all()}
    Home.objects.all().delete()
    let_time_pass(now=now)
    after = {one.profile_id: one.household for one in Home.objects.all()}
    assert before.keys() == after.keys()
    assert len(set(after.values())) == 1


def test_a_house_of_very_many_tells_of_nobody(crm, now, monkeypatch):
    come(crm, ANN, BEN, CID, now=now)
    monkeypatch.setattr(households, "MOST_RESIDENTS", 3)
    come(crm, EVE, now=now)
    assert mates("C1", now) == set()
    assert Home.objects.filter(household=None).count() == 4


def test_what_a_steward_sets_by_hand_counts(crm, now):
    come(crm, ANN, EVE, now=now)
    eve = who("C9", now)
    by_hand.set_value(eve, "family_name", text="Gruber", reason="married", grant=grant_for(eve, now), now=now)
    assert mates("C9", now) == {who("C1", now), eve}
    by_hand.take_back(eve, "family_name", grant=grant_for(eve, now), now=now)
    assert mates("C9", now) == set()


def test_hashes_of_one_house_find_nobody_in_another(crm, now):
    come(crm, ANN, BEN | {"street": "Andere Gasse 1"}, now=now)
    one, other = Home.objects.order_by("profile")
    assert bytes(one.family_name) != bytes(other.family_name)


def test_nothing_is_opened_where_nothing_has_changed(crm, now, monkeypatch):
    come(crm, ANN, BEN, now=now)
    opened = []
    monkeypatch.setattr("identity.homes.open_what_opens", lambda sealed, *_, **__: opened.extend(sealed) or [])
    let_time_pass(now=now)
    assert opened == []
    assert len(mates("C1", now)) == 2


def test_a_new_key_for_homes_keeps_households_and_newcomers_find_them(crm, now):
    come(crm, ANN, BEN, now=now)
    before = {one.profile_id: (one.household, bytes(one.house)) for one in Home.objects.all()}
    list(index_key_rotation.rotate(["home"], now=now, wait=lambda seconds: None))
    after = {one.profile_id: (one.household, bytes(one.house)) for one in Home.objects.all()}
    assert {id: household for id, (household, _) in after.items()} == {id: found[0] for id, found in before.items()}
    assert not {house for _, house in after.values()} & {house for _, house in before.values()}
    come(crm, CID, now=now)
    assert len(mates("C3", now)) == 3


@pytest.mark.django_db(databases=["default", "keystore"], transaction=True)
def test_two_who_come_at_once_to_one_house_do_not_miss_each_other(crm, now):
    come(crm, ANN, BEN, now=now)
    ann, ben = who("C1", now), who("C2", now)
    Home.objects.all().delete()
    cross(lambda: households.refresh([ann], now=now), lambda: households.refresh([ben], now=now))
    assert mates("C1", now) == {ann, ben}
