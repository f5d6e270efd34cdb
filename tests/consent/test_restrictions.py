"""While a restriction stands nothing is used but for a legal duty; it is lifted by a row, never by a change."""

from datetime import timedelta
from uuid import UUID

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction

from consent.models import Restriction
from consent.restrictions import ERASURE_PENDING, LEGAL_HOLD, RESTRICTION, kinds, lift, restrict, restricted

pytestmark = pytest.mark.django_db

DAY, BLINK = timedelta(days=1), timedelta(microseconds=1)
ONE, OTHER = UUID(int=1), UUID(int=2)


def test_a_restricted_person_is_used_for_a_legal_duty_alone(alice, alices_phone, bob, yes, answer, now):
    for who in (alice, bob):
        yes(who)
    restrict([alices_phone], kind="restriction", actor="officer-1", now=now - DAY)
    for purpose, channel in (("marketing", "email"), ("service", ""), ("identity_linking", "")):
        assert answer(alice, alices_phone, purpose=purpose, channel=channel) == "restricted"
        assert answer(bob, purpose=purpose, channel=channel) == "allowed"
    assert answer(alice, alices_phone, purpose="subject_requests", channel="") == "allowed"


def test_it_is_answered_as_of_then_and_as_known_then(alice, yes, answer, now):
    yes(alice, day=-30)
    restrict([alice], kind="legal_hold", actor="officer-1", now=now - 5 * DAY)
    lift([alice], kind="legal_hold", actor="officer-1", now=now - 2 * DAY)
    asked = [-5.001, -5, -2.001, -2]
    assert [answer(alice, day=day) for day in asked] == ["allowed", "restricted", "restricted", "allowed"]
    assert answer(alice, day=-1, known=-3) == "restricted"
    assert answer(alice, day=-1, known=-6) == "allowed"


def test_it_ends_by_itself_at_the_very_instant(alice, yes, answer, now):
    yes(alice, day=-3)
    restrict([alice], kind="restriction", actor="officer-1", now=now - DAY, until=now + DAY)
    assert answer(alice, day=0.999) == "restricted"
    assert answer(alice, day=1) == "allowed"


def test_each_request_lifts_its_own_and_no_request_lifts_all(alice, now):
    for request in (ONE, OTHER):
        restrict([alice], kind="legal_hold", actor="officer-1", now=now, request=request)
    restrict([alice], kind="restriction", actor="officer-1", now=now)
    lift([alice], kind="legal_hold", actor="officer-1", now=now, request=ONE)
    assert restricted([alice], at=now) == {alice: {"legal_hold", "restriction"}}
    lift([alice], kind="legal_hold", actor="officer-1", now=now, request=OTHER)
    assert restricted([alice], at=now) == {alice: {"restriction"}}
    lift([alice], kind="restriction", actor="officer-1", now=now)
    assert restricted([alice], at=now) == {}
    restrict([alice], kind="restriction", actor="officer-1", now=now)
    assert restricted([alice], at=now) == {alice: {"restriction"}}


def test_the_kinds_are_called_as_they_are_on_record():
    assert (RESTRICTION, LEGAL_HOLD, ERASURE_PENDING) == ("restriction", "legal_hold", "erasure_pending")


def test_it_is_the_persons_own_and_so_is_its_end(alice, bob, now):
    restrict([alice], kind="legal_hold", actor="officer-1", now=now)
    assert restricted([bob], at=now) == {}
    lift([bob], kind="legal_hold", actor="officer-1", now=now)
    assert restricted([alice, bob], at=now) == {alice: {"legal_hold"}}
    assert kinds({alice: {"legal_hold"}, bob: {"restriction"}}, [alice]) == {"legal_hold"}
    assert kinds({}, [alice]) == set()


def test_it_begins_and_ends_at_the_very_instant_of_its_recording(alice, now):
    restrict([alice], kind="legal_hold", actor="officer-1", now=now)
    lift([alice], kind="legal_hold", actor="officer-1", now=now + DAY)
    stands = {alice: {"legal_hold"}}
    instants = [now - BLINK, now, now + DAY - BLINK, now + DAY]
    assert [restricted([alice], at=one) for one in instants] == [{}, stands, stands, {}]
    assert [restricted([alice], at=now + DAY, known_at=one) for one in instants] == [{}, stands, stands, {}]


def test_one_kind_ends_and_the_other_stays(alice, now):
    for kind in ("legal_hold", "restriction"):
        restrict([alice], kind=kind, actor="officer-1", now=now)
    lift([alice], kind="legal_hold", actor="officer-1", now=now)
    assert restricted([alice], at=now) == {alice: {"restriction"}}


def test_the_request_that_began_it_ends_it(alice, now):
    restrict([alice], kind="legal_hold", actor="officer-1", now=now, request=ONE)
    lift([alice], kind="legal_hold", actor="officer-1", now=now, request=OTHER)
    assert restricted([alice], at=now) == {alice: {"legal_hold"}}
    lift([alice], kind="legal_hold", actor="officer-1", now=now, request=ONE)
    assert restricted([alice], at=now) == {}


def test_a_second_one_that_ends_by_itself_ends_nothing_else(alice, now):
    restrict([alice], kind="restriction", actor="officer-1", now=now)
    restrict([alice], kind="restriction", actor="officer-1", now=now + DAY, until=now + 2 * DAY)
    assert restricted([alice], at=now + 3 * DAY) == {alice: {"restriction"}}


@pytest.mark.parametrize(
    "statement", ["UPDATE consent_restriction SET lifts = true", "DELETE FROM consent_restriction"]
)
def test_it_can_be_neither_changed_nor_deleted(alice, now, statement):
    restrict([alice], kind="restriction", actor="officer-1", now=now)
    with pytest.raises(ProgrammingError, match="consent_restriction is append-only"), transaction.atomic():
        connection.cursor().execute(statement)


def test_it_says_which_kind_it_is(alice, now):
    with pytest.raises(IntegrityError, match="restriction_has_a_kind"), transaction.atomic():
        restrict([alice], kind="", actor="officer-1", now=now)
    assert not Restriction.objects.exists()
