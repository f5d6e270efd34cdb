"""Objection, restriction and opt-out end what the person did not want."""

from datetime import timedelta

import pytest

from consent.acts import NewAct, record
from consent.decide import Refusal, decide
from consent.models import GRANTED, Act
from privacy import requests
from privacy.objections import carry_out
from privacy.requests import NotOpen, WrongKind
from tests.privacy.cast import NOW, OFFICER, Person
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def willing_alice(alice: Person) -> Person:
    """Alice, who has agreed to everything."""
    said = [("marketing", "email"), ("marketing", "sms"), ("personalization", ""), ("analytics", "")]
    record(
        [
            NewAct(alice.source_profiles[0], purpose, channel, GRANTED, NOW, "form", verified=True)
            for purpose, channel in said
        ],
        now=NOW,
    )
    return alice


def may(person: Person, purpose: str, channel: str = "") -> bool:
    decision = decide(
        person.source_profiles, purpose=purpose, channel=channel, at=LATER, actor=Actor.machine("test"), reason="test"
    )
    return not isinstance(decision, Refusal)


@pytest.mark.parametrize(
    ("kind", "stays"),
    [("objection", ["analytics"]), ("opt_out", ["analytics"]), ("restriction", [])],
)
def test_what_the_person_did_not_want_ends_on_every_channel(willing_alice: Person, kind: str, stays: list[str]) -> None:
    asked = [("marketing", "email"), ("marketing", "sms"), ("personalization", ""), ("analytics", "")]
    assert all(may(willing_alice, *one) for one in asked)
    request = requests.open(kind, profile_id=willing_alice.profile, actor=OFFICER, now=NOW)
    done = carry_out(request, actor=OFFICER, now=LATER)
    assert [purpose for purpose, channel in asked if may(willing_alice, purpose, channel)] == stays
    assert (done.state, done.completed_at) == ("completed", LATER)


def test_it_is_recorded_for_every_source_profile_and_nobody_else(willing_alice: Person, bob: Person) -> None:
    before = Act.objects.filter(source_profile__in=bob.source_profiles).count()
    request = requests.open("objection", profile_id=willing_alice.profile, actor=OFFICER, now=NOW)
    carry_out(request, actor=OFFICER, now=LATER)
    acts = Act.objects.filter(how="subject_request")
    assert set(acts.values_list("source_profile_id", flat=True)) == set(willing_alice.source_profiles)
    assert set(acts.values_list("actor", "jurisdiction", "state")) == {(OFFICER, "EU", "withdrawn")}
    assert Act.objects.filter(source_profile__in=bob.source_profiles).count() == before


def test_it_is_carried_out_once(willing_alice: Person) -> None:
    request = requests.open("objection", profile_id=willing_alice.profile, actor=OFFICER, now=NOW)
    carry_out(request, actor=OFFICER, now=LATER)
    recorded = Act.objects.count()
    with pytest.raises(NotOpen):
        carry_out(request, actor=OFFICER, now=LATER)
    assert Act.objects.count() == recorded


def test_another_kind_of_request_withdraws_nothing(willing_alice: Person) -> None:
    request = requests.open("access", profile_id=willing_alice.profile, actor=OFFICER, now=NOW)
    with pytest.raises(WrongKind):
        carry_out(request, actor=OFFICER, now=LATER)
    assert not Act.objects.filter(how="subject_request").exists()
