"""The question before an erasure: who else bears the same identifiers, and whether they are the same person."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from access.roles import DECIDE_REQUESTS, ROLES
from identity.models import Profile
from identity.profiles import profile_of, source_profiles
from privacy import requests
from privacy.models import SubjectRequest
from tests.console.conftest import ALICE, PLAINTEXT, World, said
from tests.senders import process, send_rows
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
DAVE = {"customer_number": "C-4714", "given_name": "Dave", "family_name": "Archer", "phone": ALICE["phone"]}


@pytest.fixture
def dave(world: World, now: datetime) -> UUID:
    """Dave lives with Alice and shares her phone."""
    send_rows(world.crm, {**DAVE, "updated_at": (now - timedelta(days=1)).isoformat()}, now=now)
    process(now)
    (profile,) = set(_profiles()) - {world.alice, world.bob, world.carol}
    return profile


@pytest.fixture
def erasure(world: World, dave: UUID, now: datetime) -> SubjectRequest:
    """Alice asks to be erased."""
    officer = str(world.staff["privacy_officer"].pk)
    return requests.open("erasure", profile_id=world.alice, actor=officer, now=now)


def act(name: str, one: SubjectRequest, *more: UUID) -> str:
    return reverse(f"admin:privacy_subjectrequest_{name}", args=[one.pk, *more])


def test_whoever_approves_sees_first_who_shares_the_phone_and_how_alike_they_are(
    world: World, dave: UUID, erasure: SubjectRequest, sign_in: SignIn
) -> None:
    client = sign_in("second_officer")
    assert act("approve", erasure) in client.get(act("change", erasure)).content.decode()
    content = client.get(act("approve", erasure)).content.decode()
    assert "Approve the erasure of this person?" in content
    assert "Phone +44" in content
    assert f'value="{dave}"' in content
    assert f'value="{world.bob}"' not in content
    assert "given name: different" in content
    assert "family name: exact" in content
    assert "phone: exact" in content
    assert [value for value in PLAINTEXT if value in content] == []
    assert "Dave" not in content
    erasure.refresh_from_db()
    assert erasure.state == "open"


def test_what_is_compared_stands_in_the_audit_log(dave: UUID, erasure: SubjectRequest, sign_in: SignIn) -> None:
    sign_in("second_officer").get(act("approve", erasure))
    last = AuditEntry.objects.filter(purpose="subject_requests", action="read golden record").latest("id")
    assert last.reason == f"erasure request {erasure.pk}: same identifiers"


def test_a_revealed_comparison_needs_a_reason_and_shows_names_this_once(
    dave: UUID, erasure: SubjectRequest, sign_in: SignIn
) -> None:
    client = sign_in("second_officer")
    assert said(client.post(act("reveal", erasure), {"reason": ""})) == ["Reason: This field is required."]
    content = client.post(act("reveal", erasure), {"reason": "ticket 12"}).content.decode()
    assert "Dave Archer" in content
    assert ALICE["phone"] in content
    assert "Dave" not in client.get(act("approve", erasure)).content.decode()
    assert AuditEntry.objects.filter(reason="reveal: ticket 12").exists()


def test_ticked_profiles_become_the_person_and_go_with_them(
    world: World, dave: UUID, erasure: SubjectRequest, sign_in: SignIn
) -> None:
    first, second = sign_in("privacy_officer"), sign_in("second_officer")
    theirs = source_profiles(dave)
    assert said(first.post(act("join", erasure))) == ["Tick the profiles that are the same person first."]
    assert said(first.post(act("join", erasure), {"profile": ["no id", str(dave)]})) == [
        "Joined: this request covers them as well."
    ]
    assert set(profile_of(theirs).values()) == {world.alice}
    content = second.get(act("approve", erasure)).content.decode()
    assert "No other profile bears" in content
    assert "Profiles joined" in second.get(act("change", erasure)).content.decode()
    second.post(act("approve", erasure))
    first.post(act("erase", erasure))
    assert not Profile.objects.filter(pk__in=[world.alice, dave]).exists()
    assert profile_of(theirs) == {}


def test_whoever_joined_a_profile_cannot_approve_alone(dave: UUID, erasure: SubjectRequest, sign_in: SignIn) -> None:
    second = sign_in("second_officer")
    second.post(act("join", erasure), {"profile": [str(dave)]})
    told = ["Whoever joined other profiles to an erasure request cannot approve it."]
    assert said(second.post(act("approve", erasure))) == told
    erasure.refresh_from_db()
    assert erasure.state == "open"


@pytest.mark.parametrize(("kind", "verified"), [("access", True), ("erasure", False)])
def test_profiles_are_joined_to_verified_erasures_alone(
    world: World, dave: UUID, sign_in: SignIn, now: datetime, kind: str, verified: bool
) -> None:
    receive = requests.open if verified else requests.receive
    one = receive(kind, profile_id=world.alice, actor="1", now=now)
    sign_in("privacy_officer").post(act("join", one), {"profile": [str(dave)]})
    assert set(profile_of(source_profiles(dave)).values()) == {dave}


def test_nobody_is_joined_who_shares_nothing(world: World, erasure: SubjectRequest, sign_in: SignIn) -> None:
    bobs = source_profiles(world.bob)
    told = said(sign_in("privacy_officer").post(act("join", erasure), {"profile": [str(world.bob)]}))
    assert told == ["One of these profiles bears none of the person's identifiers any more."]
    assert set(profile_of(bobs).values()) == {world.bob}


def test_after_the_approval_another_profile_gets_a_request_of_its_own(
    world: World, dave: UUID, erasure: SubjectRequest, sign_in: SignIn
) -> None:
    first, second = sign_in("privacy_officer"), sign_in("second_officer")
    second.post(act("approve", erasure))
    assert said(first.post(act("join", erasure), {"profile": [str(dave)]}))[0].startswith("This request is approved")
    assert "ask as well" in first.get(act("erase", erasure)).content.decode()
    assert said(first.post(act("ask_as_well", erasure, dave))) == ["Added: that profile has a request of its own now."]
    added = SubjectRequest.objects.get(profile_id=dave)
    assert (added.kind, added.state, added.received_at) == ("erasure", "open", erasure.received_at)
    content = first.get(act("erase", erasure)).content.decode()
    assert act("change", added) in content
    assert "ask as well" not in content
    assert said(first.post(act("approve", added))) == ["Whoever opened an erasure request cannot approve it."]
    assert said(second.post(act("approve", added))) == ["Approved."]


def test_only_those_who_decide_requests_compare(dave: UUID, erasure: SubjectRequest, sign_in: SignIn) -> None:
    for role in ROLES:
        client = sign_in(role)
        decides = DECIDE_REQUESTS in ROLES[role].capabilities
        answers = [
            client.get(act("approve", erasure)),
            client.get(act("erase", erasure)),
            client.post(act("reveal", erasure), {"reason": "ticket 12"}),
            client.post(act("ask_as_well", erasure, dave)),
        ]
        refused = [answer.status_code == 403 for answer in answers]
        assert refused == [not decides] * len(answers), role


def _profiles() -> list[UUID]:
    return list(Profile.objects.values_list("id", flat=True))
