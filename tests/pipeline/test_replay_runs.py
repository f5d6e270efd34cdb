"""Runs of replay: in batches, killed and gone on with, each record once; and the command."""

import io
import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from consent.models import Purpose
from pipeline import replay, replay_runs
from pipeline.models import DONE, RUNNING, Replay
from records import sources
from records.models import QuarantinedRecord, Record, Source
from tests.pipeline.cast import ordered, send
from vault.grants import Actor

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])

BY = Actor.machine("test")
WRONG = {"properties": {"revenue": "much"}}


@pytest.fixture(autouse=True)
def three_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay_runs, "AT_A_TIME", 3)


def fill(shop: Source, count: int = 7) -> None:
    send(shop, *(ordered("alice", number, **WRONG) for number in range(count)))


def begin(shop: Source, **asked: object) -> Replay:
    return replay_runs.begin(shop, by=BY, now=timezone.now(), **asked)  # type: ignore[arg-type]


def test_it_goes_through_all_of_them_once(shop: Source) -> None:
    fill(shop)
    run = begin(shop)
    done: list[int] = []
    replay_runs.work_on(run.pk, on_progress=lambda run: done.append(run.done))
    run.refresh_from_db()
    assert (done, run.state, run.still, run.stored) == ([3, 6, 7], DONE, 7, 0)
    assert QuarantinedRecord.objects.count() == 7


def test_who_follows_a_killed_worker_goes_on(shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shop)
    run = begin(shop, reason="wrong_type", field="revenue", leave_out=["revenue"])
    calls: list[int] = []

    def dies_in_the_second(ids: list[object], **asked: object) -> replay.Replayed:
        calls.append(len(ids))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return replay.replay(ids, **asked)  # type: ignore[arg-type]

    monkeypatch.setattr(replay_runs, "replay", dies_in_the_second)
    with pytest.raises(KeyboardInterrupt):
        replay_runs.work_on(run.pk)
    assert Replay.objects.get().state == RUNNING
    assert replay_runs.left_behind(now=timezone.now()) == []
    assert replay_runs.left_behind(now=timezone.now() + timedelta(minutes=3)) == [run.pk]
    replay_runs.work_on(run.pk)
    run.refresh_from_db()
    assert (run.state, run.stored, run.done, Record.objects.count()) == (DONE, 7, 7, 7)
    replay_runs.work_on(run.pk)
    assert Record.objects.count() == 7


def test_who_is_killed_behind_a_commit_has_counted(shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shop)
    run = begin(shop, leave_out=["revenue"])

    def dies_after(ids: list[object], **asked: object) -> replay.Replayed:
        replay.replay(ids, **asked)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(replay_runs, "replay", dies_after)
        with pytest.raises(KeyboardInterrupt):
            replay_runs.work_on(run.pk)
    run.refresh_from_db()
    assert (run.state, run.stored, Record.objects.count()) == (RUNNING, 3, 3)
    replay_runs.work_on(run.pk)
    run.refresh_from_db()
    assert (run.state, run.stored, Record.objects.count()) == (DONE, 7, 7)


def test_what_is_rolled_back_is_not_counted(shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shop)
    run = begin(shop, leave_out=["revenue"])

    def dies_before(run: Replay, replayed: replay.Replayed, *, last: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(replay_runs, "_note", dies_before)
    with pytest.raises(KeyboardInterrupt):
        replay_runs.work_on(run.pk)
    run.refresh_from_db()
    assert (run.stored, Record.objects.count(), QuarantinedRecord.objects.count()) == (0, 0, 7)


def test_a_batch_is_bounded_in_bytes_and_holds_one_at_least(shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shop, 3)
    sealed = [len(bytes(row.sealed or b"")) for row in QuarantinedRecord.objects.order_by("id")]
    for room, expected in ((sum(sealed), [3]), (sealed[0] + sealed[1], [2, 3]), (sealed[0] - 1, [1, 2, 3])):
        monkeypatch.setattr(replay_runs, "BATCH_BYTES", room)
        done: list[int] = []
        run = begin(shop)
        replay_runs.work_on(run.pk, on_progress=lambda run, done=done: done.append(run.done))
        assert done == expected


def test_one_that_cannot_be_stored_stops_no_other(shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(shop)
    run = begin(shop, leave_out=["revenue"])
    culprit = QuarantinedRecord.objects.order_by("id")[4].pk

    def fails(ids: list[object], **asked: object) -> replay.Replayed:
        if culprit in ids:
            raise ArithmeticError
        return replay.replay(ids, **asked)  # type: ignore[arg-type]

    monkeypatch.setattr(replay_runs, "replay", fails)
    replay_runs.work_on(run.pk)
    run.refresh_from_db()
    assert (run.state, run.stored, run.still) == (DONE, 6, 1)
    assert QuarantinedRecord.objects.get().pk == culprit


def test_what_comes_later_is_not_part_of_it(shop: Source) -> None:
    fill(shop, 2)
    run = begin(shop)
    send(shop, ordered("bob", **WRONG), now=timezone.now() + timedelta(seconds=5))
    replay_runs.work_on(run.pk)
    run.refresh_from_db()
    assert (run.found, run.still) == (2, 2)


def test_it_ends_where_opening_is_refused(shop: Source) -> None:
    fill(shop)
    run = begin(shop)
    Purpose.objects.filter(slug=replay.PURPOSE).update(active=False)
    replay_runs.work_on(run.pk)
    run.refresh_from_db()
    assert (run.state, "refused for 'security'" in run.fault, run.done) == (DONE, True, 0)


def test_the_command(shop: Source) -> None:
    fill(shop)
    out = io.StringIO()
    with pytest.raises(CommandError, match=r"for that reason; there is wrong_type \(7\)"):
        call_command("replay", source="shop", reason="wrongtype")
    call_command("replay", source="shop", reason="wrong_type", leave_out=["revenue"], json=True, stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1]) == {
        "found": 7,
        "stored": 7,
        "duplicate": 0,
        "refused": 0,
        "quarantined": 0,
        "reasons": {},
    }
    with pytest.raises(CommandError, match="Nothing of this source is in quarantine"):
        call_command("replay", source="shop")
    with pytest.raises(CommandError, match="no source named 'other'"):
        call_command("replay", source="other")


def test_the_command_says_it_in_words(shop: Source) -> None:
    fill(shop, 2)
    sources.change(shop, mapping={"properties": {"revenue": "string"}})
    out = io.StringIO()
    call_command("replay", source="shop", stdout=out)
    assert "Of 2 in quarantine: stored 2, duplicate 0, refused by consent 0, still in quarantine 0." in out.getvalue()


def test_the_command_says_why_the_others_stay_and_what_to_do(shop: Source) -> None:
    fill(shop, 2)
    out = io.StringIO()
    call_command("replay", source="shop", stdout=out)
    assert out.getvalue().splitlines()[-2:] == [
        "Of 2 in quarantine: stored 0, duplicate 0, refused by consent 0, still in quarantine 2.",
        "  wrong_type 2: Send the field that is named as the type that is named, or change the type in the source's "
        "mapping.",
    ]
    call_command("replay", source="shop", json=True, stdout=out)
    assert json.loads(out.getvalue().splitlines()[-1])["reasons"] == {"wrong_type": 2}
