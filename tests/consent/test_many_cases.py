"""A whole population at once, on every case of a few words: exactly those whom the decision allows one by one."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from itertools import combinations_with_replacement, product
from typing import NamedTuple
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent import notices
from consent.acts import NewAct, record
from consent.decide import decide_each
from consent.many import Groups, decide_all
from consent.models import (
    CONSENT,
    CONTRACT,
    GRANTED,
    LEGAL_BASES,
    LEGAL_OBLIGATION,
    LEGITIMATE_INTEREST,
    WITHDRAWN,
    Purpose,
    PurposeVersion,
)
from consent.restrictions import lift, restrict
from records import sources
from records.models import Source
from records.source_profiles import Newcomer, make
from tests.consent.conftest import READER
from vault.ids import new_id

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
GROUPS = Groups("pg_temp.asked", person="person", where="wanted")
YES_OR_NO = (GRANTED, WITHDRAWN)
BOTH = (True, False)


class Word(NamedTuple):
    """Something said of marketing, so many days before the instant that is asked about."""

    channel: str
    state: str
    days: float
    verified: bool = True
    notice: str = ""
    jurisdiction: str = ""


Words = Iterable[Word]
People = dict[UUID, list[UUID]]


@pytest.fixture
def file(db) -> Source:
    """A source that declares the purpose."""
    return sources.add("file", kind="offline", purposes=["marketing"])[0]


@pytest.fixture
def page(db) -> Source:
    """A source that does not."""
    return sources.add("page", kind="online", client_side=True, purposes=["analytics"])[0]


@pytest.fixture
def rule(now) -> Callable[..., None]:
    """Marketing rests on consent that lasts nine days, or on something else."""

    def rule(basis: str = CONSENT, **different) -> None:
        what = {"legal_basis": basis, "expires_after_days": 9, "rule_since": now - 99 * DAY} | different
        Purpose.objects.filter(slug="marketing").update(**what)

    return rule


@pytest.fixture
def table(db) -> None:
    connection.cursor().execute(
        "CREATE TEMP TABLE asked (person uuid, source_profile_id uuid, wanted boolean) ON COMMIT DROP"
    )


@pytest.fixture
def people(file, table, now) -> Callable[..., People]:
    """People, each told by what their source profiles said; all are asked about unless it is said otherwise."""

    def people(histories: Iterable[Iterable[Words]], *, source: Source = file, wanted: bool = True) -> People:
        made: People = {}
        said = []
        for history in histories:
            theirs = made[new_id()] = []
            for words in history:
                theirs.append(new_id())
                said += [
                    NewAct(
                        theirs[-1], "marketing", word.channel, word.state, now - word.days * DAY, "form", word.verified,
                        notice=word.notice, jurisdiction=word.jurisdiction,
                    )
                    for word in words
                ]  # fmt: skip
        make(source, [Newcomer(id, "single", None, now) for ids in made.values() for id in ids], now=now)
        record(said, now=now)
        with connection.cursor() as cursor:
            rows = [(person, id, wanted) for person, theirs in made.items() for id in theirs]
            cursor.executemany("INSERT INTO asked VALUES (%s, %s, %s)", rows)
        return made

    return people


@pytest.fixture
def allowed(now) -> Callable[..., set[UUID]]:
    """Whom both answers allow, which are the same."""

    def allowed(people: People, channel: str = "") -> set[UUID]:
        asked = {"purpose": "marketing", "channel": channel, "at": now}
        expected = decide_each(people, **asked, actor=READER, reason="parity").allowed
        found = decide_all(GROUPS, **asked)
        assert len(found) == len(found.uuids())
        assert found.uuids() == expected
        return found.uuids()

    return allowed


def test_every_two_words_of_one_source_profile(rule, people, allowed):
    rule()
    words = [Word(*one) for one in product(("", "email", "sms"), YES_OR_NO, (9, 1, 0, -1), BOTH)]
    everybody = people([[pair] for pair in combinations_with_replacement(words, 2)])
    assert len(everybody) == 48 * 49 // 2
    for channel in ("", "email", "post"):
        assert 0 < len(allowed(everybody, channel)) < len(everybody)


@pytest.mark.parametrize("basis", LEGAL_BASES)
def test_every_word_of_two_source_profiles(rule, people, allowed, basis):
    rule(basis)
    words = [[], *([Word(*one)] for one in product(("email",), YES_OR_NO, (9, 1, -1), BOTH))]
    everybody = people(product(words, words))
    assert len(everybody) == 13 * 13
    for channel in ("", "email"):
        assert (len(allowed(everybody, channel)) == len(everybody)) is (basis == LEGAL_OBLIGATION)


def test_a_contract_of_each_of_two_sources(rule, people, allowed, page, file, now):
    rule(CONTRACT)
    declared, undeclared = people([[[]], [[]]]), people([[[]], [[]]], source=page)
    both = people([[[]], [[]]])
    (mixed, others), joined = both, people([[[]]], source=page)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE asked SET person = %s WHERE person = ANY(%s)", [mixed, list(joined)])
    both[mixed] += [id for ids in joined.values() for id in ids]
    assert allowed(declared | undeclared | both) == {*declared, mixed, others}


@pytest.mark.parametrize("days", [None, 9])
def test_every_jurisdiction_on_its_last_day(rule, people, allowed, days):
    rule(expires_after_days=days, expiry_by_jurisdiction={"FR": 5, "US": 8, "US-CA": 0})
    places = ("", "DE", "FR", "FR-75", "US", "US-NY", "US-CA")
    words = [Word("", GRANTED, said, True, "", place) for said in (0, 5, 4.999, 8, 7.999, 9, 8.999) for place in places]
    everybody = people([[[word]] for word in words])
    assert 0 < len(allowed(everybody)) < len(everybody)


def test_without_end_a_yes_lasts(rule, people, allowed):
    rule(expires_after_days=None)
    everybody = people([[[Word("", GRANTED, 5_000)]], [[Word("", WITHDRAWN, 5_000)]]])
    assert allowed(everybody) == {next(iter(everybody))}


def test_every_two_notices_and_places_of_one_instant(rule, people, allowed, now):
    rule(expires_after_days=None, expiry_by_jurisdiction={"FR": 4})
    hashes = ["", "0" * 64]
    for days, material in ((9, False), (5, True), (3, False)):
        text = {"en": f"Told {days} days ago."}
        (notice,) = notices.publish("marketing", text, material=material, published_at=now - days * DAY, now=now)
        hashes.append(notice.hash)
    words = [Word(*one) for one in product(("", "email"), (GRANTED,), (5.001, 5, 4), BOTH, hashes, ("", "FR"))]
    pairs = [pair for pair in combinations_with_replacement(words, 2) if pair[0].days == pair[1].days]
    everybody = people([[pair] for pair in pairs])
    for channel in ("", "email"):
        assert 0 < len(allowed(everybody, channel)) < len(everybody)


@pytest.mark.parametrize("sale", BOTH)
@pytest.mark.parametrize("sensitive", BOTH)
@pytest.mark.parametrize("basis", [CONSENT, LEGITIMATE_INTEREST])
def test_every_restriction(rule, people, allowed, now, basis, sensitive, sale):
    rule(basis, sensitive=sensitive, sale_or_sharing=sale)
    kinds = ("restriction", "opt_out", "limit_use", "under_16")
    everybody = people([[[Word("", GRANTED, 1)], []] for _ in range(2 * len(kinds) + 1)])
    for kind, (first, second) in zip(kinds, list(everybody.values())[: len(kinds)], strict=True):
        restrict([first], kind=kind, actor="officer-1", now=now)
        restrict([second], kind=kind, actor="officer-1", now=now - DAY)
        lift([second], kind=kind, actor="officer-1", now=now)
    for kind, (_, second) in zip(kinds, list(everybody.values())[len(kinds) : -1], strict=True):
        restrict([second], kind=kind, actor="officer-1", now=now - DAY)
        lift([second], kind=kind, actor="officer-1", now=now)
    (*_, free) = everybody
    found = allowed(everybody)
    assert free in found
    assert len(found) == (2 * len(kinds) + 1) - 1 - sale - sensitive


def test_only_those_are_weighed_who_are_asked_about_and_only_what_is(rule, people, allowed, now):
    rule()
    yes, no = [Word("", GRANTED, 1)], [Word("", WITHDRAWN, 1)]
    wanted = people([[yes], [no], [yes, yes], [[]]])
    unwanted = people([[yes], [no], [no], [yes]], wanted=False)
    restrict([ids[0] for ids in unwanted.values()], kind="restriction", actor="officer-1", now=now)
    first, second, third, _ = wanted
    with connection.cursor() as cursor:  # what is not asked about of those who are: a no, and a restriction
        rows = [(first, unwanted_id, False) for ids in unwanted.values() for unwanted_id in ids]
        cursor.executemany("INSERT INTO asked VALUES (%s, %s, %s)", rows)
    assert allowed(wanted) == {first, third}
    restrict(wanted[third][:1], kind="restriction", actor="officer-1", now=now)
    restrict(wanted[second][:1], kind="opt_out", actor="officer-1", now=now)
    restrict(wanted[first], kind="opt_out", actor="officer-1", now=now)
    assert allowed(wanted) == {first}


def test_what_was_said_of_another_purpose_counts_for_it_alone(rule, people, allowed, no, yes):
    rule()
    agreed, silent = people([[[Word("", GRANTED, 1)]], [[]]]).items()
    for channel in ("", "email"):
        no(agreed[1][0], purpose="analytics", channel=channel)
        yes(silent[1][0], purpose="analytics", channel=channel)
    for channel in ("", "email"):
        assert allowed(dict([agreed, silent]), channel) == {agreed[0]}


def test_asked_of_no_channel_is_asked_of_any_and_without_condition_of_all(rule, people, now):
    rule()
    agreed, _ = people([[[Word("email", GRANTED, 1)]], [[Word("email", GRANTED, 1), Word("sms", WITHDRAWN, 1)]]])
    unwanted = people([[[Word("email", GRANTED, 1)]]], wanted=False)
    assert decide_all(GROUPS, purpose="marketing", at=now).uuids() == {agreed}
    everybody = Groups("pg_temp.asked", person="person")
    assert decide_all(everybody, purpose="marketing", at=now).uuids() == {agreed, *unwanted}


def test_what_the_law_asks_for_is_allowed_of_those_alone_who_are_asked_about(rule, people, allowed):
    rule(LEGAL_OBLIGATION)
    wanted = people([[[Word("", WITHDRAWN, 1)]], [[], []]])
    people([[[Word("", GRANTED, 1)]]], wanted=False)
    assert allowed(wanted) == set(wanted)


def test_a_basis_that_the_rules_do_not_know_allows_nobody(rule, people, allowed, now):
    rule()
    everybody = people([[[Word("", GRANTED, 1)]]])
    version = {"valid_from": now, "recorded_at": now, "active": True}
    PurposeVersion.objects.create(purpose_id="marketing", legal_basis="whim", **version)
    assert allowed(everybody) == set()


@pytest.mark.parametrize("channel", ["", "email"])
@pytest.mark.parametrize("basis", [CONSENT, CONTRACT, LEGITIMATE_INTEREST])
def test_whoever_spoke_plainly_is_not_asked_one_by_one(rule, people, now, basis, channel):
    """One statement for all of them: that is what makes it fast."""
    rule(basis)
    words = [Word(*one) for one in product(("", "email"), YES_OR_NO, (9, 1, 0), BOTH)]
    pairs = [pair for pair in combinations_with_replacement(words, 2) if is_plain(*pair)]
    people([[[]], *([pair] for pair in pairs), *([[word], []] for word in words)])
    with CaptureQueriesContext(connection) as run:
        decide_all(GROUPS, purpose="marketing", channel=channel, at=now)
    assert [query["sql"] for query in run if "consent_act" in query["sql"]] == []


def is_plain(one: Word, other: Word) -> bool:
    """Whether one of them is later, or a no, or both say the same."""
    return one.days != other.days or WITHDRAWN in (one.state, other.state) or one.verified == other.verified


def test_nobody_asked_about_is_nobody_allowed(rule, table, now):
    for basis in LEGAL_BASES:
        rule(basis)
        assert decide_all(GROUPS, purpose="marketing", channel="email", at=now).uuids() == set()
