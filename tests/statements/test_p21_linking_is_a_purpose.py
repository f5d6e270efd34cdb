"""Linking identities is itself a purpose: a withdrawal removes the links that it justified, and no others come."""

import pytest
from django.utils import timezone

from consent.acts import NewAct, record
from consent.models import GRANTED, WITHDRAWN
from identity.models import Assignment, BlockingToken, Match
from identity.profiles import profile_of, source_profiles_of
from pipeline import queue
from records.models import SourceProfile
from tests.api.conftest import call
from tests.identity.test_resolve import ALICE
from tests.senders import process, send_rows
from tests.statements.sabotage import Sabotage

__all__ = ["call"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "identity/scene.py",
    "    parting = _parting(belongs, objecting | object_too, crowds=company.crowds)",
    "    parting = set()",
)
AGAIN = ALICE | {"customer_number": "C2", "loyalty_number": "L-1"}
FIRST = ALICE | {"loyalty_number": "L-1"}


@pytest.fixture
def linked(crm, now) -> list:
    """Alice under two customer numbers, one by an exact identifier: her loyalty number."""
    send_rows(crm, FIRST, AGAIN, now=now)
    process(now)
    ids = sorted(SourceProfile.objects.values_list("id", flat=True))
    assert len(set(profile_of(ids).values())) == 1
    return ids


def homes(ids) -> int:
    return len(set(profile_of(ids).values()))


def say(ids, state, now):
    acts = [NewAct(id, "identity_linking", "", state, now, "phone", True, "clerk-3") for id in ids]
    record(acts, now=now)
    queue.enqueue(ids, now=now)


def test_p21_each_link_carries_the_purpose_that_justified_it_and_goes_with_it(linked, now):
    assert [match.purpose for match in Match.objects.all()] == ["identity_linking"]
    joined = Assignment.objects.current().filter(evidence__has_key="with")
    assert list(joined.values_list("evidence__purpose", flat=True)) == ["identity_linking"] * 2
    say(linked, WITHDRAWN, now)
    process(now)
    assert not Match.objects.exists()
    (parted,) = Assignment.objects.current().filter(reason="no leave to link")
    assert parted.evidence == {}


def test_p21_withdrawal_takes_the_profile_apart(linked, now):
    say(linked, WITHDRAWN, now)
    process(now)
    assert homes(linked) == 2
    assert not Match.objects.exists()
    assert not BlockingToken.objects.exists()
    assert set(Assignment.objects.current().values_list("reason", flat=True)) >= {"no leave to link"}


def test_p21_by_the_api_it_follows_by_itself(linked, call):
    (profile,) = set(profile_of(linked).values())
    body = {"profile": str(profile), "purpose": "identity_linking", "state": "withdrawn", "how": "phone"}
    assert call("service").post("/api/consents/", body).status_code == 201
    process(timezone.now())
    assert homes(linked) == 2


def test_p21_one_of_two_who_objects_leaves_the_other(linked, now):
    say(linked[1:], WITHDRAWN, now)
    process(now)
    assert homes(linked) == 2


def test_p21_nothing_links_them_again_until_they_agree(linked, crm, now):
    say(linked, WITHDRAWN, now)
    process(now)
    send_rows(crm, FIRST | {"city": "Bath", "updated_at": "2026-11-03T10:00:00Z"}, now=now)
    process(now)
    assert homes(linked) == 2
    say(linked, GRANTED, timezone.now())
    process(timezone.now())
    assert homes(linked) == 1


def test_p21_a_stranger_is_not_touched(linked, crm, now):
    zoe = {"customer_number": "C7", "given_name": "Zoe", "family_name": "Quill", "email": "zoe@example.com"}
    send_rows(crm, zoe | {"updated_at": "2026-11-01T10:00:00Z"}, now=now)
    process(now)
    before = source_profiles_of(set(profile_of(list(SourceProfile.objects.values_list("id", flat=True))).values()))
    say(linked, WITHDRAWN, now)
    process(now)
    (stranger,) = set(SourceProfile.objects.values_list("id", flat=True)) - set(linked)
    home = profile_of([stranger])[stranger]
    assert before[home] == source_profiles_of([home])[home] == [stranger]
