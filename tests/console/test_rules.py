"""The page of rules: what is in force, a dry run to browse, putting it in force with a reason, and going back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from access.roles import CHANGE_RULES
from console.change_stand import likely
from identity import causes, rules, settle_runs
from identity.matching import Model
from identity.models import DryRun, DryRunChange, MatchModel, RuleVersion, Settling, Verdict
from identity.rules import Thresholds
from identity.tried_models import keep_to_try
from pipeline import settling, tasks
from pipeline.alone import LOCK
from pipeline.models import Work
from records.models import SourceProfile
from tests.console.conftest import PLAINTEXT, World, said
from vault.ids import new_id
from vault.models import AuditEntry

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])
SignIn = Callable[[str], Client]
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
WHY = {"reason": "case 9"}
STRICT = {"model": "", "link": "99.99", "review": "50", "same_device": "on", "learns": "on"}


def at(act: str, *ids: UUID) -> str:
    return reverse(f"admin:identity_ruleversion_{act}", args=ids)


@pytest.fixture
def tried(world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> DryRun:
    """A dry run of stricter rules, as a worker has done it."""
    monkeypatch.setattr(tasks.work_on_dry_run, "delay", tasks.work_on_dry_run)
    answer = sign_in("data_steward").post(at("try"), STRICT)
    run = DryRun.objects.get()
    assert answer["Location"] == at("run", run.pk)
    return run


def test_what_is_in_force_is_said(world: World, sign_in: SignIn) -> None:
    content = sign_in("data_steward").get(at("changelist")).content.decode()
    assert "nobody has changed them yet" in content
    assert "<dt>Join from</dt><dd>90%</dd>" in content
    assert 'value="90.0"' in content


def test_a_dry_run_is_browsed_down_to_the_evidence_and_shows_no_value(tried: DryRun, sign_in: SignIn) -> None:
    steward = sign_in("data_steward")
    assert (tried.state, tried.counts["splits"], tried.counts["merges"]) == ("done", 1, 0)
    content = steward.get(at("run", tried.pk)).content.decode()
    assert "now 90%" in content
    assert "Would split <span" in content
    change = DryRunChange.objects.get()
    page = steward.get(at("difference", change.pk)).content.decode()
    assert "One person who would be two" in page
    assert "A••••" in page
    assert page.count("/admin/identity/profile/") >= 2
    assert not [value for value in PLAINTEXT if value in page + content]
    assert RuleVersion.objects.count() == 0


@pytest.mark.parametrize("kind", ["%00", "foo", ""])
def test_of_a_kind_that_there_is_not_the_page_shows_what_it_would_anyway(
    kind: str, tried: DryRun, sign_in: SignIn
) -> None:
    steward, page = sign_in("data_steward"), at("run", tried.pk)
    answer = steward.get(f"{page}?kind={kind}")
    assert (answer.status_code, answer.context["kind"]) == (200, "split")


def test_it_is_put_in_force_for_a_reason_and_gone_back_from(tried: DryRun, sign_in: SignIn) -> None:
    steward = sign_in("data_steward")
    assert said(steward.post(at("put_in_force", tried.pk), {"reason": "x"})) != []
    assert RuleVersion.objects.count() == 0
    first = rules.put_in_force(None, Thresholds(), by="steward-1", reason="as it was", now=tried.started_at)
    done = steward.post(at("put_in_force", tried.pk), {"reason": "case 7"})
    assert said(done) == ["In force from the next record on."]
    row = RuleVersion.objects.get(number=2)
    assert (row.link, row.same_email, row.reason) == (0.9999, False, "case 7")
    assert Work.objects.count() == 0
    listed = steward.get(at("changelist")).content.decode()
    assert "90% → <span" in listed
    assert said(steward.post(at("go_back", first.pk))) == ["Version 1 holds again, as a new version."]
    assert rules.in_force().thresholds == Thresholds()


def test_everybody_is_asked_anew_where_that_is_wanted(tried: DryRun, sign_in: SignIn) -> None:
    sign_in("data_steward").post(at("put_in_force", tried.pk), {"reason": "case 7", "ask_anew": "on"})
    waiting = set(Work.objects.values_list("source_profile_id", flat=True))
    assert waiting == set(SourceProfile.objects.values_list("id", flat=True))


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"link": "50"}, "greater than or equal to 85"),
        ({"review": "99.99"}, "Less than what joins by itself."),
        ({"model": "none"}, "Select a valid choice"),
    ],
)
def test_rules_that_cannot_hold_are_not_even_tried(
    world: World, sign_in: SignIn, asked: dict[str, str], error: str
) -> None:
    answer = sign_in("data_steward").post(at("try"), STRICT | asked)
    assert error in answer.content.decode()
    assert DryRun.objects.count() == 0


@pytest.mark.parametrize("role", ["marketer", "privacy_officer", "operator", "administrator"])
def test_only_stewards_see_and_change_them(tried: DryRun, sign_in: SignIn, role: str) -> None:
    client = sign_in(role)
    assert client.get(at("changelist")).status_code == 403
    assert client.get(at("run", tried.pk)).status_code == 403
    assert client.post(at("try"), STRICT).status_code == 403
    assert client.post(at("put_in_force", tried.pk), {"reason": "case 7"}).status_code == 403
    assert RuleVersion.objects.count() == 0


def test_while_it_runs_the_page_says_how_far_it_is(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.work_on_dry_run, "delay", lambda _: None)
    steward = sign_in("data_steward")
    steward.post(at("try"), STRICT)
    run = DryRun.objects.get()
    DryRun.objects.update(done=3, found=12)
    assert steward.get(at("progress", run.pk)).json() == {"state": "running", "percent": 25.0, "rows": 3}
    progress = f'data-progress="{at("progress", run.pk)}" data-state="running" data-unit="source profiles"'
    for page in (at("run", run.pk), at("changelist")):
        content = steward.get(page).content.decode()
        assert "under way" in content
        assert progress in content
        assert "console/loading.js" in content
        assert "25%" in content
        assert "None" not in content
    refused = steward.post(at("put_in_force", run.pk), {"reason": "case 7"})
    assert said(refused) == ["Wait until it is known what these rules would change."]


def test_what_settling_comes_to_is_asked_for_those_who_may(
    tried: DryRun, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts everybody."""
    steward = sign_in("data_steward")
    assert len(steward.get(at("changelist")).context["ahead"]) == 5
    monkeypatch.setattr("console.screens.rules.may", lambda request, capability: capability != CHANGE_RULES)
    assert steward.get(at("changelist")).context["ahead"] == []


def test_everybody_is_settled_by_a_worker_and_the_page_says_what_changed(
    tried: DryRun, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    steward = sign_in("data_steward")
    assert "never yet" in steward.get(at("changelist")).content.decode()
    steward.post(at("put_in_force", tried.pk), {"reason": "case 7"})
    monkeypatch.setattr(tasks.work_on_settling, "delay", lambda _: None)
    assert said(steward.post(at("settle"), WHY)) == ["A worker asks everybody anew."]
    run = Settling.objects.get()
    assert steward.get(at("settling_progress", run.pk)).json() == {"state": "running", "percent": 0.0, "rows": 0}
    under_way = steward.get(at("changelist")).content.decode()
    assert at("settling_progress", run.pk) in under_way
    assert "Settle everybody" not in under_way
    tasks.work_on_settling(str(run.pk))
    done = steward.get(at("changelist")).content.decode()
    assert '<dt>Merges</dt><dd class="o-number">0</dd>' in done
    assert '<dt>Splits</dt><dd class="o-number">1</dd>' in done
    assert "<dt>Rules</dt><dd>version 1</dd>" in done
    assert done.count("<dt>Join from</dt><dd>99.99%</dd>") == 2
    assert "1 pair came to wait for review, 1 waits no more." in done
    assert "Settle everybody" in done
    assert "<dt>Reason</dt><dd>case 9</dd>" in done
    assert sign_in("marketer").post(at("settle"), WHY).status_code == 403
    assert Settling.objects.count() == 1


def test_settling_says_beforehand_what_it_comes_to_and_asks_for_a_reason(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(tasks.work_on_settling, "delay", asked.append)
    steward, now = sign_in("data_steward"), timezone.now()
    page = steward.get(at("changelist"))
    ahead, content = dict(page.context["ahead"]), page.content.decode()
    assert ahead["Who"] == f"everybody: {SourceProfile.objects.count()} source profiles"
    assert ahead["By which rules"] == "as delivered"
    assert ahead["Takes"] == "nobody knows yet: it was never done to the end"
    assert all(f"<dt>{name}</dt><dd>{value}</dd>" in content for name, value in ahead.items())
    for reason in ("", "x", "asked by carol@example.com"):
        assert said(steward.post(at("settle"), {"reason": reason}))[0].startswith("Reason: ")
    assert (Settling.objects.count(), asked) == (0, [])
    rules.put_in_force(None, Thresholds(), by="steward-1", reason="as it was", now=now)
    steward.post(at("settle"), WHY)
    run = Settling.objects.get()
    entry = AuditEntry.objects.get(action="settle everybody")
    officer = str(world.staff["data_steward"].pk)
    assert (run.reason, run.started_by, entry.actor, entry.reason, entry.count) == (
        "case 9", officer, officer, "settle everybody: case 9", 0,
    )  # fmt: skip
    assert said(steward.post(at("settle"), WHY)) == ["It is under way already; that goes on."]
    assert AuditEntry.objects.filter(action="settle everybody").count() == 1
    ended = run.started_at + 3 * MINUTE
    Settling.objects.update(state="done", done=1234, ended_at=ended)
    begin = settle_runs.begin(by="steward-1", reason="case 10", now=run.started_at + HOUR)
    settle_runs.stop(begin.pk, by="steward-1", now=ended + HOUR)
    page = steward.get(at("changelist"))
    ahead = dict(page.context["ahead"])
    assert ahead["By which rules"] == f"version 1, since {now:%b} {now.day}, {now.year}"
    assert ahead["Takes"] == "about 3 minutes the last time, for 1,234 source profiles"
    assert "data_steward: case 9" in page.content.decode()


def test_what_keeps_two_apart_is_said_with_its_bits_and_who_said_it(tried: DryRun, sign_in: SignIn) -> None:
    steward, change = sign_in("data_steward"), DryRunChange.objects.get()
    listed = steward.get(at("run", tried.pk)).content.decode()
    assert "Too little speaks for it; so far joined by: same e-mail" in listed
    assert f'data-name="Kept apart by">{causes.in_words(change.cause, change.detail)[:1].upper()}' in listed
    assert "<th>Bits</th>" not in listed
    assert f">{likely(change.probability)}</span>" in listed
    change.evidence = [["prior", "before any evidence", -16.0], ["given_name", "different", -5.6]]
    change.cause, change.detail, change.bits = "contradicted", "given_name", -21.6
    change.save()
    page = " ".join(steward.get(at("difference", change.pk)).content.decode().split())
    assert "Given name plainly differs" in page
    assert 'Given name: different <span class="o-number">-5.6 bits</span>' in page
    assert '<span class="o-title o-number o-whole">&lt; 1%</span>' in page
    assert "The rules on trial join by themselves from 99.99% on." in page
    ids = sorted((change.left_id, change.right_id))
    Verdict.objects.create(
        id=new_id(), left_id=ids[0], right_id=ids[1], verdict="cannot_link", reason="case 12", actor="steward-7",
        decided_at=timezone.now(),
    )  # fmt: skip
    DryRunChange.objects.update(cause="answered", detail="")
    answer = steward.get(at("difference", change.pk))
    page = answer.content.decode()
    assert answer.context["why"].fields == []
    assert ": case 12. That stands whatever the rules." in page
    assert "steward-7, " in page


def test_what_joins_two_is_said_with_its_bits(tried: DryRun, sign_in: SignIn) -> None:
    steward = sign_in("data_steward")
    evidence = [["prior", "before any evidence", -16.0], ["email", "exact", 20.0], ["phone", "different", -1.5]]
    DryRunChange.objects.update(kind="merge", cause="", detail="", reason="same e-mail", bits=2.5, evidence=evidence)
    change = DryRunChange.objects.get()
    page = steward.get(at("difference", change.pk))
    words = page.content.decode()
    assert "What joins them" in words
    assert "Same e-mail" in words
    assert [(one.comparison, one.level, one.bits) for one in page.context["why"].fields] == [("E-mail", "exact", 20.0)]
    assert page.context["why"].likely == "84.9%"
    assert "Joined by" in steward.get(f"{at('run', tried.pk)}?kind=merge").content.decode()
    DryRunChange.objects.update(cause="through others")
    assert "a third who would be the same person" in steward.get(at("difference", change.pk)).content.decode()


@pytest.mark.parametrize(
    ("probability", "words"),
    [(None, "not compared"), (0.004, "< 1%"), (0.8999, "89.9%"), (0.99989, "99.98%"), (0.99996, "> 99.99%")],
)
def test_a_probability_is_not_rounded_up_to_what_it_does_not_reach(probability: float | None, words: str) -> None:
    assert likely(probability) == words


def test_what_was_carried_out_is_told_beside_what_is_in_force(
    tried: DryRun, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.work_on_settling, "delay", tasks.work_on_settling)
    steward = sign_in("data_steward")
    steward.post(at("settle"), WHY)
    steward.post(at("put_in_force", tried.pk), {"reason": "case 7"})
    page = steward.get(at("changelist")).content.decode()
    assert "<dt>Rules</dt><dd>as delivered</dd>" in page
    assert '<dd>90%<div class="o-small o-warn" style="font-weight: 400">now 99.99%</div></dd>' in page


def test_a_model_in_force_without_a_version_is_named_by_what_it_carried_out(sign_in: SignIn) -> None:
    now = timezone.now()
    model = keep_to_try(Model.default(), now=now)
    MatchModel.objects.filter(pk=model.pk).update(active=True)
    settle_runs.begin(by="steward-1", now=now)
    page = sign_in("data_steward").get(at("changelist")).content.decode()
    assert page.count(f"<dt>Match model</dt><dd>{model.version}</dd>") == 2


def test_a_run_that_fails_says_what_went_wrong_and_is_stopped(
    world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks.work_on_settling, "delay", lambda _: None)
    steward = sign_in("data_steward")
    steward.post(at("settle"), WHY)
    run = Settling.objects.get()

    def fails(*args: object, **named: object) -> None:
        raise OverflowError("carol@example.com")

    monkeypatch.setattr(settling, "settle", fails)
    with pytest.raises(OverflowError):
        tasks.work_on_settling(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.fault, run.failed_at is not None) == ("running", "OverflowError", True)
    assert steward.get(at("settling_progress", run.pk)).json()["state"] == "failing"
    page = steward.get(at("changelist")).content.decode()
    assert "an error of the kind OverflowError" in page
    assert "carol@example.com" not in page
    assert at("stop_settling", run.pk) in page
    assert sign_in("marketer").post(at("stop_settling", run.pk)).status_code == 403
    assert said(steward.post(at("stop_settling", run.pk))) == [
        "Stopped. What was decided so far stands, and a portion that is in hand is still finished."
    ]
    assert said(steward.post(at("stop_settling", run.pk))) == ["It has ended already."]
    stopped = steward.get(at("changelist")).content.decode()
    assert "by data_steward, after it had failed: an error of the kind OverflowError" in stopped
    assert "Settle everybody" in stopped
    tasks.work_on_settling(str(run.pk))
    run.refresh_from_db()
    assert (run.state, run.done) == ("done", 0)


def test_what_was_stopped_stays_as_it_was_stopped_whatever_its_worker_says_after_it(world: World) -> None:
    now = timezone.now()
    run = settle_runs.begin(by="steward-1", now=now)
    settle_runs.stop(run.pk, by="steward-2", now=now)
    settle_runs.fail(run, "OverflowError", now=now + HOUR)
    settle_runs.end(run, now=now + HOUR)
    run.refresh_from_db()
    assert (run.fault, run.failed_at, run.noted_at, run.ended_at) == ("", None, now, now)


def when(at: datetime) -> str:
    return f"{at:%b} {at.day}, {at:%H:%M}"


def test_whoever_stops_sees_that_the_portion_in_hand_is_finished(world: World, sign_in: SignIn) -> None:
    steward, now = sign_in("data_steward"), timezone.now()
    run = settle_runs.begin(by="steward-1", now=now)
    Settling.objects.update(done=1, found=4)
    worker = connection.copy()
    try:
        with worker.cursor() as cursor:
            cursor.execute(LOCK, [f"settling {run.pk}"])
        settle_runs.stop(run.pk, by="steward-2", now=now)
        page = steward.get(at("changelist")).content.decode()
        assert "a worker goes on with it" not in page
        assert "a worker still finishes the portion in hand, of 500 source profiles at most. It is not undone" in page
        progress = {"state": "stopping", "percent": 25.0, "rows": 1}
        assert steward.get(at("settling_progress", run.pk)).json() == progress
        assert f'data-progress="{at("settling_progress", run.pk)}" data-state="stopping" data-unit="source pro' in page
    finally:
        worker.close()
    page = steward.get(at("changelist")).content.decode()
    assert "portion in hand" not in page
    assert f"stopped at {when(now)}" in page


def test_each_run_says_when_it_ended_and_how(world: World, sign_in: SignIn) -> None:
    begun = timezone.now() - 2 * settle_runs.GIVEN_UP
    ended = [begun + place * HOUR for place in range(1, 4)]
    for place, end in enumerate(ended):
        run = settle_runs.begin(by="steward-1", now=begun + place * HOUR)
        Settling.objects.filter(pk=run.pk).update(merges=place + 3)
        if place == 0:
            settle_runs.end(run, now=end)
        elif place == 1:
            settle_runs.stop(run.pk, by="steward-2", now=end)
        else:
            settle_runs.fail(run, "MemoryError", now=end)
            settle_runs.left_behind(now=(failed := end + settle_runs.GIVEN_UP))
    page = sign_in("data_steward").get(at("changelist"))
    earlier = page.context["earlier"]
    assert page.context["settled"].end == f"failed at {when(failed)}"
    assert [one.end for one in earlier] == [f"stopped at {when(ended[1])}", f"done at {when(ended[0])}"]
    assert [one.run.merges for one in earlier] == [4, 3]
    assert all(one.end in page.content.decode() for one in (page.context["settled"], *earlier))


def test_what_failed_to_its_end_says_by_what(world: World, sign_in: SignIn) -> None:
    run = settle_runs.begin(by="steward-1", now=timezone.now())
    settle_runs.fail(run, "MemoryError", now=run.noted_at)
    settle_runs.left_behind(now=run.noted_at + 2 * settle_runs.GIVEN_UP)
    page = sign_in("data_steward").get(at("changelist")).content.decode()
    assert "the worker had too little memory" in page
    assert "no worker was at it" not in page


def test_what_ended_unfinished_says_so(world: World, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.work_on_settling, "delay", lambda _: None)
    steward = sign_in("data_steward")
    steward.post(at("settle"), WHY)
    run = Settling.objects.get()
    settle_runs.left_behind(now=run.noted_at + 2 * settle_runs.GIVEN_UP)
    page = steward.get(at("changelist")).content.decode()
    assert "for a day it got no further" in page
    assert "no worker was at it" in page


def test_parts_that_leave_people_are_not_taken_for_people(tried: DryRun, sign_in: SignIn) -> None:
    DryRun.objects.update(counts=tried.counts | {"merges": 2, "merging": 3, "splits": 63, "splitting": 61})
    words = " ".join(sign_in("data_steward").get(at("run", tried.pk)).content.decode().split())
    assert '3 people<div class="o-small o-faint">in 2 merges</div>' in words
    assert '61 people<div class="o-small o-faint">63 parts would leave them</div>' in words
    assert "of 61 people" not in words


def test_a_dry_run_that_would_change_nothing_says_so(world: World, sign_in: SignIn) -> None:
    now = timezone.now()
    DryRun.objects.create(
        id=new_id(), link=0.9, review=0.5, same_email=True, same_device=True, learns=True, state="done",
        counts={"merges": 0, "splits": 0}, started_at=now, noted_at=now, ended_at=now,
    )  # fmt: skip
    page = sign_in("data_steward").get(at("changelist")).content.decode()
    assert page.count('<td class="o-right o-number">0</td>') == 2
