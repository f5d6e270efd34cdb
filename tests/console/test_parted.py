"""The page of somebody who was parted from others says from whom, and where the two are decided about."""

from datetime import datetime

import pytest
from django.urls import reverse

from access import roles
from identity.models import Assignment, Match
from records.models import Source
from tests.console.test_profile import SignIn
from tests.identity.test_dry_run import ALICE_AT_WORK
from tests.identity.test_resolve import ALICE
from tests.identity.test_settling import in_force, profile, settle, source_profile
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


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
    left, right = sorted((source_profile("C1"), source_profile("C2")))
    assert reverse("admin:identity_match_change", args=[Match.objects.get(left=left, right=right).pk]) in page
    assert "What spoke for being one person all the same" in page
    entry = Assignment.objects.current().get(profile=at_work)
    told = steward.get(reverse("admin:identity_assignment_change", args=[entry.pk])).content.decode()
    assert "Parted from source profile" in told
    stayed = steward.get(reverse("admin:identity_profile_change", args=[alice])).content.decode()
    assert "Parted from" not in stayed
