"""Runs of replay: all that one source has in quarantine for one reason, replayed by a worker, with its progress.

Whoever dies in between is followed by the next; what was taken in is gone from the quarantine and counts once.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from pipeline.alone import alone_with
from pipeline.consumers.taking import HOPELESS
from pipeline.models import DONE, RUNNING, Replay
from pipeline.replay import NotOpened, Replayed, replay
from records.envelope import Reject
from records.mending import Mend, SaysConsent
from records.models import QuarantinedRecord, Source
from vault.grants import Actor
from vault.ids import new_id

log = structlog.get_logger()

# A batch holds so many records, or the one with which it has so many sealed bytes: all of them are opened at once.
AT_A_TIME, BATCH_BYTES = 500, 8_000_000
MOST_FIELDS, LONGEST_FIELD = 20, 80
# A worker that has not been heard of for so long has died.
PATIENCE = timedelta(minutes=2)


class Nothing(ValueError):
    """Nothing in quarantine fits what is to be replayed."""


def begin(
    source: Source,
    *,
    reason: str = "",
    field: str = "",
    load: UUID | None = None,
    leave_out: Sequence[str] = (),
    by: Actor,
    now: datetime,
) -> Replay:
    """Ask for a replay of what this source has in quarantine, all of it or for this reason and field, or of one file.

    `leave_out` names fields without which each is to be taken in. Raises `Nothing`, `records.mending.SaysConsent`, and
    `ValueError` for too many.
    """
    Mend(leave_out=tuple(leave_out)).must_leave_consent(source)
    if len(leave_out) > MOST_FIELDS or any(not 0 < len(name) <= LONGEST_FIELD for name in leave_out):
        raise ValueError(f"name at most {MOST_FIELDS} fields to leave out, of {LONGEST_FIELD} characters each")
    run = Replay(
        id=new_id(),
        source=source,
        reason=reason,
        field=field,
        load_id=load,
        leave_out=list(leave_out),
        state=RUNNING,
        until=now,
        started_by_kind=by.kind,
        started_by=by.id,
        started_at=now,
        noted_at=now,
    )
    run.found = _waiting(run).count()
    if not run.found:
        raise Nothing(
            f"nothing of this source is in quarantine for that reason; there is {_there(source) or 'nothing'}"
        )
    run.save()
    return run


def _there(source: Source) -> str:
    """For which reasons something is in quarantine, and how much: "wrong_type (12)"."""
    counts = source.quarantined.values_list("reason").annotate(count=Count("id")).order_by("-count", "reason")
    return ", ".join(f"{reason} ({count:,})" for reason, count in counts)


def work_on(id: UUID, *, on_progress: Callable[[Replay], None] = lambda run: None) -> None:
    """Replay what this run is about, in batches. Safe to run twice, also at once, and to be killed."""
    with alone_with(f"replay {id}") as alone:
        run = Replay.objects.select_related("source").filter(pk=id, state=RUNNING).first() if alone else None
        if run is not None:
            _work_on(run, on_progress)


def left_behind(*, now: datetime) -> list[UUID]:
    """The runs whose worker has died."""
    return list(Replay.objects.filter(state=RUNNING, noted_at__lt=now - PATIENCE).values_list("id", flat=True))


def _work_on(run: Replay, on_progress: Callable[[Replay], None]) -> None:
    ask = partial(
        replay,
        actor=Actor(run.started_by_kind, run.started_by),
        reason=f"replay {run.pk}",
        mend=Mend(leave_out=tuple(run.leave_out)),
    )
    while ids := _next(run):
        try:
            _replay(run, ids, ask)
        except (NotOpened, SaysConsent) as error:
            _end(run, fault=str(error))
            return
        run.refresh_from_db(fields=["stored", "duplicate", "refused", "still", "still_for", "last", "noted_at"])
        on_progress(run)
    _end(run)


def _next(run: Replay) -> list[UUID]:
    """The records of the next batch; at least one, while there is one."""
    waiting = _waiting(run).filter(id__gt=run.last).order_by("id").annotate(bytes=Length("sealed"))
    ids: list[UUID] = []
    room = BATCH_BYTES
    for id, size in waiting.values_list("id", "bytes")[:AT_A_TIME]:
        room -= size
        if ids and room < 0:
            break
        ids.append(id)
    return ids


def _replay(run: Replay, ids: Sequence[UUID], ask: Callable[..., Replayed]) -> None:
    """Replay these and note it, in one transaction; where one cannot be stored, whatever is tried, each by itself."""
    try:
        ask(ids, now=timezone.now(), note=partial(_note, run, last=ids[-1]))
    except HOPELESS as error:
        if isinstance(error, SaysConsent):
            raise
        if len(ids) > 1:
            for id in ids:
                _replay(run, [id], ask)
            return
        name = type(error).__name__
        log.error("a record in quarantine cannot be stored and stays there", error=name)
        reject = Reject(
            position=0,
            code="unstorable",
            field="",
            message=f"It could not be stored: {name}.",
            body=None,
            size=0,
            message_hash=b"",
        )
        _note(run, Replayed(still={ids[0]: reject}), last=ids[0])


def _waiting(run: Replay) -> "QuerySet[QuarantinedRecord]":
    """What was in quarantine when it was asked for."""
    found = QuarantinedRecord.objects.filter(source=run.source_id, received_at__lte=run.until, sealed__isnull=False)
    if run.reason:
        found = found.filter(reason=run.reason)
    if run.load_id:
        found = found.filter(load=run.load_id)
    return found.filter(field=run.field) if run.field else found


def _note(run: Replay, replayed: Replayed, *, last: UUID) -> None:
    became = replayed.acceptance
    before = Counter(Replay.objects.values_list("still_for", flat=True).get(pk=run.pk))
    before.update(reject.code for reject in replayed.still.values())
    Replay.objects.filter(pk=run.pk).update(
        stored=F("stored") + became.stored,
        duplicate=F("duplicate") + became.duplicate,
        refused=F("refused") + became.refused,
        still=F("still") + len(replayed.still),
        still_for=dict(before),
        last=last,
        noted_at=timezone.now(),
    )


def _end(run: Replay, fault: str = "") -> None:
    now = timezone.now()
    Replay.objects.filter(pk=run.pk).update(state=DONE, fault=fault[:300], noted_at=now, ended_at=now)
    run.refresh_from_db()
