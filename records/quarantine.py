"""The quarantine: what a known source sent and could not be taken in, sealed under a key of its own, for 30 days."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from records.envelope import Reject
from records.models import QuarantinedRecord, Source
from vault import keys
from vault.grants import Grant
from vault.ids import new_id
from vault.sealing import Place, Sealed, Sealer, open_what_opens

KEPT_FOR = timedelta(days=30)


def keep(rejects: Sequence[Reject], source: Source, *, now: datetime) -> None:
    """Keep these rejects; of an oversize one only hash and size."""
    ids = [new_id() for _ in rejects]
    sealer = Sealer(keys.make(id for id, reject in zip(ids, rejects, strict=True) if reject.body is not None))
    QuarantinedRecord.objects.bulk_create(
        [_row(id, reject, source, sealer, now) for id, reject in zip(ids, rejects, strict=True)], batch_size=1_000
    )


def bodies(*, leave: Callable[[Collection[UUID]], Grant], at_a_time: int = 2_000) -> Iterator[dict[UUID, bytes]]:
    """What the quarantine holds, opened batch by batch under the leave that the caller gives for each.

    A record that nobody can open any more, because its key is gone, is left out.
    """
    last = UUID(int=0)
    while rows := list(QuarantinedRecord.objects.filter(id__gt=last, sealed__isnull=False).order_by("id")[:at_a_time]):
        last = rows[-1].id
        sealed = [
            Sealed(row.id, Place("records_quarantinedrecord", "sealed", row.id), row.sealed or b"") for row in rows
        ]
        opened = open_what_opens(sealed, leave([row.id for row in rows]), action="search the quarantine")
        yield {row.id: body for row, body in zip(rows, opened, strict=True) if body is not None}


def latest_of(source: Source, *, most: int, leave: Callable[[Collection[UUID]], Grant]) -> list[bytes]:
    """What this source's quarantine holds, the latest first, opened under the leave that the caller gives."""
    rows = list(QuarantinedRecord.objects.filter(source=source, sealed__isnull=False).order_by("-id")[:most])
    if not rows:
        return []
    sealed = [Sealed(row.id, Place("records_quarantinedrecord", "sealed", row.id), row.sealed or b"") for row in rows]
    opened = open_what_opens(sealed, leave([row.id for row in rows]), action="try a mapping on the quarantine")
    return [body for body in opened if body is not None]


def forget(ids: Collection[UUID]) -> int:
    """Delete these records; their keys are the caller's to destroy, once that is committed. Returns how many."""
    return QuarantinedRecord.objects.filter(id__in=ids).delete()[0]


def _row(id: UUID, reject: Reject, source: Source, sealer: Sealer, now: datetime) -> QuarantinedRecord:
    place = Place("records_quarantinedrecord", "sealed", id)
    return QuarantinedRecord(
        id=id,
        source=source,
        reason=reject.code,
        field=reject.field[:80].replace("\0", ""),
        message=reject.message[:300].replace("\0", ""),
        line=reject.position,
        sealed=None if reject.body is None else sealer.seal(id, place, reject.body),
        size=reject.size,
        message_hash=reject.message_hash,
        received_at=now,
        expires_at=now + KEPT_FOR,
    )


def end(*, now: datetime) -> int:
    """Delete what has been kept for long enough, and its keys. Returns how many."""
    ids = list(QuarantinedRecord.objects.filter(expires_at__lte=now).values_list("id", flat=True)[:10_000])
    QuarantinedRecord.objects.filter(id__in=ids).delete()
    keys.destroy(ids)
    return len(ids)
