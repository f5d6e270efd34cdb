"""A dry run of rules says who would merge and split, exactly, and changes nothing; what is saved is in force."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from identity import dry_runs, ledger, rules, simulating
from identity.matching import Model
from identity.matching.words import probability_in_words
from identity.models import (
    DONE,
    MERGE,
    SPLIT,
    Assignment,
    BlockingToken,
    DryRun,
    DryRunChange,
    Match,
    MatchModel,
    RuleVersion,
    Verdict,
)
from identity.profiles import look_up, profile_of, source_profiles
from identity.relearning import learn_anew
from identity.rules import NotPossible, Thresholds
from identity.tried_models import keep_to_try
from pipeline.management.commands import resolve
from privacy import requests
from privacy.erasure import erase
from records.models import EPISODE, SourceProfile
from tests.identity import test_resolve
from tests.identity.test_devices import seen
from tests.identity.test_resolve import ALICE, BOB_HER_TWIN
from tests.pipeline.cast import bearers
from tests.senders import process, send_messages, send_rows
from vault.ids import new_id

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

# Less sure than with her phone: by name and birth date alone.
ALICE_AT_WORK = test_resolve.ALICE_AT_WORK | {"phone": ""}
CAROL = {"customer_number": "C4", "given_name": "Carol", "family_name": "Frost", "email": "carol@example.com"}
WRITTEN = (Assignment, BlockingToken, Match, MatchModel, RuleVersion, Verdict)


def everybody_written():
    return [sorted(map(str, model.objects.values_list())) for model in WRITTEN]


def tried(now, **thresholds):
    """The dry run of these thresholds, with what came of it."""
    run = dry_runs.begin(None, Thresholds(**thresholds), by="steward-1", now=now)
    dry_runs.work_on(run.pk)
    run.refresh_from_db()
    return run


def profile(number, now):
    return look_up("customer_number", number, now=now)


@pytest.fixture
def town(crm, now):
    """Alice, known twice; her twin; and Carol."""
    send_rows(crm, ALICE, ALICE_AT_WORK, BOB_HER_TWIN, CAROL | {"updated_at": "2026-11-01"}, now=now)
    process(now)
    assert profile("C1", now) == profile("C2", now)
    return crm


def counts(run):
    names = ("people_now", "people_then", "merges", "merging", "splits", "splitting")
    return tuple(run.counts[name] for name in names)


def test_the_rules_in_force_change_nobody(town, now):
    run = tried(now)
    assert (run.state, run.counts["source_profiles"], counts(run)) == ("done", 4, (3, 3, 0, 0, 0, 0))
    assert (run.found, run.done, DryRunChange.objects.count()) == (4, 4, 0)


def test_a_higher_threshold_would_split_and_says_whom_and_on_what_evidence(town, now):
    bits = Match.objects.get(state="linked").probability
    assert 0.9 < bits < 1
    # What is missing would be written, if anything were.
    assert BlockingToken.objects.filter(source_profile__in=source_profiles(profile("C4", now))).delete()[0] > 0
    before = everybody_written()
    run = tried(now, link=0.9999)
    assert counts(run) == (3, 4, 0, 0, 1, 1)
    change = run.changes.get()
    assert {change.left_id, change.right_id} == set(source_profiles(profile("C1", now)))
    assert (change.kind, change.reason, change.moving) == (SPLIT, "similar person", 1)
    assert {name for name, _, _ in change.evidence} >= {"prior", "given_name", "birth_date"}
    assert round(sum(step[2] for step in change.evidence), 1) == round(change.bits, 1)
    assert everybody_written() == before


def test_whoever_was_joined_by_hand_stays_joined_and_whoever_was_split_stays_split(town, now):
    alice = ledger.merge(profile("C1", now), profile("C4", now), actor="steward-1", reason="case 1", now=now)
    assert counts(tried(now)) == (2, 2, 0, 0, 0, 0)
    (at_work,) = bearers("customer_number", "C2")
    assert at_work in source_profiles(alice)
    ledger.split(at_work, actor="steward-1", reason="case 2", now=now)
    assert counts(tried(now)) == (3, 3, 0, 0, 0, 0)


def test_the_same_email_joins_by_itself_only_where_the_rules_say_so(crm, shop, now):
    send_rows(crm, CAROL | {"updated_at": "2026-11-01"}, now=now)
    message = {"type": "identify", "userId": "u4", "traits": {"email": "carol@example.com"}}
    send_messages(shop, message, now=now)
    process(now)
    assert profile("C4", now) == look_up("account_id", "u4", now=now)
    assert counts(tried(now)) == (1, 1, 0, 0, 0, 0)
    run = tried(now, same_email=False, link=0.9999)
    assert counts(run) == (1, 2, 0, 0, 1, 1)
    assert run.changes.get().reason == "similar person"


def test_put_in_force_it_decides_from_the_next_record_on(crm, now):
    run = tried(now, link=0.9999)
    version = dry_runs.put_in_force(run.pk, by="steward-1", reason="case 7", now=now)
    assert (version.number, version.saved_by, version.reason, version.link) == (1, "steward-1", "case 7", 0.9999)
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    assert profile("C1", now) != profile("C2", now)
    assert set(Assignment.objects.values_list("rule_version", flat=True)) == {"rules 1, default"}
    match = Match.objects.get()
    assert (match.state, match.model_version) == ("in_review", "rules 1, default")


def test_going_back_is_a_version_of_its_own_and_undoes_it(crm, now):
    first = rules.put_in_force(None, Thresholds(), by="steward-1", reason="as delivered", now=now)
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward-1", reason="case 7", now=now)
    back = rules.go_back(first.pk, by="steward-2", now=now)
    assert (back.number, back.reason, back.saved_by) == (3, "back to version 1", "steward-2")
    assert rules.in_force().thresholds == Thresholds()
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    assert profile("C1", now) == profile("C2", now)
    assert set(Assignment.objects.values_list("rule_version", flat=True)) == {"default"}


def test_a_model_of_a_file_is_kept_without_what_was_nobodys_there(now):
    model = replace(Model.default(), junk={"phone": frozenset({"012345678"})}, prior=2e-5)
    assert Model.from_dict(keep_to_try(model, now=now).parameters) == replace(model, junk={})


def test_another_model_is_tried_and_put_in_force(town, now):
    cautious = Model.default()
    wary = Model.from_dict(cautious.to_dict() | {"prior": 1e-9})
    kept = keep_to_try(wary, now=now)
    run = dry_runs.begin(kept, Thresholds(), by="steward-1", now=now)
    dry_runs.work_on(run.pk)
    run.refresh_from_db()
    assert run.counts["splits"] == 1
    assert rules.in_force().model_version == "default"
    dry_runs.put_in_force(run.pk, by="steward-1", reason="case 8", now=now)
    assert rules.in_force().model_version == kept.version
    assert MatchModel.objects.get(active=True) == kept


@pytest.mark.parametrize(
    "thresholds",
    [{"link": 0.5}, {"link": 1.0}, {"link": 0.9, "review": 0.95}, {"review": 0.0}, {"link": float("nan")}],
)
def test_rules_that_would_join_at_random_cannot_be(thresholds, now):
    with pytest.raises(NotPossible):
        Thresholds(**thresholds)
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleVersion.objects.create(
            id="01a21f4e-6cc7-789a-a3cf-451a90920f23", number=1, **{"link": 0.9, "review": 0.5, **thresholds},
            same_email=True, same_device=True, learns=True, reason="x", saved_by="x", saved_at=now,
        )  # fmt: skip


def test_what_is_not_known_yet_is_not_put_in_force(now):
    run = dry_runs.begin(None, Thresholds(), by="steward-1", now=now)
    with pytest.raises(dry_runs.NotDone):
        dry_runs.put_in_force(run.pk, by="steward-1", reason="case 7", now=now)


def test_a_model_that_cannot_be_read_is_refused_before_anything_is_done(now):
    broken = MatchModel.objects.create(
        id="01a21f4e-6cc7-789a-a3cf-451a90920f23", version="broken", parameters={"version": "0"}, learned_on=0,
        learned_at=now, active=False,
    )  # fmt: skip
    with pytest.raises(NotPossible, match="cannot be read"):
        dry_runs.begin(broken, Thresholds(), by="steward-1", now=now)
    with pytest.raises(NotPossible, match="cannot be read"):
        rules.put_in_force(broken, Thresholds(), by="steward-1", reason="case 7", now=now)
    assert RuleVersion.objects.count() == 0


def test_learning_is_a_version_unless_the_rules_keep_to_their_model(town, now):
    learned = learn_anew(now=now)
    row = RuleVersion.objects.get()
    assert (row.number, row.model, row.saved_by, row.reason) == (1, learned, "learn", "learned anew")
    rules.put_in_force(None, Thresholds(learns=False), by="steward-1", reason="case 7", now=now)
    again = learn_anew(now=now)
    assert (again.active, rules.in_force().model_version) == (False, "default")


def test_it_does_not_matter_how_many_are_asked_at_once(town, now, monkeypatch):
    monkeypatch.setattr("identity.simulating.AT_ONCE", 1)
    assert counts(tried(now)) == (3, 3, 0, 0, 0, 0)
    assert counts(tried(now, link=0.9999)) == (3, 4, 0, 0, 1, 1)


def test_a_run_whose_worker_died_is_taken_up_again(town, now):
    run = dry_runs.begin(None, Thresholds(), by="steward-1", now=now)
    assert dry_runs.left_behind(now=now) == []
    assert dry_runs.left_behind(now=now + dry_runs.PATIENCE * 2) == [run.pk]
    dry_runs.work_on(run.pk)
    dry_runs.work_on(run.pk)
    assert dry_runs.left_behind(now=now + dry_runs.PATIENCE * 2) == []


def test_the_command_tells_and_saves(town, now):
    out = StringIO()
    call_command("resolve", "--dry-run", "--link", "0.9999", "--json", stdout=out)
    told = json.loads(out.getvalue())
    assert told["rules"] == {
        "model": "delivered", "link": 0.9999, "review": 0.5, "same_email": True, "same_device": True
    }  # fmt: skip
    assert (told["people_now"], told["people_then"], told["splits"], len(told["changes"])) == (3, 4, 1, 1)
    assert [(one["cause"], one["detail"]) for one in told["changes"]] == [("too little", "similar person")]
    assert RuleVersion.objects.count() == 0
    out = StringIO()
    call_command("resolve", "--dry-run", "--link", "0.9999", "--save", "case 7", stdout=out)
    assert "4 source profiles are 3 people now, and would be 4." in out.getvalue()
    assert "In force from now on as version 1." in out.getvalue()
    assert RuleVersion.objects.get().saved_by == "resolve command"
    for wrong in (["--link", "0.5"], ["--model", "none such"], ["--save", "asked by a@example.com"]):
        with pytest.raises(CommandError):
            call_command("resolve", "--dry-run", *wrong, stdout=StringIO())
    assert DryRun.objects.count() == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--link", "95"], "from 0.85 to 0.9999; did you mean 0.95?"),
        (["--link", "0.5"], "from 0.85 to 0.9999; such as 0.95"),
        (["--review", "40"], "from 0.05 to 0.9999; did you mean 0.4?"),
        (["--review", "much"], "from 0.05 to 0.9999; such as 0.5"),
    ],
)
def test_who_writes_percent_is_told_what_that_is(given, told, db):
    with pytest.raises(CommandError, match=re.escape(told)):
        call_command("resolve", "--dry-run", *given)


def test_the_command_lists_splits_beside_merges(town, now, monkeypatch):
    """However many merges there are."""
    run = tried(now, link=0.9999)
    split = run.changes.get()
    for number in range(3):
        DryRunChange.objects.create(
            id=new_id(), run=run, kind=MERGE, left=split.left, right=split.right, reason="similar person", bits=4.5,
            evidence=[], moving=number,
        )  # fmt: skip
    run.counts |= {"merges": 3}
    monkeypatch.setattr(resolve, "SHOWN", 2)
    pair, likely = f"{split.left_id} {split.right_id}", probability_in_words(split.probability)
    apart = "too little speaks for it; so far joined by: similar person"
    assert resolve._in_words(run, resolve._as_json(run)).splitlines()[2:] == [
        f"  together  {pair} similar person, 95.8 % (+4.5 bits)",
        f"  together  {pair} similar person, 95.8 % (+4.5 bits)",
        "  together  and 1 more, in the admin under Who is who: rules",
        f"  apart     {pair} similar person, {likely} ({split.bits:+.1f} bits): {apart}",
        "Nothing was changed.",
    ]


def test_a_model_that_is_brought_is_kept_and_named(town, tmp_path):
    file = tmp_path / "model.json"
    file.write_text(json.dumps(Model.default().to_dict()))
    errors = StringIO()
    call_command("resolve", "--dry-run", "--model", str(file), stdout=StringIO(), stderr=errors)
    model = MatchModel.objects.get()
    assert f"Kept as model '{model.version}', not in force" in errors.getvalue()


def test_a_model_that_is_brought_twice_is_kept_once(now):
    model = replace(Model.default(), junk={"phone": frozenset({"012345678"})})
    first = keep_to_try(model, now=now)
    assert keep_to_try(replace(model, junk={}), now=now + timedelta(hours=1)) == first
    assert keep_to_try(replace(model, prior=2e-5), now=now) != first
    assert MatchModel.objects.count() == 2


def test_a_late_sign_in_is_left_to_those_who_resolve(browser, now):
    """Bob signed in on a tablet that somebody had used; now it is known that it was Alice."""
    hours = [now - timedelta(hours=4 - hour) for hour in range(4)]
    send_messages(browser, seen(hours[0], "1"), seen(hours[3], "2", user="bob"), now=now)
    process(now)
    bobs = look_up("account_id", "bob", now=now)
    (episode,) = SourceProfile.objects.filter(kind=EPISODE)
    send_messages(browser, seen(hours[1], "3", user="alice"), now=now)
    before = everybody_written()
    tried(now)
    assert everybody_written() == before
    assert profile_of([episode.pk]) == {episode.pk: bobs}
    process(now)
    assert profile_of([episode.pk]) == {episode.pk: look_up("account_id", "alice", now=now)} != {episode.pk: bobs}


def test_a_merge_is_told_with_its_evidence(crm, now):
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward-1", reason="be careful", now=now)
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    run = tried(now, link=0.9)
    assert counts(run) == (2, 1, 1, 2, 0, 0)
    change = run.changes.get()
    assert (change.kind, change.reason, change.moving) == (MERGE, "similar person", 1)
    homes = profile_of([change.left_id, change.right_id])
    assert set(homes.values()) == {profile("C1", now), profile("C2", now)}


def forget(customer, now):
    asked = requests.open("erasure", profile_id=profile(customer, now), actor="officer", now=now)
    erase(requests.approve(asked, actor="second officer", now=now), actor="second officer", now=now)


@pytest.mark.parametrize("step", ["_difference", "_with_evidence"])
def test_whoever_is_erased_meanwhile_is_passed_over(town, now, monkeypatch, step):
    go_on = getattr(simulating, step)

    def erased_meanwhile(*asked, **named):
        forget("C1", now)
        return go_on(*asked, **named)

    monkeypatch.setattr(simulating, step, erased_meanwhile)
    run = tried(now, link=0.9999)
    assert (run.state, run.fault, run.counts["splits"], run.changes.count()) == (DONE, "", 1, 0)


def test_whoever_is_erased_once_the_evidence_is_gathered_is_passed_over(town, now, monkeypatch):
    def erased_afterwards(*asked, **named):
        found = simulating.simulate(*asked, **named)
        assert len(found.changes) == 1
        forget("C1", now)
        return found

    monkeypatch.setattr(dry_runs, "simulate", erased_afterwards)
    run = tried(now, link=0.9999)
    assert (run.state, run.fault, run.counts["splits"], run.changes.count()) == (DONE, "", 1, 0)
