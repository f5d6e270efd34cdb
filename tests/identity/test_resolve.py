"""Who is who, record by record, on real PostgreSQL."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from structlog.testing import capture_logs

from consent import restrictions
from consent.acts import NewAct, record
from identity import ledger, limits, rules
from identity.models import Assignment, Match
from identity.profiles import look_up, profile_of, source_profiles, source_profiles_of
from identity.rules import Thresholds
from pipeline import queue
from records import sources
from records.models import Attribute, SourceProfile
from tests.senders import process, send_messages, send_rows
from vault import keys

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

ALICE = {
    "customer_number": "C1",
    "given_name": "Alice",
    "family_name": "Winterbourne",
    "email": "alice@example.com",
    "phone": "+447700900101",
    "birth_date": "1980-03-04",
    "street": "1 Mill Lane",
    "postcode": "BS1 4QA",
    "city": "Bristol",
    "country": "GB",
    "updated_at": "2026-11-01T10:00:00Z",
}
ALICE_AT_WORK = ALICE | {
    "customer_number": "C2",
    "family_name": "Winterborne",
    "email": "",
    "street": "9 Dock Road",
    "postcode": "BS2 0AA",
}
CAROL = {"customer_number": "C9", "email": "carol@example.com", "updated_at": "2026-11-01"}
BOB_HER_TWIN = ALICE | {"customer_number": "C3", "given_name": "Robert", "email": ""}


def profiles() -> set:
    return set(profile_of(list(SourceProfile.objects.values_list("id", flat=True))).values())


def test_alice_at_work_is_alice_on_name_birth_date_and_phone(crm, now):
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    assert len(profiles()) == 1
    match = Match.objects.get()
    assert match.state == "linked"
    assert {(name, level) for name, level, _ in match.evidence} >= {("birth_date", "exact"), ("phone", "exact")}
    assert match.evidence[0][:2] == ["prior", "before any evidence"]


@pytest.mark.parametrize("other", [ALICE_AT_WORK, ALICE | {"customer_number": "C2", "street": ""}])
def test_the_evidence_of_a_join_adds_up(crm, now, other):
    send_rows(crm, ALICE, other, now=now)
    process(now)
    joined = [entry.evidence for entry in Assignment.objects.current().filter(evidence__has_key="bits")]
    sums = [sum(bits for _, _, bits in evidence["levels"]) for evidence in joined]
    assert len(joined) == 2
    assert sums == [pytest.approx(evidence["bits"], abs=0.05) for evidence in joined]


def test_bob_her_twin_stays_himself_though_all_but_the_given_name_agrees(crm, now):
    send_rows(crm, ALICE, BOB_HER_TWIN, now=now)
    process(now)
    assert len(profiles()) == 2


def test_the_same_people_arriving_one_by_one_end_in_the_same_profiles(crm, now):
    for row in (BOB_HER_TWIN, ALICE_AT_WORK, ALICE):
        send_rows(crm, row, now=now)
        process(now)
    alice = look_up("email", "alice@example.com", now=now)
    assert sorted(len(ids) for ids in source_profiles_of(profiles()).values()) == [1, 2]
    assert len(source_profiles(alice)) == 2


def test_a_bridging_record_merges_two_profiles_into_the_older_one(crm, now):
    pos = sources.add("pos", kind="offline", stable_key="loyalty_number")[0]
    send_rows(crm, ALICE, now=now)
    process(now)
    older = look_up("customer_number", "C1", now=now)
    send_rows(pos, {"loyalty_number": "L1", "amount": 5, "receipt_id": "R1"}, now=now)
    process(now)
    younger = look_up("loyalty_number", "L1", now=now)
    assert older != younger
    later = now + timedelta(minutes=1)
    send_rows(crm, ALICE | {"loyalty_number": "L1", "updated_at": "2026-11-02T10:00:00Z"}, now=later)
    process(later)
    assert look_up("loyalty_number", "L1", now=now) == older
    assert source_profiles(younger) == []
    assert len(source_profiles(younger, at=now)) == 1
    assert Assignment.objects.current().filter(reason="same loyalty number").count() == 1


def test_what_is_typed_into_a_browser_never_merges_two_known_people(crm, browser, now):
    carol = {"customer_number": "C9", "email": "carol@example.com", "loyalty_number": "L9", "updated_at": "2026-11-01"}
    send_rows(crm, ALICE, carol, now=now)
    consent = {"consent": {"categoryPreferences": {"analytics": True}}}
    traits = {"email": "alice@example.com", "loyalty_number": "L9"}
    send_messages(browser, {"type": "identify", "userId": "u1", "traits": traits, "context": consent}, now=now)
    process(now)
    alice, carol = look_up("customer_number", "C1", now=now), look_up("customer_number", "C9", now=now)
    assert alice != carol
    assert look_up("account_id", "u1", now=now) in (alice, carol)


def test_a_shared_household_phone_joins_nobody(crm, now):
    dora = ALICE | {"customer_number": "C4", "given_name": "Dora", "birth_date": "1955-01-09", "email": ""}
    send_rows(crm, ALICE, dora, now=now)
    process(now)
    assert len(profiles()) == 2


def test_whoever_objects_to_linking_stays_alone(crm, now):
    send_rows(crm, ALICE, now=now)
    (alice,) = SourceProfile.objects.values_list("id", flat=True)
    record([NewAct(alice, "identity_linking", "", "withdrawn", now, "letter", True)], now=now)
    send_rows(crm, ALICE_AT_WORK, now=now)
    process(now)
    assert len(profiles()) == 2


def object_to_linking(source_profile, now):
    record([NewAct(source_profile, "identity_linking", "", "withdrawn", now, "letter", True)], now=now)
    queue.enqueue([source_profile], now=now)
    process(now)


@pytest.fixture
def partner(db):
    """Knows people by either number."""
    fields = {name: name for name in ("customer_number", "loyalty_number", "account_id")}
    return sources.add("partner", kind="offline", stable_key="", mapping={"message_id": ["n"], "fields": fields})[0]


def test_who_was_held_together_by_somebody_who_objects_parts(partner, now):
    """The bridge goes, and its ends have nothing in common; most of them go on as the profile that they were."""
    rows = [{"customer_number": "C1", "loyalty_number": "L1"}, {"customer_number": "C1"}]
    rows += [{"loyalty_number": "L1"}, {"loyalty_number": "L1"}, {"account_id": "A"}]
    send_rows(partner, *(row | {"n": str(number)} for number, row in enumerate(rows)), now=now)
    process(now)
    bridge, number, *cards, stranger = SourceProfile.objects.order_by("id").values_list("id", flat=True)
    before = profile_of([bridge, number, *cards, stranger])
    assert sorted(len(ids) for ids in source_profiles_of(set(before.values())).values()) == [1, 4]
    object_to_linking(bridge, now + timedelta(hours=1))
    after = profile_of([bridge, number, *cards, stranger])
    assert {after[card] for card in cards} == {before[bridge]}
    assert len({after[bridge], after[number], after[cards[0]], after[stranger]}) == 4
    assert after[stranger] == before[stranger]
    entries = Assignment.objects.filter(source_profile__in=cards).count()
    object_to_linking(bridge, now + timedelta(hours=2))
    assert (profile_of(after), Assignment.objects.filter(source_profile__in=cards).count()) == (after, entries)


def test_who_is_restricted_stays_where_they_are_when_another_leaves(partner, now):
    rows = [{"customer_number": "C1", "loyalty_number": "L1"}, {"loyalty_number": "L1"}, {"loyalty_number": "L1"}]
    send_rows(partner, *(row | {"n": str(number)} for number, row in enumerate(rows)), now=now)
    process(now)
    bridge, *cards = SourceProfile.objects.order_by("id").values_list("id", flat=True)
    before = profile_of([bridge, *cards])
    restrictions.restrict(cards[:1], kind="restriction", actor="officer", now=now)
    object_to_linking(bridge, now + timedelta(hours=1))
    after = profile_of([bridge, *cards])
    assert [after[card] for card in cards] == [before[card] for card in cards]
    assert after[bridge] != before[bridge]


@pytest.mark.parametrize("objecting", [1, 3])
def test_others_meet_behind_those_who_object(partner, now, objecting):
    """Who bears a number first stands for all who do; if they may not be linked, the next one does."""
    for number in range(5):
        send_rows(partner, {"n": str(number), "loyalty_number": "L1"}, now=now)
        process(now)
        if number < objecting:
            object_to_linking(SourceProfile.objects.latest("id").id, now)
    ids = list(SourceProfile.objects.order_by("id").values_list("id", flat=True))
    sizes = sorted(len(ids) for ids in source_profiles_of(set(profile_of(ids).values())).values())
    assert sizes == [*[1] * objecting, 5 - objecting]


def sizes_of_people() -> list[int]:
    ids = list(SourceProfile.objects.values_list("id", flat=True))
    return sorted(len(theirs) for theirs in source_profiles_of(set(profile_of(ids).values())).values())


def test_a_card_of_very_many_who_object_stops_nobody(partner, now):
    send_rows(partner, *({"no": str(number), "loyalty_number": "L1"} for number in range(300)), now=now)
    process(now)
    ids = list(SourceProfile.objects.values_list("id", flat=True))
    record([NewAct(id, "identity_linking", "", "withdrawn", now, "letter", verified=True) for id in ids], now=now)
    queue.enqueue(ids, now=now)
    process(now + timedelta(hours=1))
    send_rows(partner, *({"no": f"new {number}", "loyalty_number": "L1"} for number in range(2)), now=now)
    with CaptureQueriesContext(connection) as asked:
        process(now + timedelta(hours=2))
    assert sizes_of_people() == [*[1] * 300, 2]
    # Alone of their card they take some sixty.
    assert len(asked) < 150


def test_a_lower_limit_parts_nobody_when_another_leaves(partner, now):
    rows = [{"no": str(number), "loyalty_number": "L1", "customer_number": f"C{number}"} for number in range(6)]
    send_rows(partner, *rows, now=now)
    process(now)
    limits.change("customer_number", priority=2, most=2, most_in_window=None, window_days=None, by="steward", now=now)
    first = SourceProfile.objects.order_by("id").values_list("id", flat=True)[0]
    object_to_linking(first, now + timedelta(hours=1))
    assert sizes_of_people() == [1, 5]


def test_whom_a_person_joined_to_the_same_one_stay_joined_when_that_one_leaves(partner, now):
    rows = [{"loyalty_number": "L1"}, {"account_id": "A1"}, {"customer_number": "C1"}]
    send_rows(partner, *(row | {"no": str(number)} for number, row in enumerate(rows)), now=now)
    process(now)
    first, second, third = SourceProfile.objects.order_by("id").values_list("id", flat=True)
    home = profile_of([first, second, third])
    survivor = ledger.merge(home[first], home[second], actor="steward", reason="case 1", now=now)
    ledger.merge(survivor, home[third], actor="steward", reason="case 2", now=now)
    object_to_linking(first, now + timedelta(hours=1))
    home = profile_of([first, second, third])
    assert home[second] == home[third] != home[first]


def test_two_whom_a_person_joined_to_somebody_who_objects_are_not_joined_to_each_other(partner, now):
    """Nobody said that the two are one: each was joined to the one who is linked to nobody, and left alone again."""
    rows = [{"account_id": "A1"}, {"customer_number": "C1"}, {"customer_number": "C2"}]
    send_rows(partner, *(row | {"no": str(number)} for number, row in enumerate(rows)), now=now)
    process(now)
    first, second, third = SourceProfile.objects.order_by("id").values_list("id", flat=True)
    object_to_linking(first, now + timedelta(hours=1))
    for hour, other in ((2, second), (3, third)):
        home = profile_of([first, other])
        at = now + timedelta(hours=hour)
        ledger.merge(home[first], home[other], actor="steward", reason="case 1", now=at)
        queue.enqueue([first, other], now=at)
        process(at)
    assert sizes_of_people() == [1, 1, 1]


def test_one_lost_key_and_one_damaged_value_stop_nobody(crm, now):
    """Whoever is not known whole is unknown: without his given name the twin would be taken for Alice."""
    for row in (ALICE, BOB_HER_TWIN, CAROL):
        send_rows(crm, row, now=now)
    _, bob, carol = SourceProfile.objects.order_by("created_at", "id").values_list("id", flat=True)
    keys.destroy([carol])
    Attribute.objects.filter(source_profile=bob, field="given_name").update(sealed=b"\x01" + b"damaged" * 8)
    with capture_logs() as logs:
        process(now)
    assert len(profiles()) == 3
    assert [line["count"] for line in logs] == [2]
    later = now + timedelta(hours=1)
    send_rows(crm, ALICE_AT_WORK, CAROL | {"updated_at": "2026-11-03"}, now=later)
    process(later)
    assert len(source_profiles(look_up("customer_number", "C1", now=now))) == 2


def test_resolving_again_changes_nothing(crm, now):
    send_rows(crm, ALICE, ALICE_AT_WORK, BOB_HER_TWIN, now=now)
    process(now)
    before = sorted(Assignment.objects.values_list("id", "profile_id", "ended_at"))
    send_rows(crm, ALICE | {"updated_at": "2026-11-03T10:00:00Z"}, now=now + timedelta(hours=1))
    process(now + timedelta(hours=1))
    assert sorted(Assignment.objects.values_list("id", "profile_id", "ended_at")) == before


def test_a_pair_waits_since_it_was_found_as_it_is(crm, now):
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward-1", reason="case 7", now=now)
    send_rows(crm, ALICE, ALICE_AT_WORK | {"phone": ""}, now=now)
    process(now)
    found = Match.objects.get(state="in_review").found_at
    send_rows(crm, ALICE | {"updated_at": "2026-11-03T10:00:00Z"}, now=now + timedelta(hours=1))
    process(now + timedelta(hours=1))
    assert Match.objects.get(state="in_review").found_at == found
    moved = ALICE | {"updated_at": "2026-11-04T10:00:00Z", "street": "Feldweg 9", "city": "Kiel", "postcode": "24103"}
    send_rows(crm, moved, now=now + timedelta(hours=2))
    process(now + timedelta(hours=2))
    assert Match.objects.get(state="in_review").found_at > found


def test_a_split_stays_split_when_the_evidence_comes_again(crm, now):
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    work = SourceProfile.objects.latest("id")
    ledger.split(work.id, actor="steward", reason="two people", now=now + timedelta(hours=1))
    send_rows(crm, ALICE | {"updated_at": "2026-11-03T10:00:00Z"}, now=now + timedelta(hours=2))
    process(now + timedelta(hours=2))
    assert len(profiles()) == 2
