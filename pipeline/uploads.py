"""Uploads: tried, then loaded, by whichever worker is free; whoever dies in between is followed by the next.

Each row asks consent when it is taken in. The file as a whole is opened to get there, as a duty of who received it.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from consent.decide import Refusal, decide
from pipeline.alone import alone_with
from pipeline.dry_run import EXAMPLES, dry_run
from pipeline.files import Loading, Progress, take_in
from privacy.epoch import Behind
from records import file_loads, intakes, uploads
from records.file_loads import GoesOnElsewhere
from records.models import FAILED, LOADED, LOADING, TRYING, FileLoad
from records.readers import Nature, NotReadable, examine
from records.uploads import Gone
from vault.grants import Actor, Grant

STAGE = Actor.machine("load a file")
PURPOSE = "security"
# A worker that has not been heard of for so long has died.
PATIENCE = timedelta(minutes=2)
NOTED_EVERY = timedelta(seconds=2)
# What ends a worker as often as this, without that it came any further, would end every worker.
MOST_ATTEMPTS = 5
# A database that does not answer, or that waits for erasures: the upload waits with it.
NOT_ITS_FAULT = (OperationalError, InterfaceError, Behind)


def work_on(id: UUID) -> None:
    """Try this upload, or load it, whichever it waits for. Safe to run twice, also at once, and to be killed.

    What goes wrong is raised, and tried again by whoever comes next, `MOST_ATTEMPTS` times without coming any further.
    """
    with alone_with(f"work on upload {id}") as alone:
        load = _waiting(id) if alone else None
        if load is not None:
            _work_on(load)


def _waiting(id: UUID) -> FileLoad | None:
    return FileLoad.objects.select_related("source").filter(pk=id, uploaded=True, state__in=(TRYING, LOADING)).first()


def _work_on(load: FileLoad) -> None:
    if not load.source.enabled:
        uploads.end(load, FAILED, fault=uploads.SWITCHED_OFF, now=timezone.now())
        return
    attempt = file_loads.note_attempt(load, now=timezone.now())
    if attempt > MOST_ATTEMPTS:
        uploads.end(load, FAILED, fault=uploads.GIVEN_UP, now=timezone.now())
        return
    try:
        with suppress(Gone, GoesOnElsewhere), uploads.opened(load, leave=_Leave(load), on_read=_Pulse(load)) as file:
            nature = _nature(load, file)
            if load.state == TRYING:
                _try(load, nature, file)
            else:
                _load(load, nature, file)
    except NotReadable as error:
        uploads.end(load, FAILED, fault=str(error)[: file_loads.LONGEST_FAULT], now=timezone.now())
    except NOT_ITS_FAULT:
        file_loads.forgive(load)
        raise
    except Exception:
        # Its text may hold somebody's data: the upload does not repeat it.
        load.refresh_from_db(fields=["attempts"])
        if load.attempts >= MOST_ATTEMPTS:
            uploads.end(load, FAILED, fault=uploads.GIVEN_UP, now=timezone.now())
        raise


def left_behind(*, now: datetime) -> list[UUID]:
    """The uploads whose worker has died: they wait for another, who is to be asked now."""
    return uploads.claim_waiting(since=now - PATIENCE, now=now)


def _nature(load: FileLoad, file: Any) -> Nature:
    """What the file is; found once, by whoever comes first."""
    if load.format:
        return Nature(load.format, load.packed, load.encoding, load.size, "")
    nature = examine(file, encoding=load.encoding, region=load.source.region)
    file_loads.note_nature(load, nature, now=timezone.now())
    return nature


def _try(load: FileLoad, nature: Nature, file: Any) -> None:
    # Examples help to say yes; of what is only tried, nobody is shown any.
    examples = 0 if load.only_try else EXAMPLES
    report = dry_run(load.source, file, nature, examples=examples, on_progress=_Progress(load))
    uploads.tried(load, report.as_json(), now=timezone.now())


def _load(load: FileLoad, nature: Nature, file: Any) -> None:
    before = file_loads.last_of(load.source, bytes(load.digest or b""))
    if before and before.state == LOADED and not load.line:
        now = timezone.now()
        with transaction.atomic():
            file_loads.note_repetition(load, of=before)
            intakes.note_repeated(load.source, before.acknowledged, door="file", now=now)
            file_loads.finish(load, now=now)
    else:
        take_in(Loading(load.source, nature, load), file)
    uploads.forget(load)


class _Leave:
    """Leave to open an upload, renewed in time."""

    def __init__(self, load: FileLoad) -> None:
        self._load = load
        self._grant: Grant | None = None

    def __call__(self) -> Grant:
        now = timezone.now()
        if self._grant is None or not self._grant.lasts(now=now):
            self._grant = _leave(self._load, now=now)
        return self._grant


def _leave(load: FileLoad, *, now: datetime) -> Grant:
    reason = f"take in uploaded file {load.pk}"
    answer = decide([load.pk], purpose=PURPOSE, at=now, actor=STAGE, reason=reason)
    if isinstance(answer, Refusal):
        raise NotReadable(f"opening it is refused for '{answer.purpose}': {answer.reason}")
    return answer


class _Pulse:
    """Notes that somebody is at work on it."""

    def __init__(self, load: FileLoad) -> None:
        self._load = load
        self._noted_at = load.started_at

    def __call__(self, read: int | None = None) -> None:
        now = timezone.now()
        if now - self._noted_at >= NOTED_EVERY:
            self._noted_at = now
            file_loads.note_pulse(self._load, read=read, now=now)


class _Progress:
    """Notes how much of an upload is tried."""

    def __init__(self, load: FileLoad) -> None:
        self._pulse = _Pulse(load)

    def __call__(self, progress: Progress) -> None:
        self._pulse(read=progress.read)
