"""Uploads: files kept sealed, in pieces, in the database, from when they arrive until they are loaded.

Web and worker need no common disk, and nothing of a file lies open anywhere. Each upload has a key of its own, which is
destroyed with its pieces.
"""

import io
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from records.models import ARRIVING, EXPIRED, FAILED, LOADING, TAKEN_BACK, TRIED, TRYING, FileLoad, Source, UploadChunk
from vault import keys
from vault.grants import Grant
from vault.ids import new_id
from vault.sealing import Place, Sealed, Sealer, open_sealed

CHUNK = 64 * 1024
CHUNKS_AT_ONCE = 32
# Nobody waits longer to look at what came of a trial; an upload that takes longer to arrive has broken off.
KEPT_FOR = timedelta(hours=24)
ARRIVES_WITHIN = timedelta(hours=6)
# From its arrival until it is loaded, all waiting included: of what takes longer, nobody knows any more why.
DONE_WITHIN = 2 * KEPT_FOR
ERASED_MEANWHILE = "it names somebody who is being erased; send it again, and that person is left out"
BROKEN_OFF = "the upload broke off; send it again"
SWITCHED_OFF = "this source is disabled; enable it and send the file again"
GIVEN_UP = "it could not be taken in to its end, though it was tried several times; the log of the workers says more"
TOOK_TOO_LONG = "it was not taken in within two days; send it again"


class TooLarge(ValueError):
    """An upload is larger than is taken."""


class Gone(LookupError):
    """The pieces of an upload are no longer there: it was loaded, taken back, or has expired."""


class NotWaiting(ValueError):
    """This upload does not wait for a yes."""


class Receiver:
    """Takes an upload as it arrives and keeps it sealed. Used as a context: where it breaks off, nothing is kept.

    A file of more than `most` bytes raises `TooLarge`. An upload is tried first, and then waits for a yes or (with
    `only_try`) is put away; or it is loaded without being asked for again.
    """

    def __init__(
        self,
        source: Source,
        *,
        by: str,
        most: int,
        now: datetime,
        encoding: str = "",
        try_first: bool = False,
        only_try: bool = False,
    ) -> None:
        self.load = FileLoad(
            id=new_id(),
            source=source,
            state=ARRIVING,
            uploaded=True,
            only_try=only_try,
            encoding=encoding,
            started_by=by,
            started_at=now,
            noted_at=now,
        )
        self._then = TRYING if try_first or only_try else LOADING
        self._most = most
        self._number = 0
        self._rest = bytearray()

    def __enter__(self) -> "Receiver":
        self.load.save(force_insert=True)
        keys.make([self.load.pk])
        return self

    def write(self, piece: bytes) -> None:
        """The next bytes. Raises `TooLarge`."""
        self._rest += piece
        self.load.size += len(piece)
        if self.load.size > self._most:
            raise TooLarge(f"the file has more than {self._most:,} bytes; split it, or load it with manage.py ingest")
        if len(self._rest) >= CHUNK * CHUNKS_AT_ONCE:
            self._keep(CHUNK * CHUNKS_AT_ONCE)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if error is not None:
            fault = str(error) if isinstance(error, TooLarge) else BROKEN_OFF
            end(self.load, FAILED, fault=fault, now=timezone.now())
            return
        self._keep(len(self._rest))
        self.load.state, self.load.noted_at = self._then, timezone.now()
        self.load.save(update_fields=["state", "size", "noted_at"])

    def _keep(self, size: int) -> None:
        chunks = [bytes(self._rest[start : start + CHUNK]) for start in range(0, size, CHUNK)]
        del self._rest[:size]
        with transaction.atomic():
            sealer = Sealer(keys.fetch_to_seal([self.load.pk]))
            UploadChunk.objects.bulk_create(
                [_sealed(self.load, self._number + place, chunk, sealer) for place, chunk in enumerate(chunks)]
            )
        self._number += len(chunks)


def _sealed(load: FileLoad, number: int, chunk: bytes, sealer: Sealer) -> UploadChunk:
    id = new_id()
    return UploadChunk(id=id, load=load, number=number, sealed=sealer.seal(load.pk, _place(id), chunk))


def tried(load: FileLoad, report: dict[str, Any], *, now: datetime) -> None:
    """What would become of its rows is known. It waits for a yes; after a dry run nothing of it is kept."""
    changed = FileLoad.objects.filter(pk=load.pk, state=TRYING).update(
        state=TRIED, report=report, read=load.size, noted_at=now, ended_at=now if load.only_try else None
    )
    if changed and load.only_try:
        forget(load)


def confirm(load: FileLoad, *, now: datetime) -> None:
    """Yes: let it be loaded. Raises `NotWaiting`, also while its source is disabled."""
    if not Source.objects.filter(pk=load.source_id, enabled=True).exists():
        raise NotWaiting("this source is disabled; enable it first")
    if not _waiting_for_yes(load).update(state=LOADING, read=0, attempts=0, noted_at=now):
        raise NotWaiting("this file does not wait to be loaded")


def discard(load: FileLoad, *, now: datetime) -> None:
    """No: nothing of it is kept. Raises `NotWaiting`."""
    if not _waiting_for_yes(load).update(state=TAKEN_BACK, noted_at=now, ended_at=now):
        raise NotWaiting("this file does not wait to be loaded")
    end(load, TAKEN_BACK, now=now)


def _waiting_for_yes(load: FileLoad) -> "QuerySet[FileLoad]":
    return FileLoad.objects.filter(pk=load.pk, state=TRIED, ended_at=None)


def claim_waiting(*, since: datetime, now: datetime) -> list[UUID]:
    """The uploads that wait to be tried or loaded, and that nobody has been at work on since; each is told once.

    They count as noted now: as much time passes again before they are told once more.
    """
    waiting = FileLoad.objects.filter(uploaded=True, ended_at=None, state__in=(TRYING, LOADING), noted_at__lte=since)
    ids = list(waiting.values_list("pk", flat=True))
    return [id for id in ids if waiting.filter(pk=id).update(noted_at=now)]


def end(load: FileLoad, state: str, *, fault: str = "", now: datetime) -> None:
    """The upload is done with: its pieces go, then their key."""
    with transaction.atomic():
        _forget(load)
        ended = {"state": state, "fault": fault, "report": None if state != TRIED else load.report}
        FileLoad.objects.filter(pk=load.pk).update(**ended, noted_at=now, ended_at=now)
    keys.destroy([load.pk])


def forget(load: FileLoad) -> None:
    """Its pieces go, then their key; the load stays as it is."""
    with transaction.atomic():
        _forget(load)
    keys.destroy([load.pk])


def _forget(load: FileLoad) -> None:
    UploadChunk.objects.filter(load=load).delete()


def expire(*, now: datetime) -> int:
    """End the uploads that nobody wants loaded, that never arrived, or that never came to their end. Returns how many.

    What is left of one whose worker died between its end and the deletion of its pieces goes as well, and so do the
    reports of dry runs after a day.
    """
    waiting = FileLoad.objects.filter(uploaded=True, ended_at=None)
    done = list(waiting.filter(state=TRIED, noted_at__lte=now - KEPT_FOR))
    broken = list(waiting.filter(state=ARRIVING, started_at__lte=now - ARRIVES_WITHIN))
    endless = list(waiting.filter(state__in=(TRYING, LOADING), started_at__lte=now - DONE_WITHIN))
    for load in done:
        end(load, EXPIRED, now=now)
    for load in endless:
        end(load, FAILED, fault=TOOK_TOO_LONG, now=now)
    for load in broken:
        end(load, FAILED, fault=BROKEN_OFF, now=now)
    FileLoad.objects.filter(report__isnull=False, ended_at__lte=now - KEPT_FOR).update(report=None)
    for load in lying():
        if load.ended_at is not None:
            forget(load)
    return len(done) + len(broken) + len(endless)


class Upload(io.RawIOBase):
    """An upload as a file. Opened some pieces at a time, under the leave that the caller gives for each time.

    Raises `Gone` when its pieces are gone.
    """

    def __init__(self, load: FileLoad, *, leave: Callable[[], Grant], on_read: Callable[[], None]) -> None:
        self._load = load
        self._leave = leave
        self._on_read = on_read
        self._at = 0
        self._first = 0
        self._opened = b""

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if self._at >= self._load.size:
            return 0
        if not self._first <= self._at < self._first + len(self._opened):
            self._open(self._at // CHUNK)
        start = self._at - self._first
        piece = self._opened[start : start + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._load.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def _open(self, number: int) -> None:
        rows = list(
            UploadChunk.objects.filter(load=self._load, number__gte=number)
            .order_by("number")
            .values_list("id", "number", "sealed")[:CHUNKS_AT_ONCE]
        )
        if not rows or rows[0][1] != number:
            raise Gone("this upload is no longer there")
        sealed = [Sealed(self._load.pk, _place(id), chunk) for id, _, chunk in rows]
        try:
            self._opened = b"".join(open_sealed(sealed, self._leave(), action="read an upload"))
        except keys.KeyMissing:
            raise Gone("this upload is no longer there") from None
        self._first = number * CHUNK
        self._on_read()


def opened(
    load: FileLoad, *, leave: Callable[[], Grant], on_read: Callable[[], None] = lambda: None
) -> io.BufferedReader:
    """An upload as a file, to be read. `on_read` is called now and then."""
    return io.BufferedReader(Upload(load, leave=leave, on_read=on_read), CHUNK)


def take_back(ids: Iterable[UUID]) -> int:
    """Delete the pieces of these uploads, because they name somebody who is erased; their keys are the caller's.

    Returns how many pieces there were. Whoever is at work on one finds it gone.
    """
    wanted = list(ids)
    FileLoad.objects.filter(pk__in=wanted, ended_at=None).update(
        state=TAKEN_BACK, fault=ERASED_MEANWHILE, report=None, ended_at=Now(), noted_at=Now()
    )
    return UploadChunk.objects.filter(load__in=wanted).delete()[0]


def lying() -> list[FileLoad]:
    """The uploads whose pieces are still kept."""
    return list(FileLoad.objects.filter(pk__in=UploadChunk.objects.values("load")).order_by("pk"))


def keyed(ids: Iterable[UUID]) -> set[UUID]:
    """Those of these ids that are of uploads which still need their key."""
    return set(FileLoad.objects.filter(pk__in=list(ids), uploaded=True, ended_at=None).values_list("pk", flat=True))


def _place(id: UUID) -> Place:
    return Place("records_uploadchunk", "sealed", id)
