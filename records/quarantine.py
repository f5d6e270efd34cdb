"""The quarantine: what a known source sent and could not be taken in, sealed under a key of its own, for 30 days."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from msgspec.structs import asdict, replace

from records.envelope import Reject, Way
from records.models import QuarantinedRecord, Source
from vault import keys
from vault.grants import Grant
from vault.ids import new_id
from vault.sealing import Place, Sealed, Sealer, open_what_opens

KEPT_FOR = timedelta(days=30)
TABLE = "records_quarantinedrecord"


@dataclass(frozen=True, slots=True)
class Held:
    """What the quarantine holds of one record: its body, and how it was read."""

    body: bytes
    way: Way


def keep(rejects: Sequence[Reject], source: Source, *, door: str, now: datetime) -> None:
    """Keep these rejects; of an oversize one only hash and size."""
    ids = [new_id() for _ in rejects]
    sealer = Sealer(keys.make(id for id, reject in zip(ids, rejects, strict=True) if reject.body is not None))
    QuarantinedRecord.objects.bulk_create(
        [_row(id, reject, source, door, sealer, now) for id, reject in zip(ids, rejects, strict=True)], batch_size=1_000
    )


def held(rows: Collection[QuarantinedRecord], grant: Grant, *, action: str) -> dict[UUID, Held]:
    """What these rows hold, of those that can be opened. Raises `vault.sealing.NotGranted`."""
    sealed = [
        Sealed(row.id, Place(TABLE, column, row.id), value)
        for row in rows
        for column, value in (("sealed", row.sealed), ("sealed_way", row.sealed_way))
        if value is not None
    ]
    opened = zip(sealed, open_what_opens(sealed, grant, action=action), strict=True)
    told = {(item.key_id, item.place.column): text for item, text in opened if text is not None}
    return {
        row.id: Held(told[row.id, "sealed"], _way(told.get((row.id, "sealed_way"))))
        for row in rows
        if (row.id, "sealed") in told
    }


def note_again(rejects: Mapping[UUID, Reject]) -> None:
    """Say why these still cannot be taken in; what is kept of them stays as it is."""
    rows = list(QuarantinedRecord.objects.filter(id__in=rejects).defer("sealed", "sealed_way"))
    for row in rows:
        row.reason, row.field, row.message = _why(rejects[row.id])
    QuarantinedRecord.objects.bulk_update(rows, ["reason", "field", "message"], batch_size=1_000)


def bodies(*, leave: Callable[[Collection[UUID]], Grant], at_a_time: int = 2_000) -> Iterator[dict[UUID, bytes]]:
    """What the quarantine holds, opened batch by batch under the leave that the caller gives for each.

    A record that nobody can open any more, because its key is gone, is left out.
    """
    last = UUID(int=0)
    while rows := list(QuarantinedRecord.objects.filter(id__gt=last, sealed__isnull=False).order_by("id")[:at_a_time]):
        last = rows[-1].id
        sealed = [Sealed(row.id, Place(TABLE, "sealed", row.id), row.sealed or b"") for row in rows]
        opened = open_what_opens(sealed, leave([row.id for row in rows]), action="search the quarantine")
        yield {row.id: body for row, body in zip(rows, opened, strict=True) if body is not None}


def latest_of(
    source: Source, *, most: int, leave: Callable[[Collection[UUID]], Grant]
) -> list[tuple[QuarantinedRecord, Held]]:
    """What this source's quarantine holds, the latest first, opened under the leave that the caller gives."""
    rows = list(QuarantinedRecord.objects.filter(source=source, sealed__isnull=False).order_by("-id")[:most])
    if not rows:
        return []
    opened = held(rows, leave([row.id for row in rows]), action="try a mapping on the quarantine")
    return [(row, opened[row.id]) for row in rows if row.id in opened]


def forget(ids: Collection[UUID]) -> int:
    """Delete these records; their keys are the caller's to destroy, once that is committed. Returns how many."""
    return QuarantinedRecord.objects.filter(id__in=ids).delete()[0]


def _row(id: UUID, reject: Reject, source: Source, door: str, sealer: Sealer, now: datetime) -> QuarantinedRecord:
    reason, field, message = _why(reject)
    kept = reject.body is not None
    way = orjson.dumps(asdict(replace(reject.way or Way(), client_side=source.client_side))) if kept else None
    return QuarantinedRecord(
        id=id,
        source=source,
        reason=reason,
        field=field,
        message=message,
        line=reject.position,
        door=door,
        sealed=None if reject.body is None else sealer.seal(id, Place(TABLE, "sealed", id), reject.body),
        sealed_way=None if way is None else sealer.seal(id, Place(TABLE, "sealed_way", id), way),
        size=reject.size,
        message_hash=reject.message_hash,
        received_at=now,
        expires_at=now + KEPT_FOR,
    )


def _why(reject: Reject) -> tuple[str, str, str]:
    """Reason, field and message, as the database can hold them."""
    return reject.code, reject.field[:80].replace("\0", ""), reject.message[:300].replace("\0", "")


def _way(text: bytes | None) -> Way:
    return Way() if text is None else Way(**orjson.loads(text))


def end(*, now: datetime) -> int:
    """Delete what has been kept for long enough, and its keys. Returns how many."""
    ids = list(QuarantinedRecord.objects.filter(expires_at__lte=now).values_list("id", flat=True)[:10_000])
    QuarantinedRecord.objects.filter(id__in=ids).delete()
    keys.destroy(ids)
    return len(ids)
