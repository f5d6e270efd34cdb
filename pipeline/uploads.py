"""Uploads: tried, then loaded, by whichever worker is free; whoever dies in between is followed by the next.

Each row asks consent when it is taken in. The file as a whole is opened to get there, as a duty of who received it.
"""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from consent.decide import Refusal, decide
from pipeline.dry_run import dry_run
from pipeline.files import Loading, Progress, take_in
from records import file_loads, uploads
from records.models import FAILED, LOADED, LOADING, TAKEN_BACK, TRIED, TRYING, FileLoad
from records.readers import Nature, NotReadable, examine
from records.uploads import Gone
from vault.grants import Actor, Grant

STAGE = Actor.machine("load a file")
PURPOSE = "security"
# A worker that has not been heard of for so long has died.
PATIENCE = timedelta(minutes=2)
NOTED_EVERY = timedelta(seconds=2)


class NotWaiting(ValueError):
    """This upload does not wait for a yes."""


def work_on(id: UUID) -> None:
    """Try this upload, or load it, whichever it waits for. Safe to run twice, and to be killed."""
    load = FileLoad.objects.select_related("source").filter(pk=id, uploaded=True, state__in=(TRYING, LOADING)).first()
    if load is None:
        return
    try:
        with suppress(Gone), uploads.opened(load, leave=_Leave(load), on_read=_Pulse(load)) as file:
            nature = _nature(load, file)
            if load.state == TRYING:
                _try(load, nature, file)
            else:
                _load(load, nature, file)
    except NotReadable as error:
        uploads.end(load, FAILED, fault=str(error)[: file_loads.LONGEST_FAULT], now=timezone.now())


def confirm(load: FileLoad, *, now: datetime) -> None:
    """Let a tried upload be loaded. Raises `NotWaiting`."""
    changed = FileLoad.objects.filter(pk=load.pk, state=TRIED, ended_at=None).update(
        state=LOADING, read=0, noted_at=now
    )
    if not changed:
        raise NotWaiting("this file does not wait to be loaded")


def discard(load: FileLoad, *, now: datetime) -> None:
    """Take a tried upload back. Raises `NotWaiting`."""
    with transaction.atomic():
        known = FileLoad.objects.select_for_update().filter(pk=load.pk, state=TRIED, ended_at=None).first()
        if known is None:
            raise NotWaiting("this file does not wait to be loaded")
        FileLoad.objects.filter(pk=load.pk).update(state=TAKEN_BACK)
    uploads.end(load, TAKEN_BACK, now=now)


def left_behind(*, now: datetime) -> list[UUID]:
    """The uploads whose worker has died: they wait for another."""
    waiting = FileLoad.objects.filter(uploaded=True, ended_at=None, state__in=(TRYING, LOADING))
    return list(waiting.filter(noted_at__lte=now - PATIENCE).values_list("pk", flat=True))


def _nature(load: FileLoad, file: Any) -> Nature:
    """What the file is; found once, by whoever comes first."""
    if load.format:
        return Nature(load.format, load.packed, load.encoding, load.size, "")
    nature = examine(file, encoding=load.encoding, region=load.source.region)
    known = {**file_loads.read_as(nature), "digest": file_loads.digest_of(load.source, nature, None)}
    FileLoad.objects.filter(pk=load.pk).update(**known, noted_at=timezone.now())
    load.refresh_from_db()
    return nature


def _try(load: FileLoad, nature: Nature, file: Any) -> None:
    report = dry_run(load.source, file, nature, on_progress=_Progress(load))
    now = timezone.now()
    changed = FileLoad.objects.filter(pk=load.pk, state=TRYING).update(
        state=TRIED, report=report.as_json(), read=load.size, noted_at=now, ended_at=now if load.only_try else None
    )
    if changed and load.only_try:
        uploads.forget(load)


def _load(load: FileLoad, nature: Nature, file: Any) -> None:
    before = file_loads.last_of(load.source, bytes(load.digest or b""))
    if before and before.state == LOADED and not load.line:
        FileLoad.objects.filter(pk=load.pk).update(repeats=before, duplicate=before.acknowledged)
        file_loads.finish(load, now=timezone.now())
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

    def __call__(self, **news: Any) -> None:
        now = timezone.now()
        if now - self._noted_at >= NOTED_EVERY:
            self._noted_at = now
            FileLoad.objects.filter(pk=self._load.pk).update(noted_at=now, **news)


class _Progress:
    """Notes how much of an upload is tried."""

    def __init__(self, load: FileLoad) -> None:
        self._pulse = _Pulse(load)

    def __call__(self, progress: Progress) -> None:
        self._pulse(read=progress.read)
