"""Acts are recorded as they were said, never changed, and repeated only when they say something new."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from consent.acts import NewAct, UnknownPurpose, news_of, purposes, record
from consent.evidence import latest_acts
from consent.models import GRANTED, WITHDRAWN, Act, Purpose
from tests.consent.conftest import newcomer

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def test_an_act_is_kept_as_it_was_said(alice, now, yesterday):
    said = NewAct(
        alice, "marketing", "email", GRANTED, yesterday, "till form", True, "clerk-3", "notice-7", "de-AT", "EU"
    )
    (made,) = record([said], now=now)
    act = Act.objects.get()
    assert act.id == made.id
    assert (act.source_profile_id, act.purpose_id, act.channel, act.state) == (alice, "marketing", "email", GRANTED)
    assert (act.occurred_at, act.recorded_at) == (yesterday, now)
    assert (act.how, act.verified, act.actor) == ("till form", True, "clerk-3")
    assert (act.notice, act.locale, act.jurisdiction) == ("notice-7", "de-AT", "EU")


def test_one_unknown_purpose_and_none_is_recorded(alice, now):
    acts = [NewAct(alice, purpose, "", GRANTED, now, "form", True) for purpose in ("marketing", "marketign")]
    with pytest.raises(UnknownPurpose, match="there is no purpose 'marketign'"):
        record(acts, now=now)
    assert Act.objects.count() == 0


def test_an_act_says_yes_or_no(alice, now):
    with pytest.raises(IntegrityError, match="act_says_yes_or_no"), transaction.atomic():
        record([NewAct(alice, "marketing", "", "maybe", now, "form", True)], now=now)


@pytest.mark.parametrize("statement", ["UPDATE consent_act SET state = 'granted'", "DELETE FROM consent_act"])
def test_an_act_can_be_neither_changed_nor_deleted(alice, no, statement):
    no(alice)
    with pytest.raises(ProgrammingError, match="consent_act is append-only"), transaction.atomic():
        connection.cursor().execute(statement)
    assert Act.objects.get().state == WITHDRAWN


def test_an_erasure_deletes_and_may_not_change(alice, no):
    no(alice)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL onym.erasing = 'on'")
        with pytest.raises(ProgrammingError, match="consent_act is append-only"), transaction.atomic():
            cursor.execute("UPDATE consent_act SET state = 'granted'")
        cursor.execute("DELETE FROM consent_act")
    assert Act.objects.count() == 0


def test_a_purpose_that_was_spoken_of_stays(alice, no):
    no(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        connection.cursor().execute(
            "DELETE FROM consent_purpose WHERE slug = 'marketing'; SET CONSTRAINTS ALL IMMEDIATE"
        )


def test_the_purposes_of_every_installation():
    assert purposes() == {
        "service",
        "identity_linking",
        "analytics",
        "marketing",
        "personalization",
        "subject_requests",
        "security",
    }


@pytest.mark.parametrize(("high_risk", "dpia", "active", "right"), [
    (True, "", True, False),
    (True, "", False, True),
    (True, "DPIA-2026-3", True, True),
    (False, "", True, True),
])  # fmt: skip
def test_a_high_risk_purpose_needs_a_dpia_before_it_is_active(high_risk, dpia, active, right):
    purpose = Purpose(
        slug="scoring", name="Scoring", legal_basis="consent", high_risk=high_risk, dpia_reference=dpia, active=active
    )
    if right:
        purpose.save()
    else:
        with pytest.raises(IntegrityError, match="high_risk_purpose_needs_a_dpia"), transaction.atomic():
            purpose.save()


def test_a_purpose_rests_on_a_basis_that_the_rules_know():
    with pytest.raises(IntegrityError, match="legal_basis_is_known"), transaction.atomic():
        Purpose.objects.create(slug="whim", name="Whim", legal_basis="curiosity")


# What is news


@pytest.fixture
def word(alice, now):
    """An act of Alice's, so many days from now."""

    def say(state: str, day: float, *, channel: str = "email", verified: bool = True, notice: str = "") -> NewAct:
        return NewAct(alice, "marketing", channel, state, now + day * DAY, "source crm", verified, notice=notice)

    return say


def news(*acts: NewAct) -> list[tuple[str, str, int]]:
    """What is new of these, as channel, state and time."""
    return [(act.channel, act.state, act.occurred_at) for act in news_of(acts)]


def test_the_first_word_is_news_and_its_repetition_is_not(word, now):
    assert news(word(GRANTED, 1), word(GRANTED, 0), word(GRANTED, 2)) == [("email", GRANTED, now)]
    record([word(GRANTED, 0)], now=now)
    assert news(word(GRANTED, 1), word(GRANTED, 0)) == []


def test_a_change_of_mind_is_news_each_time(word):
    acts = [word(GRANTED, 0), word(WITHDRAWN, 1), word(GRANTED, 2)]
    assert news_of(acts) == acts


def test_each_person_purpose_and_channel_has_its_own_news(alice, bob, now):
    acts = [
        NewAct(who, purpose, channel, GRANTED, now, "form", True)
        for who in (alice, bob)
        for purpose in ("marketing", "analytics")
        for channel in ("email", "sms")
    ]
    assert len(news_of([*acts, *acts])) == 8


def test_a_late_yes_is_news_for_the_time_before(word, now):
    record([word(GRANTED, 0)], now=now)
    assert news(word(GRANTED, -1)) == [("email", GRANTED, now - DAY)]


def test_a_late_no_is_news_for_the_time_before(word, now):
    record([word(GRANTED, -3), word(WITHDRAWN, 0)], now=now)
    assert news(word(WITHDRAWN, -1)) == [("email", WITHDRAWN, now - DAY)]


def test_what_is_on_record_is_no_news_though_more_was_said_since(word, now):
    history = [word(GRANTED, -3), word(WITHDRAWN, -2), word(GRANTED, -1), word(WITHDRAWN, 0)]
    record(history, now=now)
    assert news_of(history) == []


def test_a_verified_yes_is_news_after_an_unverified_one(word, now):
    record([word(GRANTED, 0, verified=False)], now=now)
    assert news(word(GRANTED, 1, verified=False)) == []
    assert news(word(GRANTED, 1)) == [("email", GRANTED, now + DAY)]


def test_an_unverified_yes_is_no_news_after_a_verified_one(word, now):
    record([word(GRANTED, 0)], now=now)
    assert news(word(GRANTED, 1, verified=False)) == []


def test_a_no_to_all_channels_is_news_though_it_was_said_before_a_yes_to_one(word, now):
    record([word(WITHDRAWN, -2, channel=""), word(GRANTED, -1)], now=now)
    assert news(word(WITHDRAWN, 0, channel="")) == [("", WITHDRAWN, now)]


def test_a_no_to_one_channel_is_news_though_it_was_said_before_a_yes_to_all(word, now):
    record([word(WITHDRAWN, -2), word(GRANTED, -1, channel="")], now=now)
    assert news(word(WITHDRAWN, 0)) == [("email", WITHDRAWN, now)]


def test_a_no_to_one_channel_is_no_news_where_all_are_refused(word, now):
    record([word(WITHDRAWN, -2, channel="")], now=now)
    assert news(word(WITHDRAWN, 0), word(WITHDRAWN, 0, channel="")) == []


def test_an_objection_is_not_undone_by_a_file_that_repeats_its_old_yes(alice, word, now, no, answer):
    record([word(GRANTED, -3)], now=now)
    no(alice, channel="", day=-2)
    assert news(word(GRANTED, -1), word(GRANTED, 0)) == []
    assert answer(alice) == "withdrawn or refused"


# A source repeats its 'yes' after somebody else said 'no'


@pytest.fixture
def officer_says(alice, now):
    """Records what an officer, a clerk or the API says for Alice."""

    def say(state: str, day: float, *, channel: str = "") -> None:
        said_at = now + day * DAY
        record([NewAct(alice, "marketing", channel, state, said_at, "letter", True, actor="officer-2")], now=said_at)

    return say


@pytest.fixture
def source_says(word, now):
    """Records what of it is news, as the pipeline does, and tells whether it was."""

    def say(state: str, day: float, **how) -> bool:
        return bool(record(news_of([word(state, day, **how)]), now=now + day * DAY))

    return say


REFUSED = "withdrawn or refused"


@pytest.mark.parametrize(("said_on", "withdrawn_on"), [("", ""), ("email", "email"), ("email", ""), ("", "email")])
@pytest.mark.parametrize("said_before", [True, False])
def test_a_repeated_yes_does_not_undo_what_somebody_else_withdrew(
    alice, officer_says, source_says, answer, said_before, said_on, withdrawn_on
):
    if said_before:
        assert source_says(GRANTED, 0, channel=said_on)
        assert answer(alice) == "allowed"
    officer_says(WITHDRAWN, 1, channel=withdrawn_on)
    assert not any(source_says(GRANTED, day, channel=said_on) for day in (1, 2, 3))
    assert answer(alice, day=4) == REFUSED


def test_a_verified_yes_does_not_undo_what_somebody_else_withdrew(alice, officer_says, source_says, answer):
    source_says(GRANTED, 0, verified=False)
    officer_says(WITHDRAWN, 1)
    assert not source_says(GRANTED, 2, verified=True)
    assert answer(alice, day=3) == REFUSED


@pytest.mark.parametrize("said_before", [True, False])
def test_a_source_that_changes_its_own_no_to_yes_is_believed(alice, officer_says, source_says, answer, said_before):
    if said_before:
        source_says(GRANTED, 0)
    officer_says(WITHDRAWN, 1, channel="email")
    assert not source_says(GRANTED, 2)
    assert source_says(WITHDRAWN, 3)
    assert not source_says(WITHDRAWN, 4)
    assert answer(alice, day=4) == REFUSED
    assert source_says(GRANTED, 5)
    assert answer(alice, day=5) == "allowed"
    assert not source_says(GRANTED, 6)


def test_it_is_believed_too_if_its_no_came_before_the_officers(alice, officer_says, source_says, answer):
    source_says(WITHDRAWN, 0)
    officer_says(WITHDRAWN, 1)
    assert source_says(GRANTED, 2)
    assert answer(alice, day=2) == "allowed"


def test_a_change_that_came_before_the_officers_no_does_not_undo_it(alice, officer_says, source_says, answer):
    source_says(WITHDRAWN, 0)
    officer_says(GRANTED, 1, channel="email")
    assert source_says(GRANTED, 2)
    officer_says(WITHDRAWN, 3)
    assert not source_says(GRANTED, 4)
    assert answer(alice, day=5) == REFUSED


def test_a_change_at_the_instant_of_the_officers_no_does_not_undo_it(alice, officer_says, source_says, answer):
    source_says(WITHDRAWN, 0)
    officer_says(WITHDRAWN, 1)
    source_says(GRANTED, 1)
    assert not source_says(GRANTED, 2)
    assert answer(alice, day=3) == REFUSED


def test_a_yes_is_news_under_another_notice_and_not_when_it_names_none(source_says):
    assert source_says(GRANTED, 0, notice="notice-1")
    assert not source_says(GRANTED, 1, notice="notice-1")
    assert not source_says(GRANTED, 2)
    assert source_says(GRANTED, 3, notice="notice-2")
    assert not source_says(GRANTED, 4, notice="notice-2")


def test_a_first_yes_is_news_after_the_officer_took_the_no_back(officer_says, source_says):
    officer_says(WITHDRAWN, 0, channel="email")
    officer_says(GRANTED, 1)
    assert source_says(GRANTED, 2)
    assert not source_says(GRANTED, 3)


spoken = st.tuples(
    st.sampled_from(["", "email", "sms"]), st.sampled_from([GRANTED, WITHDRAWN]), st.integers(0, 5), st.booleans()
)
hypothetical = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@hypothetical
@given(st.lists(spoken, max_size=6))
def test_what_was_recorded_is_news_no_more(crm, now, words):
    acts = _said(newcomer(crm, now), words, now)
    record(news_of(acts), now=now)
    assert news_of(acts) == []


@hypothetical
@given(st.lists(spoken, max_size=7), st.integers(0, 5))
def test_keeping_only_the_news_never_allows_what_all_of_it_denies(crm, now, words, border):
    dora, her_double = newcomer(crm, now), newcomer(crm, now)
    record(_said(dora, words, now), now=now)
    acts = _said(her_double, words, now)
    for batch in (
        [act for act in acts if act.occurred_at <= now + border * DAY],
        [act for act in acts if act.occurred_at > now + border * DAY],
    ):
        record(news_of(batch), now=now)
    for channel in ("", "email", "sms"):
        for day in range(6):
            at = now + day * DAY
            held = latest_acts([dora, her_double], purpose="marketing", channel=channel, at=at, known_at=None)
            if dora in held and held[dora].state == WITHDRAWN:
                assert held[her_double].state == WITHDRAWN, (channel, day)


on_a_channel = st.tuples(st.sampled_from(["", "email", "sms"]), st.integers(0, 5))


@hypothetical
@given(st.lists(spoken, max_size=4), st.lists(on_a_channel, max_size=5))
def test_a_source_that_only_ever_says_yes_undoes_no_no_of_another(crm, now, by_officer, by_source):
    dora, her_double = newcomer(crm, now), newcomer(crm, now)
    for who in (dora, her_double):
        record([replace(act, actor="officer-2", verified=True) for act in _said(who, by_officer, now)], now=now)
    for channel, day in by_source:
        record(news_of(_said(her_double, [(channel, GRANTED, day, True)], now)), now=now)
    for channel in ("", "email", "sms"):
        for day in range(6):
            at = now + day * DAY
            held = latest_acts([dora, her_double], purpose="marketing", channel=channel, at=at, known_at=None)
            if dora in held and held[dora].state == WITHDRAWN:
                assert held[her_double].state == WITHDRAWN, (channel, day)


def _said(who, words, now) -> list[NewAct]:
    return [
        NewAct(who, "marketing", channel, state, now + day * DAY, "form", verified)
        for channel, state, day, verified in words
    ]
