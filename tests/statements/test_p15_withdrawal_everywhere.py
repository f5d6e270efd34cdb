"""A withdrawal holds everywhere within 60 seconds, and a running export leaves out every row not yet written."""

from datetime import timedelta
from time import monotonic

import pytest
from django.utils import timezone

from consent.acts import NewAct, record
from consent.decide import decide
from consent.models import GRANTED, WITHDRAWN, Purpose
from consent.recheck import still_allowed
from consent.restrictions import restrict
from identity.profiles import profile_of, source_profiles
from pipeline import queue
from pipeline.process import process_batch
from segments import catalog
from segments.models import Membership
from tests.api.conftest import Shop, alice, call, order, shop
from tests.consent.conftest import READER, newcomer
from tests.statements.sabotage import Sabotage
from vault.grants import Grant

__all__ = ["alice", "call", "shop"]
pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

SABOTAGE = Sabotage(
    "consent/recheck.py",
    "            if _on_record(people[place], purpose) != seen[place] or not",
    "            if not",
)
MINUTE = timedelta(seconds=60)
ASKED = {"purpose": "marketing", "channel": "email", "actor": READER, "reason": "export"}


def say(who, state, now, **what):
    said = NewAct(who, "marketing", "email", state, now, "form", verified=True, actor="clerk-3", **what)
    record([said], now=now)


def test_p15_everything_follows_within_a_minute(alice, shop: Shop, call):
    catalog.create(
        "buyers",
        name="Buyers",
        purpose="marketing",
        definition={"rule": {"all": [{"feature": "recency_days", "op": "<=", "value": 90}]}},
    )
    shop.send({"batch": [order("alice", 7)]})
    process_batch(now=timezone.now())
    assert Membership.objects.filter(profile=alice, left_at=None).count() == 1
    caller = call("marketing")
    assert caller.get(f"/api/profiles/{alice}/", purpose="marketing").status_code == 200
    theirs = source_profiles(alice)
    before = decide(theirs, purpose="marketing", at=timezone.now(), actor=READER, reason="a run")
    began = monotonic()
    body = {"profile": str(alice), "purpose": "marketing", "state": "withdrawn", "how": "phone"}
    assert caller.post("/api/consents/", body).status_code == 201
    assert caller.get(f"/api/profiles/{alice}/", purpose="marketing").status_code == 403, "at once"
    while queue.waiting():
        process_batch(now=timezone.now())
    assert Membership.objects.filter(profile=alice, left_at=None).count() == 0
    assert monotonic() - began < 60
    assert isinstance(before, Grant)
    assert not before.covers(theirs, now=before.issued_at + MINUTE), "a grant from before ends by then"


@pytest.fixture
def rows(crm, now) -> list:
    """Five people who said yes."""
    ids = [newcomer(crm, now) for _ in range(5)]
    for id in ids:
        say(id, GRANTED, now)
    return ids


@pytest.fixture
def export(rows, now):
    """A run over the five; it has written the first row when it is handed out."""
    run = still_allowed(rows, source_profiles=lambda row: [row], clock=lambda: now, **ASKED)
    assert next(run)[0] == rows[0]
    return run


def written(export) -> list:
    return [row for row, _ in export]


def test_p15_a_row_not_yet_written_is_left_out(rows, export, now):
    say(rows[1], WITHDRAWN, now)
    say(rows[4], WITHDRAWN, now)
    assert written(export) == rows[2:4]


def test_p15_so_is_one_that_was_restricted_meanwhile(rows, export, now):
    restrict([rows[2]], kind="restriction", actor="officer-1", now=now)
    assert written(export) == [rows[1], rows[3], rows[4]]


def test_p15_so_are_all_when_the_purpose_goes_out_of_use(rows, export, now):
    Purpose.objects.filter(slug="marketing").update(active=False, rule_since=now)
    assert written(export) == []


def test_p15_where_nothing_happens_all_are_written_with_leave_to_open_them(rows, export):
    for row, grant in export:
        assert grant.covers([row], now=timezone.now())
    assert profile_of(rows) == {}
