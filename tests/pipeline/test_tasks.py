"""Tasks as plain functions: each makes one call and may run twice."""

from datetime import timedelta
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone

from consent.acts import NewAct, record
from consent.models import WITHDRAWN
from identity.models import Assignment, MatchModel
from pipeline import heartbeat, queue, tasks
from pipeline.process import process_batch
from records import quarantine
from records.envelope import Reject, message_hash
from records.models import QuarantinedRecord, Source, SourceProfile
from segments import catalog
from segments.models import Membership
from tests.pipeline.cast import ordered, saying, send
from vault import keys
from vault.ids import new_id
from vault.models import AuditEntry, DataKey
from vault.questions import Question

pytestmark = pytest.mark.django_db(databases=["default", "keystore"])


def test_beat_says_that_scheduler_and_worker_are_alive() -> None:
    for _ in range(2):
        tasks.beat()
    assert heartbeat.missing(now=timezone.now()) == ["processor"]


def test_process_leaves_nothing_waiting(shop: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "BATCH", 2)
    send(shop, *(ordered(f"person{number}", **saying(analytics=True)) for number in range(5)))
    for _ in range(2):
        tasks.process()
        assert queue.waiting() == 0
    assert Assignment.objects.count() == 5


def test_sweep_puts_back_and_destroys(shop: Source) -> None:
    long_ago = timezone.now() - timedelta(hours=2)
    send(shop, ordered("alice", timestamp=long_ago.isoformat()), now=long_ago)
    with queue.take(10, and_ask=Question("SELECT", {}, bool)):
        pass
    keys.make([new_id()])
    DataKey.objects.update(created_at=long_ago)
    for _ in range(2):
        tasks.sweep()
        tasks.destroy_orphans()
        assert queue.waiting() == 1
        assert list(DataKey.objects.values_list("id", flat=True)) == [SourceProfile.objects.get().id]


def test_the_match_model_is_learned_of_those_alone_who_may_be_linked(shop: Source) -> None:
    """The schedule names the task, and an objection to linking keeps a person out of the training."""
    for number in range(3):
        name = f"person{number}"
        send(shop, ordered(name, context={"traits": {"email": f"{name}@example.com"}}))
    alice = SourceProfile.objects.order_by("id")[0].id
    now = timezone.now()
    record([NewAct(alice, "identity_linking", "", WITHDRAWN, now, "letter", True, actor="officer")], now=now)
    tasks.learn()
    out = StringIO()
    call_command("learn", stdout=out)
    assert list(AuditEntry.objects.filter(action="compare").values_list("count", flat=True)) == [2, 2]
    assert MatchModel.objects.filter(active=True).count() == 1
    assert MatchModel.objects.get(active=True).version in out.getvalue()
    assert settings.CELERY_BEAT_SCHEDULE["learn-match-model"]["task"] == tasks.learn.name


def test_end_quarantine_ends_all_whose_time_is_over(shop: Source) -> None:
    reject = Reject(0, "wrong_type", "traits", "'traits' must be an object.", b"{}", 2, message_hash("m"))
    quarantine.keep([reject] * 3, shop, door="http", now=timezone.now() - timedelta(days=31))
    quarantine.keep([reject], shop, door="http", now=timezone.now())
    for _ in range(2):
        tasks.end_quarantine()
        assert QuarantinedRecord.objects.count() == DataKey.objects.count() == 1


def test_refresh_all_lets_time_pass(shop: Source) -> None:
    rule = {"rule": {"feature": "orders_90d", "op": ">=", "value": 1}}
    catalog.create("buyers", name="Buyers", purpose="analytics", definition=rule)
    long_ago = timezone.now() - timedelta(days=100)
    bought = ordered("alice", timestamp=long_ago.isoformat(), **saying(analytics=True))
    send(shop, bought, now=long_ago)
    process_batch(now=long_ago)
    assert Membership.objects.get().left_at is None
    for _ in range(2):
        tasks.refresh_all()
        assert Membership.objects.get().left_at is not None


def test_help_is_asked_for_by_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[tuple[object, ...]] = []
    monkeypatch.setattr(tasks.process, "delay", lambda *arguments: sent.append(arguments))
    tasks.help_with_backlog()
    assert sent == [()]


def test_every_task_is_scheduled_but_the_one_that_is_asked_for(settings: object) -> None:
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}  # type: ignore[attr-defined]
    there = {task.name for task in vars(tasks).values() if hasattr(task, "delay")}
    asked_for = {"pipeline.tasks.process", "pipeline.tasks.prove_erasure", "pipeline.tasks.work_on_file"}
    asked_for |= {"pipeline.tasks.work_on_replay", "pipeline.tasks.work_on_dry_run", "pipeline.tasks.work_on_settling"}
    assert {name for name in scheduled if name.startswith("pipeline.")} == there - asked_for
