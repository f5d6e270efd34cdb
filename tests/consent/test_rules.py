"""The rules of the decision, tried on every case of two source profiles, and on random ones of more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.models import (
    CONSENT,
    CONTRACT,
    GRANTED,
    LEGAL_BASES,
    LEGAL_OBLIGATION,
    LEGITIMATE_INTEREST,
    PENDING,
    WITHDRAWN,
)
from consent.rules import ALLOWED, Renewal, Rule, Said, conclude, is_outdated

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY, YEAR = timedelta(days=1), timedelta(days=365)
FRESH, OLD = AT - timedelta(days=1), AT - YEAR
ALICE, HER_PHONE, HER_TABLET = (UUID(int=number) for number in (1, 2, 3))
RULE = Rule("marketing", CONSENT, YEAR, active=True)

WORDS = [None, *product([GRANTED, WITHDRAWN], [FRESH, OLD], [True, False])]
PEOPLE = [ALICE, HER_PHONE]
people = [*PEOPLE, HER_TABLET]


def said(words) -> dict[UUID, Said]:
    """What each of them said last: state, when, and whether it is verified."""
    people = (ALICE, HER_PHONE, HER_TABLET)
    return {id: Said(id, *word) for id, word in zip(people, words, strict=False) if word is not None}


def expected(basis: str, words: dict[UUID, Said], declared: set[UUID], people=PEOPLE) -> bool:
    """The same rules told once more, in the shortest words."""
    if basis == LEGAL_OBLIGATION:
        return True
    if any(word.state == WITHDRAWN for word in words.values()):
        return False
    if basis == LEGITIMATE_INTEREST:
        return True
    if basis == CONTRACT:
        return bool(declared & set(people))
    fresh = {id for id, word in words.items() if word.occurred_at > AT - YEAR}
    return any(words[id].verified for id in fresh) or (bool(fresh) and fresh >= set(people))


@pytest.mark.parametrize("basis", LEGAL_BASES)
def test_every_case_of_two_source_profiles(basis):
    rule, cases = replace(RULE, legal_basis=basis), 0
    for left, right, declared in product(WORDS, WORDS, [set(), {ALICE}, {HER_PHONE}, {ALICE, HER_PHONE}, {HER_TABLET}]):
        words = said([left, right])
        concluded = conclude(rule, PEOPLE, words, declared=declared, at=AT) == ALLOWED
        assert concluded is expected(basis, words, declared), (basis, left, right, declared)
        cases += 1
    assert cases == 9 * 9 * 5


yes, no = (GRANTED, FRESH, True), (WITHDRAWN, FRESH, True)
device_yes, device_no = (GRANTED, FRESH, False), (WITHDRAWN, FRESH, False)
old_yes = (GRANTED, OLD, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([None, None], "no consent on record"),
        ([yes, None], "allowed"),
        ([yes, no], "withdrawn or refused"),
        ([yes, device_no], "withdrawn or refused"),
        ([old_yes, None], "consent has expired"),
        ([old_yes, yes], "allowed"),
        ([None, device_yes], "consent covers only some devices"),
        ([old_yes, device_yes], "consent covers only some devices"),
        ([device_yes, device_yes], "allowed"),
        ([(WITHDRAWN, OLD, True), yes], "withdrawn or refused"),
    ],
)
def test_the_reason_is_said(words, reason):
    assert conclude(RULE, PEOPLE, said(words), declared=(), at=AT) == reason


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (None, "unknown purpose"),
        (replace(RULE, active=False), "inactive purpose"),
        (replace(RULE, legal_basis=LEGAL_OBLIGATION, active=False), "inactive purpose"),
        (replace(RULE, legal_basis=CONTRACT), "no source declares this purpose"),
        (replace(RULE, legal_basis="vital_interest"), "unknown purpose"),
    ],
)
def test_a_purpose_that_does_not_hold_is_refused_whatever_was_said(rule, reason):
    assert conclude(rule, PEOPLE, said([yes, yes]), declared=(), at=AT) == reason


def test_a_withdrawal_does_not_expire():
    long_ago = (WITHDRAWN, AT - 20 * YEAR, True)
    assert conclude(RULE, PEOPLE, said([long_ago, None]), declared=(), at=AT) == "withdrawn or refused"


@pytest.mark.parametrize(("expires_after", "allowed"), [(None, True), (timedelta(0), False), (YEAR, True)])
def test_consent_lasts_as_long_as_the_purpose_says(expires_after, allowed):
    rule = replace(RULE, expires_after=expires_after)
    assert (conclude(rule, [ALICE], said([yes]), declared=(), at=AT) == ALLOWED) is allowed


def test_consent_ends_at_the_very_instant():
    words = said([(GRANTED, AT, True)])
    assert conclude(RULE, [ALICE], words, declared=(), at=AT + YEAR - timedelta(microseconds=1)) == ALLOWED
    assert conclude(RULE, [ALICE], words, declared=(), at=AT + YEAR) == "consent has expired"


def test_what_somebody_else_said_does_not_count():
    assert conclude(RULE, [HER_PHONE], said([yes]), declared=(), at=AT) == "no consent on record"
    assert conclude(RULE, [HER_PHONE], said([no, device_yes]), declared=(), at=AT) == ALLOWED


def test_nobody_is_refused():
    assert conclude(RULE, [], said([yes]), declared=(), at=AT) == "no consent on record"


def test_a_verified_yes_carries_over_though_others_are_not_verified():
    assert conclude(RULE, people, said([device_yes, yes, None]), declared=(), at=AT) == "allowed"
    assert conclude(RULE, people, said([device_yes, device_yes, None]), declared=(), at=AT) == (
        "consent covers only some devices"
    )


three = st.tuples(*[st.sampled_from(WORDS)] * 3)
rules = st.sampled_from([replace(RULE, legal_basis=basis) for basis in LEGAL_BASES])


@given(three, rules, st.permutations(people), st.sets(st.sampled_from(people)))
def test_neither_order_nor_repetition_matters(words, rule, order, declared):
    once = conclude(rule, people, said(words), declared=declared, at=AT)
    assert conclude(rule, [*order, *order], said(words), declared=[*declared], at=AT) == once


@given(three, rules, st.sampled_from(people), st.sampled_from([no, device_no]), st.sets(st.sampled_from(people)))
def test_one_more_no_never_allows(words, rule, who, refusal, declared):
    before, after = said(words), {**said(words), who: Said(who, *refusal)}
    allowed = conclude(rule, people, after, declared=declared, at=AT) == ALLOWED
    assert not allowed or conclude(rule, people, before, declared=declared, at=AT) == ALLOWED
    assert not allowed or rule.legal_basis == LEGAL_OBLIGATION


@given(three, rules, st.sets(st.sampled_from(people)))
def test_of_three_source_profiles_the_same_holds(words, rule, declared):
    allowed = conclude(rule, people, said(words), declared=declared, at=AT) == ALLOWED
    assert allowed is expected(rule.legal_basis, said(words), declared, people)


# How long a yes holds


@pytest.mark.parametrize(
    ("jurisdiction", "days"), [("", 30), ("DE", 30), ("FR", 10), ("US", 20), ("US-NY", 20), ("US-CA", 0), ("FR-75", 10)]
)
def test_a_yes_lasts_as_its_jurisdiction_says_or_its_country_or_the_purpose(jurisdiction, days):
    places = {"FR": 10, "US": 20, "US-CA": 0}
    rule = replace(RULE, expires_after=DAY * 30, expires_in={place: DAY * count for place, count in places.items()})
    assert rule.lasts(jurisdiction) == DAY * days
    assert replace(rule, expires_in={}).lasts(jurisdiction) == DAY * 30
    assert replace(rule, expires_after=None).lasts("DE") is None


def test_a_purpose_and_a_word_are_plain_unless_something_is_said_of_them():
    assert Rule("marketing", CONSENT, YEAR, True) == Rule("marketing", CONSENT, YEAR, True, False, False, {}, None)
    assert Said(ALICE, GRANTED, FRESH, True) == Said(ALICE, GRANTED, FRESH, True, "", "", None)


# What awaits confirmation

pending = (PENDING, FRESH, True)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ([pending, None], "consent awaits confirmation"),
        ([pending, pending], "consent awaits confirmation"),
        ([pending, yes], "allowed"),
        ([pending, no], "withdrawn or refused"),
        ([pending, old_yes], "consent has expired"),
        ([pending, device_yes], "consent covers only some devices"),
    ],
)
def test_what_awaits_confirmation_is_no_yes(words, reason):
    assert conclude(RULE, PEOPLE, said(words), declared=(), at=AT) == reason


# What people are told changes

CHANGED = AT - 10 * DAY
RENEWED = replace(RULE, renewal=Renewal(CHANGED, frozenset({"new", "newer"})))
BEFORE, SINCE = CHANGED - timedelta(microseconds=1), CHANGED


@pytest.mark.parametrize(
    ("occurred_at", "notice", "outdated"),
    [
        (BEFORE, "", True),
        (SINCE, "", False),
        (BEFORE, "new", False),
        (BEFORE, "old", True),
        (SINCE, "old", True),
        (SINCE, "newer", False),
    ],
)
def test_a_yes_counts_that_tells_the_new_or_was_said_since(occurred_at, notice, outdated):
    act = Said(ALICE, GRANTED, occurred_at, True, notice=notice)
    assert is_outdated(act, RENEWED) is outdated
    assert is_outdated(act, RULE) is False
    reason = "consent was given under an older notice" if outdated else "allowed"
    assert conclude(RENEWED, [ALICE], {ALICE: act}, declared=(), at=AT) == reason


def test_each_yes_is_held_against_time_and_notice_by_itself():
    expired, outdated = (
        Said(ALICE, GRANTED, OLD, True, notice="new"),
        Said(HER_PHONE, GRANTED, FRESH, True, notice="old"),
    )
    words = {ALICE: expired, HER_PHONE: outdated}
    assert conclude(RENEWED, PEOPLE, words, declared=(), at=AT) == "consent was given under an older notice"
    words[HER_TABLET] = Said(HER_TABLET, GRANTED, FRESH, False, notice="new")
    assert conclude(RENEWED, people, words, declared=(), at=AT) == "consent covers only some devices"
    assert conclude(RENEWED, [HER_TABLET], words, declared=(), at=AT) == "allowed"


# Restrictions


@pytest.mark.parametrize(
    ("kinds", "sale", "sensitive", "reason"),
    [
        ({"restriction"}, False, False, "restricted"),
        ({"legal_hold"}, True, True, "restricted"),
        ({"opt_out"}, True, False, "restricted"),
        ({"opt_out"}, False, True, "allowed"),
        ({"limit_use"}, False, True, "restricted"),
        ({"limit_use"}, True, False, "allowed"),
        ({"opt_out", "limit_use"}, False, False, "allowed"),
        ({"under_16"}, True, True, "allowed"),
        ({"under_16", "erasure_pending"}, False, False, "restricted"),
    ],
)
@pytest.mark.parametrize("basis", [CONSENT, CONTRACT, LEGITIMATE_INTEREST])
def test_a_restriction_refuses_what_it_is_about(kinds, sale, sensitive, reason, basis):
    rule = replace(RULE, legal_basis=basis, sale_or_sharing=sale, sensitive=sensitive)
    asked = {"declared": {ALICE}, "restrictions": kinds, "at": AT}
    assert conclude(rule, PEOPLE, said([yes, None]), **asked) == reason
    assert conclude(replace(rule, legal_basis=LEGAL_OBLIGATION), PEOPLE, said([yes, None]), **asked) == "allowed"
    before = "restricted" if reason == "restricted" else "withdrawn or refused"
    assert conclude(rule, PEOPLE, said([yes, no]), **asked) == before


@pytest.mark.parametrize("basis", [CONSENT, CONTRACT, LEGITIMATE_INTEREST])
def test_to_share_data_of_a_child_takes_a_yes(basis):
    child = {"declared": {ALICE}, "restrictions": {"under_16"}, "at": AT}
    rule = replace(RULE, legal_basis=basis, sale_or_sharing=True)
    assert conclude(rule, PEOPLE, {}, **child) == "no consent on record"
    assert conclude(rule, PEOPLE, said([yes, None]), **child) == "allowed"
    assert conclude(rule, PEOPLE, said([old_yes, None]), **child) == "consent has expired"
    without = conclude(replace(rule, sale_or_sharing=False), PEOPLE, {}, **child)
    assert without == ("no consent on record" if basis == CONSENT else "allowed")
    grown_up = conclude(rule, PEOPLE, {}, declared={ALICE}, at=AT)
    assert grown_up == ("no consent on record" if basis == CONSENT else "allowed")
