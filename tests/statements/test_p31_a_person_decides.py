"""No automated decision with a significant effect takes effect before a person has released it."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from outbox import changes
from outbox.models import Change
from privacy import human_review, requests
from segments import catalog, review
from segments.models import HeldChange, Membership, Segment
from segments.refresh import refresh
from segments.review import AlreadyDecided, HumanNeeded, NotAllowed
from tests.segments.factories import NOW, did, person, withdraw
from tests.statements.sabotage import Sabotage
from vault.grants import Actor
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "segments/membership.py",
    "    held_in = {key: result for key, result in entering.items() if segments[key[0]].significant_effect}",
    "    held_in: dict[Key, Result] = {}",
)
OFFICER = Actor("person", "officer-1")
NO_PERSON = [Actor.machine("segments"), Actor("api", "key-1")]
ORDER = "purchase"
DEFINITION = {"rule": {"all": [{"feature": "recency_days", "op": "<=", "value": 30}]}}
LATER = NOW + timedelta(days=90)


@pytest.fixture
def declined() -> Segment:
    """Who is in it gets no credit."""
    return catalog.create(
        "no-credit", name="No credit", purpose="analytics", definition=DEFINITION, significant_effect=True
    )


@pytest.fixture
def alice(declined):
    profile, source_profile = person()
    did(source_profile, ORDER, ago=3, amount="40")
    return profile, source_profile


def compute(*profiles, now=NOW):
    changes.append(refresh(profiles, now=now), now=now)


def told():
    return list(Change.objects.filter(kind__startswith="segment.").values_list("kind", "profile_id"))


def waiting():
    return HeldChange.objects.get(decision="")


def test_p31_the_rule_alone_puts_nobody_in_and_tells_nobody(alice):
    compute(alice[0])
    compute(alice[0])
    assert (Membership.objects.count(), told()) == (0, [])
    assert (waiting().direction, waiting().profile_id) == ("enter", alice[0])


def test_p31_a_segment_without_such_an_effect_is_not_held(alice):
    catalog.create("recent", name="Recent", purpose="analytics", definition=DEFINITION)
    compute(alice[0])
    assert [row.segment.slug for row in Membership.objects.all()] == ["recent"]
    assert told() == [("segment.entered", alice[0])]


def test_p31_a_person_releases_it(alice):
    compute(alice[0])
    review.release(waiting(), actor=OFFICER, reason="ticket 4711", now=NOW)
    membership = Membership.objects.get()
    assert (membership.profile_id, membership.released_by, membership.left_at) == (alice[0], "officer-1", None)
    assert told() == [("segment.entered", alice[0])]
    compute(alice[0])
    assert (Membership.objects.count(), len(told()), HeldChange.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("actor", NO_PERSON, ids=["machine", "program"])
def test_p31_no_program_releases_or_refuses(alice, actor):
    compute(alice[0])
    for decide in (review.release, review.refuse):
        with pytest.raises(HumanNeeded):
            decide(waiting(), actor=actor, reason="automatic", now=NOW)
    assert (Membership.objects.count(), told()) == (0, [])


def test_p31_what_a_person_refused_stays_refused(alice):
    compute(alice[0])
    held = waiting()
    review.refuse(held, actor=OFFICER, reason="ticket 4711", now=NOW)
    compute(alice[0])
    assert (Membership.objects.count(), HeldChange.objects.filter(decision="").count()) == (0, 0)
    with pytest.raises(AlreadyDecided):
        review.release(held, actor=OFFICER, reason="after all", now=NOW)


def test_p31_leaving_by_the_rule_waits_for_a_person_too(alice):
    compute(alice[0])
    review.release(waiting(), actor=OFFICER, reason="ticket 4711", now=NOW)
    compute(alice[0], now=LATER)
    assert Membership.objects.get().left_at is None
    assert waiting().direction == "leave"
    review.release(waiting(), actor=OFFICER, reason="ticket 4712", now=LATER)
    assert Membership.objects.get().left_at == LATER
    assert told() == [("segment.entered", alice[0]), ("segment.left", alice[0])]


def test_p31_a_withdrawal_ends_it_at_once(alice):
    compute(alice[0])
    review.release(waiting(), actor=OFFICER, reason="ticket 4711", now=NOW)
    withdraw(alice[1], "analytics")
    compute(alice[0])
    assert Membership.objects.get().left_at == NOW


def test_p31_a_release_asks_consent_again(alice):
    compute(alice[0])
    held = waiting()
    withdraw(alice[1], "analytics")
    with pytest.raises(NotAllowed):
        review.release(held, actor=OFFICER, reason="ticket 4711", now=NOW)
    assert (Membership.objects.count(), told()) == (0, [])
    compute(alice[0])
    held.refresh_from_db()
    assert held.decision == "lapsed"


def test_p31_the_database_admits_no_unreleased_membership(alice, declined):
    row = {"segment": declined, "profile_id": alice[0], "entered_at": NOW, "why": {}}
    with pytest.raises(IntegrityError, match="a person has to release"), transaction.atomic():
        Membership.objects.create(id=new_id(), **row)
    with pytest.raises(IntegrityError, match="stays"), transaction.atomic():
        Segment.objects.filter(pk=declined.pk).update(significant_effect=False)


def test_p31_a_person_may_ask_for_human_review(alice):
    compute(alice[0])
    review.release(waiting(), actor=OFFICER, reason="ticket 4711", now=NOW)
    request = requests.open("human_review", profile_id=alice[0], actor="officer-1", now=NOW)
    (decision,) = human_review.decisions_about(request)
    for actor in NO_PERSON:
        with pytest.raises(HumanNeeded):
            human_review.carry_out(request, ended=[decision.pk], actor=actor, now=NOW)
    done = human_review.carry_out(request, ended=[decision.pk], actor=OFFICER, now=NOW)
    assert (done.state, done.outcome) == ("completed", {"looked_at": 1, "ended": 1})
    assert Membership.objects.get().left_because == "human review"
    compute(alice[0])
    assert Membership.objects.filter(left_at=None).count() == 0
    assert HeldChange.objects.filter(decision="").count() == 0
