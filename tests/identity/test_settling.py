"""Settling decides anew what matching has joined, and nothing else: ids stay, people's decisions stand."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from msgspec.structs import replace

from consent import restrictions
from consent.acts import NewAct, record
from consent.decide import decide
from consent.models import GRANTED
from identity import ledger, rules, settle_runs, simulating
from identity.holding import Parted, parted_from
from identity.models import IN_REVIEW, LINKED, Assignment, GoldenValue, Match, Profile, Settling
from identity.profiles import look_up, profile_of, source_profiles
from identity.rules import Thresholds
from identity.simulating import simulate
from outbox.models import Change
from pipeline import settling
from tests.identity.test_dry_run import ALICE_AT_WORK, CAROL
from tests.identity.test_resolve import ALICE, BOB_HER_TWIN
from tests.pipeline.cast import bearers
from tests.senders import process, send_rows
from vault.grants import Actor, Grant

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def settle(now):
    run = settle_runs.begin(by="steward-1", now=now)
    settling.work_on(run.pk, clock=lambda: now)
    run.refresh_from_db()
    return run


def changed(run):
    return run.merges, run.splits, run.moved


def profile(number, now):
    return look_up("customer_number", number, now=now)


def source_profile(number):
    (id,) = bearers("customer_number", number)
    return id


def in_force(now, **thresholds):
    rules.put_in_force(None, Thresholds(**thresholds), by="steward-1", reason="case 7", now=now)


@pytest.fixture
def town(crm, now):
    """Alice, known twice; her twin; and Carol."""
    for row in (ALICE, ALICE_AT_WORK, BOB_HER_TWIN, CAROL | {"updated_at": "2026-11-01"}):
        send_rows(crm, row, now=now)
        process(now)
    assert profile("C1", now) == profile("C2", now)
    Change.objects.all().delete()
    return crm


def everything():
    return [sorted(map(str, model.objects.values_list())) for model in (Assignment, Match, Profile, Change)]


def told():
    found = Change.objects.filter(kind__startswith="profile.").order_by("id")
    return [(change.kind, change.profile_id, change.detail) for change in found]


def test_by_the_rules_under_which_all_came_nothing_changes(town, now):
    before = everything()
    run = settle(now)
    assert (run.state, run.found, run.done, changed(run)) == ("done", 4, 4, (0, 0, 0))
    assert everything() == before


def test_a_higher_threshold_takes_apart_and_says_why(town, now):
    alice = profile("C1", now)
    in_force(now, link=0.9999)
    assert changed(settle(now)) == (0, 1, 1)
    at_work = profile("C2", now)
    assert (profile("C1", now), source_profiles(alice)) == (alice, [source_profile("C1")])
    entry = Assignment.objects.current().get(profile=at_work)
    assert (entry.reason, entry.rule_version, entry.actor) == ("decided anew", "rules 1, default", "settle")
    assert entry.evidence["apart_from"] == str(source_profile("C1"))
    assert round(sum(step[2] for step in entry.evidence["levels"]), 1) == round(entry.evidence["bits"], 1)
    match = Match.objects.get()
    assert parted_from([entry]) == {entry.pk: Parted(source_profile("C1"), alice, match.pk)}
    assert parted_from(Assignment.objects.current().filter(profile=alice)) == {}
    assert (match.state, {match.left_id, match.right_id}) == (IN_REVIEW, {source_profile("C1"), source_profile("C2")})
    assert ("profile.split", alice, {"into": str(at_work)}) in told()
    assert [kind for kind, id, _ in told() if id == at_work] == ["profile.created"]
    assert GoldenValue.objects.filter(profile=at_work, field="family_name").count() == 1
    assert changed(settle(now)) == (0, 0, 0)
    in_force(now)
    assert changed(settle(now)) == (1, 0, 1)
    assert (profile("C1", now), profile("C2", now)) == (alice, alice)
    assert Match.objects.get().state == LINKED
    assert ("profile.merged", alice, {"from": str(at_work)}) in told()
    assert Assignment.objects.current().get(source_profile=source_profile("C2")).reason == "similar person"


def test_a_pair_that_joined_two_and_is_not_even_doubtful_any_more_is_gone(town, now):
    probability = Match.objects.get().probability
    in_force(now, link=0.9999, review=0.9998)
    assert probability < 0.9998
    settle(now)
    assert Match.objects.count() == 0


def test_a_dry_run_says_beforehand_what_it_does(town, now, monkeypatch):
    in_force(now, link=0.9999)
    for size in (1, 500):
        monkeypatch.setattr(simulating, "AT_ONCE", size)
        found = simulate(rules.in_force(), now=now)
        assert (found.counts["merges"], found.counts["splits"]) == (0, 1)
    settle(now)
    in_force(now)
    for size in (1, 500):
        monkeypatch.setattr(simulating, "AT_ONCE", size)
        found = simulate(rules.in_force(), now=now)
        assert (found.counts["merges"], found.counts["splits"], found.counts["source_profiles"]) == (1, 0, 4)


def test_what_a_person_did_stands(town, now):
    alice, twin, carol = (profile(number, now) for number in ("C1", "C3", "C4"))
    both = ledger.merge(twin, carol, actor="steward-1", reason="case 1", now=now)
    ledger.split(source_profile("C2"), actor="steward-1", reason="case 2", now=now)
    before = profile_of([source_profile(number) for number in ("C1", "C2", "C3", "C4")])
    assert changed(settle(now)) == (0, 0, 0)
    in_force(now, link=0.9999)
    assert changed(settle(now)) == (0, 0, 0)
    assert profile_of(list(before)) == before
    ledger.undo_merge(both, carol if both == twin else twin, actor="steward-1", reason="case 3", now=now)
    apart = profile_of(list(before))
    assert len(set(apart.values())) == 4
    in_force(now)
    assert changed(settle(now)) == (0, 0, 0)
    assert profile_of(list(before)) == apart
    assert apart[source_profile("C1")] == alice


def test_what_was_said_by_one_no_longer_counts_for_the_other(town, now):
    alice = profile("C1", now)
    at_work = source_profile("C2")
    yes = NewAct(at_work, "marketing", "", GRANTED, now, "phone", True, actor="clerk", addressed=alice)
    record([yes, replace(yes, source_profile=source_profile("C1"))], now=now)
    in_force(now, link=0.9999)
    settle(now)
    answers = [
        decide([id], purpose="marketing", at=now, actor=Actor.machine("test"), reason="test")
        for id in (source_profile("C1"), at_work)
    ]
    assert [isinstance(answer, Grant) for answer in answers] == [True, False]


def test_whoever_is_restricted_stays_where_they_are(town, now):
    alice = profile("C1", now)
    restrictions.restrict([source_profile("C2")], kind="restriction", actor="officer", now=now)
    in_force(now, link=0.9999)
    assert changed(settle(now)) == (0, 0, 0)
    assert profile("C2", now) == alice


def test_it_may_be_killed_and_goes_on_from_there(town, now, monkeypatch):
    monkeypatch.setattr(settling, "AT_ONCE", 1)
    in_force(now, link=0.9999)
    run = settle_runs.begin(by="steward-1", now=now)
    asked = []

    def killed(run):
        asked.append(run.done)
        if len(asked) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        settling.work_on(run.pk, on_progress=killed, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.done, changed(run)) == ("running", 2, (0, 1, 1))
    assert settle_runs.begin(by="steward-2", now=now) == run
    assert settle_runs.left_behind(now=now) == []
    assert settle_runs.left_behind(now=now + settle_runs.PATIENCE * 2) == [run.pk]
    settling.work_on(run.pk, clock=lambda: now)
    settling.work_on(run.pk, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.done, run.after, changed(run)) == ("done", 4, None, (0, 1, 1))
    assert settle_runs.begin(by="steward-2", now=now) != run


def test_the_command_settles_and_says_what_it_did(town):
    now = timezone.now()
    in_force(now, link=0.9999)
    out = StringIO()
    call_command("resolve", "--settle", "--dry-run", stdout=out)
    assert "4 source profiles are 3 people now, and would be 4." in out.getvalue()
    assert Settling.objects.count() == 0
    out = StringIO()
    call_command("resolve", "--settle", "--json", stdout=out)
    run = Settling.objects.get()
    assert json.loads(out.getvalue()) == {
        "run": str(run.pk), "rules": "rules 1, default", "source_profiles": 4, "merges": 0, "splits": 1, "moved": 1,
        "reviews_added": 1, "reviews_taken": 0,
    }  # fmt: skip
    assert (run.started_by, run.state) == ("resolve command", "done")
    for wrong in ([], ["--settle", "--link", "0.95"], ["--settle", "--save", "case 7"]):
        with pytest.raises(CommandError):
            call_command("resolve", *wrong, stdout=StringIO())


def test_profiles_are_settled_whoever_waits_to_be_resolved(town, crm, now):
    send_rows(crm, ALICE | {"customer_number": "C5"}, now=now)
    settle(now)
    assert profile("C5", now) == profile("C1", now)
    process(now)
    assert changed(settle(now)) == (0, 0, 0)


def test_a_run_that_gets_no_further_ends_and_another_may_begin(now):
    run = settle_runs.begin(by="steward-1", now=now)
    assert settle_runs.left_behind(now=now + settle_runs.GIVEN_UP * 2) == []
    assert settle_runs.begin(by="steward-1", now=now + settle_runs.GIVEN_UP * 2) != run
