"""Loads of files: what a file is known again by, how far it has come, and what became of its rows."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db.models import F

from records.models import FAILED, LOADED, LOADING, FileLoad, QuarantinedRecord, Source
from records.quarantine import KEPT_FOR
from records.readers import Nature, Position
from vault.blind import blind_index
from vault.ids import new_id

OUTCOMES = ("stored", "duplicate", "quarantined", "refused")
LONGEST_FAULT = 300


@dataclass(frozen=True)
class Reading:
    """Another way to read one file than its source's own; None is as the source has it."""

    mapping: Mapping[str, Any] | None = None
    contract_mode: str | None = None
    contract_schema: str | None = None

    def of(self, source: Source) -> Source:
        """The source, read so; nothing of that is kept."""
        other = {name: value for name, value in asdict(self).items() if value is not None}
        if not other:
            return source
        found = Source.objects.get(pk=source.pk)
        for name, value in other.items():
            setattr(found, name, value)
        return found


OWN = Reading()


def digest_of(source: Source, nature: Nature, by: Reading = OWN) -> bytes:
    """What this file, read in this way, is known again by.

    All its bytes count, and how they are read: in another encoding, by another mapping or contract it says something
    else. Keyed, so that nobody can guess a small file from it.
    """
    reading = [nature.format, nature.encoding, by.mapping, source.mapping_version, source.mapping, source.region]
    if source.contract_version:
        reading.append(source.contract_version)
    if by.contract_mode is not None or by.contract_schema is not None:
        reading.append([by.contract_mode, by.contract_schema])
    return blind_index("file", f"{nature.digest} {json.dumps(reading, sort_keys=True)}")


def last_of(source: Source, digest: bytes) -> FileLoad | None:
    """The load of this very file that has come furthest: one that ended, else the latest that was interrupted.

    What is loaded from an upload is its worker's until it is loaded.
    """
    loads = FileLoad.objects.filter(source=source, digest=digest, state__in=(LOADING, LOADED))
    loads = loads.exclude(state=LOADING, uploaded=True)
    return loads.order_by(F("ended_at").desc(nulls_last=True), "-line", "-started_at").first()


def begin(source: Source, nature: Nature, digest: bytes, *, by: str, now: datetime) -> FileLoad:
    """A load of this file from its start."""
    return FileLoad.objects.create(
        id=new_id(),
        source=source,
        state=LOADING,
        digest=digest,
        **read_as(nature),
        started_by=by,
        started_at=now,
        noted_at=now,
    )


def read_as(nature: Nature) -> dict[str, Any]:
    """The columns that say what a file is."""
    return {name: getattr(nature, name) for name in ("format", "packed", "encoding", "size")}


def position_of(load: FileLoad) -> Position:
    """Where reading goes on."""
    return Position(load.offset, load.line)


class GoesOnElsewhere(RuntimeError):
    """This load is no longer where it was: somebody else goes on with it, or it has ended."""


def note_batch(
    load: FileLoad, counts: Mapping[str, int], *, start: Position, end: Position, read: int, now: datetime
) -> None:
    """One more batch is taken in, inside the transaction that does so. Its quarantined rows are told by their time.

    Raises `GoesOnElsewhere` unless the load stands where this batch begins, so that each batch counts once.
    """
    if counts["quarantined"]:
        # Received and expiring at one instant of a microsecond's precision: these are this batch's.
        QuarantinedRecord.objects.filter(
            source=load.source_id, expires_at=now + KEPT_FOR, received_at=now, load=None
        ).update(load=load)
    here = FileLoad.objects.filter(pk=load.pk, state=LOADING, offset=start.offset, line=start.line)
    noted = here.update(
        offset=end.offset,
        line=end.line,
        read=read,
        noted_at=now,
        attempts=0,
        **{name: F(name) + counts[name] for name in OUTCOMES},
    )
    if not noted:
        raise GoesOnElsewhere("somebody else goes on with this load, or it has ended")


def note_nature(load: FileLoad, nature: Nature, *, now: datetime) -> None:
    """What the file is has been found out."""
    load.digest, load.noted_at = digest_of(load.source, nature), now
    for name, value in read_as(nature).items():
        setattr(load, name, value)
    load.save(update_fields=["digest", "noted_at", *read_as(nature)])


def note_repetition(load: FileLoad, *, of: FileLoad) -> None:
    """The same file was loaded before, so that all its rows are known."""
    FileLoad.objects.filter(pk=load.pk).update(repeats=of, duplicate=of.acknowledged)


def note_pulse(load: FileLoad, *, read: int | None, now: datetime) -> None:
    """Somebody is at work on it, and has read so many bytes."""
    news = {} if read is None else {"read": read}
    FileLoad.objects.filter(pk=load.pk).update(noted_at=now, **news)


def note_attempt(load: FileLoad, *, now: datetime) -> int:
    """A worker begins. Returns how often that has happened since it last came any further."""
    FileLoad.objects.filter(pk=load.pk).update(attempts=F("attempts") + 1, noted_at=now)
    load.refresh_from_db(fields=["attempts"])
    return load.attempts


def forgive(load: FileLoad) -> None:
    """That it came no further was not its fault."""
    FileLoad.objects.filter(pk=load.pk).update(attempts=0)


def finish(load: FileLoad, *, now: datetime) -> None:
    """All of the file is taken in."""
    FileLoad.objects.filter(pk=load.pk, state=LOADING).update(
        state=LOADED, read=F("size"), noted_at=now, ended_at=now, report=None
    )


def fail(load: FileLoad, fault: str, *, now: datetime) -> None:
    """The file cannot be read, or not to its end; what was taken in stays."""
    FileLoad.objects.filter(pk=load.pk).update(
        state=FAILED, fault=fault[:LONGEST_FAULT], noted_at=now, ended_at=now, report=None
    )
