"""Settling decides anew what matching has joined, and nothing else: profiles keep their ids, people's decisions stand."""

from datetime import timedelta

import pytest

from consent import restrictions
from identity import ledger, rules
from identity.models import Assignment, Match, Profile
from identity.profiles import look_up, profile_of, source_profiles
from identity.rules import Thresholds
from outbox.models import Change
from pipeline import settling
from tests.identity.test_dry_run import ALICE_AT_WORK, CAROL
from tests.identity.test_resolve import ALICE, BOB_HER_TWIN
from tests.pipeline.cast import bearers
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def settle(now):
    run = settling.begin(by="steward-1", now=now)
    settling.work_on(run.pk, clock=lambda: now)
    run.refresh_from_db()
    return run


def profile(number, now):
    return look_up("customer_number", number, now=now)


@pytest.fixture
def town(crm, now):
    """Alice, known twice; her twin; and Carol."""
    for row in (ALICE, ALICE_AT_WORK, BOB_HER_TWIN, CAROL | {"updated_at": "2026-11-01"}):
        send_rows(crm, row, now=now)
    process(now)
    assert profile("C1", now) == profile("C2", now)
    return crm


def everything():
    return [sorted(map(str, model.objects.values_list())) for model in (Assignment, Match, Profile, Change)]


def test_by_the_rules_under_which_all_came_nothing_changes(town, now):
    before = everything()
    run = settle(now)
    assert (run.state, run.found, run.done, run.merges, run.splits, run.moved) == ("done", 4, 4, 0, 0, 0)
    assert everything() == before


def test_a_higher_threshold_splits(town, now):
    alice = profile("C1", now)
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward-1", reason="case 7", now=now)
    run = settle(now)
    assert (run.merges, run.splits, run.moved) == (0, 1, 1)
    assert (profile("C1", now), profile("C2", now) != alice) == (alice, True)
