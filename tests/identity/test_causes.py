"""A dry run says what would keep the parts of a person apart: an answer, a difference, a limit, or what is missing."""

import pytest

from consent.acts import NewAct, record
from identity import blocking_values, causes, dry_runs, ledger, limits
from identity.causes import in_words
from identity.edges import Edge
from identity.ledger import Entry
from identity.models import CANNOT_LINK, LINKING, MERGE, SPLIT
from identity.profiles import profile_of
from identity.rules import Thresholds
from records.models import SourceProfile
from tests.identity.test_dry_run import ALICE_AT_WORK, CAROL
from tests.identity.test_resolve import ALICE, BOB_HER_TWIN, partner
from tests.identity.test_settling import profile, source_profile
from tests.senders import process, send_messages, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
__all__ = ["partner"]
VISIT = {"type": "identify", "userId": "u4", "traits": {"email": "carol@example.com"}}


@pytest.fixture
def town(crm, now):
    """Alice, known twice; her twin; and Carol."""
    send_rows(crm, ALICE, ALICE_AT_WORK, BOB_HER_TWIN, CAROL | {"updated_at": "2026-11-01"}, now=now)
    process(now)


def changes(now, **thresholds):
    run = dry_runs.begin(None, Thresholds(**thresholds), by="steward-1", now=now)
    dry_runs.work_on(run.pk)
    return list(run.changes.order_by("-moving", "cause"))


def only(now, **thresholds):
    (change,) = changes(now, **thresholds)
    return change


def pair_of(change):
    return {change.left_id, change.right_id}


def taken_for_alice(number, now):
    """The ledger has this one with Alice, for no reason that anybody knows of."""
    stray = Entry(source_profile(number), profile("C1", now), "x")
    ledger.assign([stray], actor="resolve", rule_version="default", now=now)


def test_a_person_said_that_they_are_two(town, now):
    pair = source_profile("C1"), source_profile("C4")
    ledger.rule(*pair, CANNOT_LINK, actor="steward-1", reason="case 1", now=now)
    taken_for_alice("C4", now)
    change = only(now)
    assert (change.kind, change.cause, change.detail, pair_of(change)) == (SPLIT, "answered", "", {*pair})
    assert in_words(change.cause, change.detail) == "a person keeps them apart"


def test_another_given_name_says_that_they_are_two(town, now):
    taken_for_alice("C3", now)
    change = only(now)
    assert (change.cause, change.detail) == ("contradicted", "given_name")
    assert source_profile("C3") in pair_of(change)
    steps = {name: (level, bits) for name, level, bits in change.evidence}
    assert steps["given_name"][0] == "different"
    assert steps["given_name"][1] < 0
    assert in_words(change.cause, change.detail) == "given name plainly differs"


def test_who_have_nothing_alike_contradict_all_the_same(town, now):
    """Nothing brings Carol and Alice together; that their names differ is what a person looks for."""
    taken_for_alice("C4", now)
    change = only(now)
    assert (change.cause, change.detail, change.reason) == ("contradicted", "given_name", "nothing alike")
    assert "given_name" in {name for name, _, _ in change.evidence}


def test_a_limit_says_which_it_is(town, now):
    limits.change("customer_number", priority=2, most=1, most_in_window=None, window_days=None, by="u-1", now=now)
    change = only(now)
    assert (change.cause, change.detail) == ("limit", "customer_number, version 1: at most 1")
    assert pair_of(change) == {source_profile("C1"), source_profile("C2")}
    assert in_words(change.cause, change.detail) == "limit on customer number, version 1: at most 1"


def test_who_objects_to_being_linked_stands_alone(town, now):
    at_work = source_profile("C2")
    record([NewAct(at_work, LINKING, "", "withdrawn", now, "phone", True, "clerk-3")], now=now)
    change = only(now)
    assert (change.kind, change.cause, at_work in pair_of(change)) == (SPLIT, "objected", True)


def test_too_little_speaks_for_it_and_what_joined_them_so_far_is_said(town, now):
    change = only(now, link=0.9999)
    assert (change.cause, change.detail) == ("too little", "similar person")
    assert 0.9 < change.probability < 0.9999
    assert in_words(change.cause, change.detail) == "too little speaks for it; so far joined by: similar person"


@pytest.mark.parametrize("blocked", [False, True])
def test_a_blocked_value_that_both_bear_is_named(blocked, crm, shop, now):
    send_rows(crm, CAROL | {"updated_at": "2026-11-01"}, now=now)
    send_messages(shop, VISIT, now=now)
    process(now)
    if blocked:
        blocking_values.set_blocked("email", "carol@example.com", is_blocked=True, by="u-1", now=now)
    change = only(now, same_email=False, link=0.9999)
    expected = ("blocked", "email") if blocked else ("too little", "same e-mail")
    assert (change.cause, change.detail) == expected
    if blocked:
        assert in_words(*expected) == "the same e-mail, which is blocked and tells nothing"


def test_who_have_nothing_in_common_miss_a_link(partner, now):
    for number, row in enumerate(({"loyalty_number": "L1"}, {"loyalty_number": "L2"})):
        send_rows(partner, row | {"n": str(number)}, now=now)
    process(now)
    one, other = SourceProfile.objects.order_by("id").values_list("id", flat=True)
    stray = Entry(other, profile_of([one])[one], "same account id", {"with": str(one)})
    ledger.assign([stray], actor="resolve", rule_version="default", now=now)
    change = only(now)
    assert (change.cause, change.detail, change.reason) == ("nothing", "same account id", "nothing alike")
    assert (change.bits, change.probability) == (None, None)


def test_who_would_be_joined_by_a_third_says_so(partner, now):
    """One and two share a card, two and three an account."""
    rows = ({"loyalty_number": "L1"}, {"loyalty_number": "L1", "account_id": "A1"}, {"account_id": "A1"})
    send_rows(partner, *({**row, "n": str(number)} for number, row in enumerate(rows)), now=now)
    process(now)
    ids = list(SourceProfile.objects.order_by("id").values_list("id", flat=True))
    assert len(set(profile_of(ids).values())) == 1
    homes = ledger.make_profiles(3, now=now)
    apart = [Entry(id, home, "x") for id, home in zip(ids, homes, strict=True)]
    ledger.assign(apart, actor="resolve", rule_version="default", now=now)
    found = {frozenset(pair_of(one)): (one.kind, one.cause, one.reason) for one in changes(now)}
    assert found == {
        frozenset(ids[:2]): (MERGE, "", "same loyalty number"),
        frozenset((ids[0], ids[2])): (MERGE, causes.THROUGH_OTHERS, "nothing alike"),
    }


@pytest.mark.parametrize("link", [0.95, Thresholds().link, 0.999])
def test_whoever_one_card_joins_is_not_joined_through_others(link, crm, now):
    """What is certain joins whatever the threshold, also where that asks for more bits than certainty counts as."""
    card = {"loyalty_number": "L-0815", "updated_at": "2026-11-01"}
    ann = {"customer_number": "C1", "given_name": "Ann", "family_name": "Berg"} | card
    send_rows(crm, ann, ann | {"customer_number": "C2", "family_name": "Thal"}, now=now)
    process(now)
    (alone,) = ledger.make_profiles(1, now=now)
    ledger.assign([Entry(source_profile("C2"), alone, "x")], actor="resolve", rule_version="default", now=now)
    change = only(now, link=link)
    assert (change.kind, change.reason, change.cause) == (MERGE, "same loyalty number", "")


def test_what_is_certain_is_enough_by_itself():
    """However many bits the threshold asks for."""
    thresholds = Thresholds(link=0.9999)
    assert Edge(1.0, "same loyalty number", exact=True).reaches(thresholds.link)
    assert not Edge(1.0, "similar person").reaches(thresholds.link)


@pytest.mark.parametrize(
    ("most", "kept"),
    [
        (24, "same e-mail, same device"),
        (23, "same e-mail"),
        (11, "same e-mail"),
        (10, "same"),
        (3, "sam"),
    ],
)
def test_a_detail_that_is_too_long_ends_with_a_whole_part(most, kept):
    assert causes.shortened("same e-mail, same device", most) == kept
    assert causes.shortened("same e-mail, same device, x", most) == kept


@pytest.mark.parametrize(
    ("kind", "detail", "words"),
    [
        ("contradicted", "given_name, birth_date", "given name and birth date plainly differ"),
        ("visiting", "", "would join two known people in one browser or app"),
        ("outweighed", "", "their other records weigh more"),
        ("nothing", "", "nothing that both have speaks for it"),
        ("through others", "", "joined through others of the same person"),
        ("", "", ""),
    ],
)
def test_causes_are_said_in_words(kind, detail, words):
    assert in_words(kind, detail) == words
