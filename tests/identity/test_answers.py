"""What people answer of pairs in review is taken in when the model is learned, and undoes no answer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.acts import NewAct, record
from identity import ledger, rules
from identity.answers import answers_to
from identity.given_answers import Given, given, teaches
from identity.learning import learned_from
from identity.models import CANNOT_LINK, IN_REVIEW, LINKING, Match
from identity.relearning import learn_anew
from identity.rules import Thresholds
from pipeline import corrections
from tests.identity.test_dry_run import ALICE_AT_WORK
from tests.identity.test_resolve import ALICE
from tests.identity.test_settling import changed, profile, settle, source_profile
from tests.senders import process, send_rows

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


@pytest.mark.parametrize("yes", [True, False])
def test_an_answer_moves_the_next_model_and_stands(crm, now, yes):
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward-1", reason="case 7", now=now)
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    match = Match.objects.get(state=IN_REVIEW)
    assert learn_anew(now=now).parameters["answers"] == {"decisions": 0, "yes": 0, "shift": pytest.approx(0, abs=1e-3)}
    decide = corrections.join if yes else corrections.keep_apart
    decide(match, actor="steward-1", reason="case 8", now=now)
    told = learn_anew(now=now).parameters["answers"]
    assert (told["decisions"], told["yes"]) == (1, int(yes))
    assert (0 < told["shift"] < 0.1) if yes else (-0.2 < told["shift"] < 0)
    assert changed(settle(now)) == (0, 0, 0)
    assert (profile("C1", now) == profile("C2", now)) == yes


def test_of_a_pair_that_was_likely_enough_and_held_back_the_model_learns_nothing(crm, now):
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward-1", reason="case 7", now=now)
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    match = Match.objects.get(state=IN_REVIEW)
    assert teaches(match)
    assert given() == Given(answers=0, counted=0)
    corrections.keep_apart(match, actor="steward-1", reason="case 8", now=now)
    assert given() == Given(answers=1, counted=1)
    match.probability, match.evidence = 0.99995, [*match.evidence, ["held_back", "visiting", 0.0]]
    match.save()
    assert not teaches(match)
    assert given() == Given(answers=1, counted=0)
    assert learn_anew(now=now).parameters["answers"]["decisions"] == 0


def test_many_pairs_of_one_decision_weigh_as_one(crm, now):
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward-1", reason="case 7", now=now)
    send_rows(crm, ALICE, ALICE_AT_WORK, ALICE_AT_WORK | {"customer_number": "C3", "street": "2 Quay Lane"}, now=now)
    process(now)
    pairs = list(Match.objects.filter(state=IN_REVIEW).order_by("id").values_list("left_id", "right_id"))
    assert len(pairs) == 3
    ledger.rule_each(pairs[:2], CANNOT_LINK, actor="steward-1", reason="case 8", now=now)
    ledger.rule_each(pairs[2:], CANNOT_LINK, actor="steward-1", reason="case 9", now=now)
    answers = answers_to(rules.in_force().model, purpose=LINKING, now=now)
    assert sorted(answer.weight for answer in answers) == [0.5, 0.5, 1]
    assert learn_anew(now=now).parameters["answers"]["decisions"] == 2


def test_an_answer_of_somebody_who_objects_to_linking_counts_no_more(crm, now):
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward-1", reason="case 7", now=now)
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    match = Match.objects.get(state=IN_REVIEW)
    corrections.keep_apart(match, actor="steward-1", reason="case 8", now=now)
    assert learn_anew(now=now).parameters["answers"]["decisions"] == 1
    no = NewAct(match.left_id, "identity_linking", "", "withdrawn", now, "letter", verified=True)
    record([no], now=now)
    assert learn_anew(now=now + timedelta(hours=1)).parameters["answers"]["decisions"] == 0


def test_a_split_of_what_was_joined_is_no_answer_by_later_rules_either(crm, now):
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    ledger.split(source_profile("C2"), actor="steward-1", reason="case 7", now=now)
    later = now + timedelta(hours=1)
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward-1", reason="case 8", now=later)
    assert learn_anew(now=later).parameters["answers"]["decisions"] == 0


def test_a_model_that_only_answers_taught_is_named(crm, now):
    rules.put_in_force(None, Thresholds(link=0.9999), by="steward-1", reason="case 7", now=now)
    send_rows(crm, ALICE, ALICE_AT_WORK, now=now)
    process(now)
    match = Match.objects.get(state=IN_REVIEW)
    corrections.join(match, actor="steward-1", reason="case 8", now=now)
    model = learn_anew(now=timezone.now() + timedelta(hours=1))
    assert model.learned_on == 0
    assert learned_from([match.left_id]) == [model.version]
