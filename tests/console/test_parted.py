"""The page of somebody who was parted from others says from whom, and where the two are decided about."""

from datetime import datetime

import pytest
from django.urls import reverse

from access import roles
from console.profile.evidence import HINTS
from identity.models import Assignment, Match
from identity.waiting import CONTRADICTED
from pipeline import corrections
from privacy import requests
from privacy.erasure import erase
from records.models import Source
from tests.console.test_profile import SignIn
from tests.identity.test_dry_run import ALICE_AT_WORK
from tests.identity.test_resolve import ALICE
from tests.identity.test_settling import in_force, profile, settle, source_profile
from tests.identity.test_waiting import ANNA, customers
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def waits(one: str, other: str) -> Match:
    """The pair of these two customers, which waits for review."""
    left, right = sorted((source_profile(one), source_profile(other)))
    return Match.objects.get(left=left, right=right, state="in_review")


def mother_and_daughter(crm: Source, now: datetime) -> None:
    """Anna, whose birth date one record of two says, and somebody else of her name, her address and her mailbox."""
    customers(crm, now, ANNA | {"birth_date": "1985-03-02"}, ANNA)
    customers(crm, now, ANNA | {"birth_date": "1951-08-17"}, since=2)


def test_whoever_was_parted_is_told_from_whom(crm: Source, sign_in: SignIn, now: datetime) -> None:
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    in_force(now, link=0.9999)
    settle(now)
    alice, at_work = profile("C1", now), profile("C2", now)
    steward = sign_in(roles.DATA_STEWARD)
    page = steward.get(reverse("admin:identity_profile_change", args=[at_work])).content.decode()
    assert f'Parted from source profile <span class="o-mono">{str(source_profile("C1"))[-8:]}</span>' in page
    assert reverse("admin:identity_profile_change", args=[alice]) in page
    assert reverse("admin:identity_match_change", args=[waits("C1", "C2").pk]) in page
    assert "What spoke for being one person all the same" in page
    entry = Assignment.objects.current().get(profile=at_work)
    told = steward.get(reverse("admin:identity_assignment_change", args=[entry.pk])).content.decode()
    assert "Parted from source profile" in told
    stayed = steward.get(reverse("admin:identity_profile_change", args=[alice])).content.decode()
    assert "Parted from" not in stayed


def test_whoever_was_not_joined_is_told_to_whom_and_why(crm: Source, sign_in: SignIn, now: datetime) -> None:
    mother_and_daughter(crm, now)
    steward = sign_in(roles.DATA_STEWARD)
    apart, others = profile("C2", now), profile("C1", now)
    page = steward.get(reverse("admin:identity_profile_change", args=[apart])).content.decode()
    assert f'Likely the same person as source profile <span class="o-mono">{str(source_profile("C1"))[-8:]}' in page
    assert f"and not joined: {HINTS[CONTRADICTED]}; the two wait in the" in page
    assert "open>\n  <summary>" in page
    assert ">first known</text>" in page
    assert reverse("admin:identity_profile_change", args=[others]) in page
    assert reverse("admin:identity_match_change", args=[waits("C1", "C2").pk]) in page
    entry = Assignment.objects.current().get(profile=apart)
    told = steward.get(reverse("admin:identity_assignment_change", args=[entry.pk])).content.decode()
    assert "Not joined to source profile" in told
    assert HINTS[CONTRADICTED] in told


def test_once_the_two_are_one_person_nothing_is_said_of_either(crm: Source, sign_in: SignIn, now: datetime) -> None:
    mother_and_daughter(crm, now)
    corrections.join(waits("C1", "C2"), actor="steward", reason="a slip of the pen", now=now)
    process(now)
    one = profile("C2", now)
    assert one == profile("C1", now)
    page = sign_in(roles.DATA_STEWARD).get(reverse("admin:identity_profile_change", args=[one])).content.decode()
    assert "Likely the same person" not in page
    assert "held back" not in page


def test_once_somebody_decided_it_is_their_word_that_stands(crm: Source, sign_in: SignIn, now: datetime) -> None:
    mother_and_daughter(crm, now)
    corrections.keep_apart(waits("C1", "C2"), actor="steward", reason="mother and daughter", now=now)
    page = sign_in(roles.DATA_STEWARD).get(reverse("admin:identity_profile_change", args=[profile("C2", now)]))
    assert "Likely the same person" not in page.content.decode()
    assert "Kept apart from profile" in page.content.decode()


def test_once_the_other_is_erased_nothing_is_said_of_them(crm: Source, sign_in: SignIn, now: datetime) -> None:
    mother_and_daughter(crm, now)
    apart = profile("C2", now)
    asked = requests.open("erasure", profile_id=profile("C1", now), actor="officer", now=now)
    erase(requests.approve(asked, actor="second officer", now=now), actor="second officer", now=now)
    page = sign_in(roles.DATA_STEWARD).get(reverse("admin:identity_profile_change", args=[apart])).content.decode()
    assert "first known" in page
    assert "Likely the same person" not in page
