"""Celery tasks: each takes nothing but an id or nothing at all, makes one call, and may run twice."""

from contextlib import suppress
from uuid import UUID

from celery import shared_task
from django.db import connection
from django.utils import timezone
from kombu.exceptions import OperationalError

from identity import dry_runs, settle_runs
from identity.relearning import learn_anew
from outbox import alarm_notices
from pipeline import alarm_news, blocking, heartbeat, replay_runs, settling, uploads
from pipeline.alone import alone_with
from pipeline.hand_over import hand_over as deliver
from pipeline.process import BATCH, let_time_pass, process_batch
from pipeline.sweep import destroy_orphan_keys, requeue_unresolved
from privacy import aftercare, calling_back, exports, reminders, request_records, retention, window
from privacy.models import SubjectRequest
from privacy.retention import AlreadyRunning
from records import alarms, outliers, quarantine
from records import uploads as kept_uploads
from vault import audit_seals


@shared_task
def beat() -> None:
    """The scheduler sent this and a worker runs it: both are alive."""
    now = timezone.now()
    heartbeat.beat("scheduler", now=now)
    heartbeat.beat("worker", now=now)


@shared_task
def process() -> None:
    """Help with a backlog until nothing waits."""
    while process_batch(now=timezone.now(), limit=BATCH):
        pass


def help_with_backlog() -> None:
    """Ask a worker for help."""
    process.delay()


@shared_task
def sweep() -> None:
    """Put back to work what was left behind."""
    requeue_unresolved(now=timezone.now())


@shared_task
def destroy_orphans() -> None:
    """Destroy keys that seal nothing."""
    destroy_orphan_keys(now=timezone.now())


@shared_task
def hand_over() -> None:
    """Tell recipients what they may be told, and ask those that must erase."""
    deliver(now=timezone.now())


@shared_task
def make_partitions() -> None:
    """See that the partitions of this month and the next exist."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT records_make_partition((now() + make_interval(months => ahead))::date)"
            " FROM generate_series(0, 2) AS ahead"
        )


@shared_task
def refresh_all() -> None:
    """Let time pass for features and segments: recency grows without any record."""
    let_time_pass(now=timezone.now())


@shared_task
def keep_limits() -> None:
    """Remove what has been kept for long enough."""
    with suppress(AlreadyRunning):
        retention.carry_out(now=timezone.now())


@shared_task
def block_what_many_share() -> None:
    """Block the e-mail addresses and phones that many families share."""
    blocking.block_what_many_share(now=timezone.now())


@shared_task
def learn() -> None:
    """Learn the match model anew, from the source profiles that may be linked, past what many families share."""
    blocking.block_what_many_share(now=timezone.now())
    learn_anew(now=timezone.now())


@shared_task
def call_back() -> None:
    """Tell controllers what became of their requests."""
    calling_back.send_due(now=timezone.now())


@shared_task
def remind_of_deadlines() -> None:
    """Remind the privacy team of what is due."""
    reminders.remind(now=timezone.now())


@shared_task
def forget_requests() -> None:
    """Delete the records of requests that ended 24 months ago."""
    request_records.forget(now=timezone.now())


@shared_task
def end_exports() -> None:
    """Delete our copies of exported files whose day is over."""
    exports.end(now=timezone.now())


@shared_task
def end_quarantine() -> None:
    """Delete quarantined records whose time is over."""
    while quarantine.end(now=timezone.now()):
        pass


@shared_task
def measure_outliers() -> None:
    """Learn anew where the values lie that sources watch."""
    outliers.measure(now=timezone.now())


@shared_task
def watch_volume() -> None:
    """See whether each source sends as much as it usually does."""
    alarm_news.watch(alarms.watch_volume, now=timezone.now())


@shared_task
def watch_fields() -> None:
    """See whether the fields of each source are as they usually are."""
    alarm_news.watch(alarms.watch_fields, now=timezone.now())


@shared_task
def tell_of_alarms() -> None:
    """Tell those who want to know which alarms began and ended."""
    alarm_notices.send_due(now=timezone.now())


@shared_task
def work_on_file(load_id: str) -> None:
    """Try an upload, or load it."""
    uploads.work_on(UUID(load_id))


def wake_for_file(load_id: UUID) -> None:
    """Ask a worker for this upload. Where no broker answers, the scheduler finds it a little later."""
    with suppress(OperationalError):
        work_on_file.delay(str(load_id))


@shared_task
def attend_to_files() -> None:
    """Have uploads taken up again whose worker died, and end those that nobody wants loaded."""
    now = timezone.now()
    for id in uploads.left_behind(now=now):
        work_on_file.delay(str(id))
    kept_uploads.expire(now=now)


@shared_task
def work_on_replay(id: str) -> None:
    """Replay what a run is about."""
    replay_runs.work_on(UUID(id))


def wake_for_replay(id: UUID) -> None:
    """Ask a worker for this run. Where no broker answers, the scheduler finds it a little later."""
    with suppress(OperationalError):
        work_on_replay.delay(str(id))


@shared_task
def attend_to_replays() -> None:
    """Have replays taken up again whose worker died."""
    for id in replay_runs.left_behind(now=timezone.now()):
        work_on_replay.delay(str(id))


@shared_task
def work_on_dry_run(id: str) -> None:
    """Run rules on trial against everybody."""
    with alone_with(f"dry run {id}") as alone:
        if alone:
            dry_runs.work_on(UUID(id))


def wake_for_dry_run(id: UUID) -> None:
    """Ask a worker for this dry run. Where no broker answers, the scheduler finds it a little later."""
    with suppress(OperationalError):
        work_on_dry_run.delay(str(id))


@shared_task
def attend_to_dry_runs() -> None:
    """Have dry runs taken up again whose worker died."""
    for id in dry_runs.left_behind(now=timezone.now()):
        work_on_dry_run.delay(str(id))


@shared_task
def work_on_settling(id: str) -> None:
    """Decide anew what matching has joined."""
    settling.work_on(UUID(id))


def wake_for_settling(id: UUID) -> None:
    """Ask a worker for this run. Where no broker answers, the scheduler finds it a little later."""
    with suppress(OperationalError):
        work_on_settling.delay(str(id))


@shared_task
def attend_to_settlings() -> None:
    """Have settlings taken up again whose worker died."""
    for id in settle_runs.left_behind(now=timezone.now()):
        work_on_settling.delay(str(id))


@shared_task
def execute_erasures() -> None:
    """Carry out the erasures whose window has passed."""
    window.execute_due()


@shared_task
def seal_audit_log() -> None:
    """Chain and sign what the audit log has taken down since."""
    audit_seals.seal(now=timezone.now())


@shared_task
def prove_erasures() -> None:
    """Prove and certify what was erased, and let go of the values that no proof needs any more."""
    aftercare.attend()


@shared_task
def prove_erasure(request_id: str) -> None:
    """Prove and certify one erasure, because somebody asked."""
    request = SubjectRequest.objects.get(pk=request_id)
    aftercare.prove_and_certify(request, actor=aftercare.SCHEDULE, now=timezone.now())
