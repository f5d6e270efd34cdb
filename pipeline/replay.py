"""Replay: what is in quarantine is read again, as its source is now, and taken in through the same gates as all else.

lock → open under a grant → mend → read again → consent, keys, seal, append → gone from quarantine, its key destroyed.
What still cannot be taken in stays, with the reason of now. A record was acknowledged once, when it came, and counts on
that day as what it became; what its source keeps no longer by now is refused. Safe to repeat, and to be killed.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction

from consent.decide import Refusal, decide
from pipeline.accept import Acceptance, take_back
from privacy import suppression
from records import quarantine, retention
from records.envelope import Envelope, Reject
from records.envelopes.again import believed, read_again
from records.mending import AS_IT_IS, Mend
from records.models import QuarantinedRecord, Source
from records.quarantine import Held
from vault import keys
from vault.crossing import again_when_crossed
from vault.grants import Actor, Grant

PURPOSE = "security"
# What these doors refused as a whole is no row; of others it is a line, or a message, that may be mended.
OF_STREAMS = ("kafka", "mqtt", "webhooks")


class NotOpened(PermissionError):
    """The quarantine may not be opened now."""


@dataclass(frozen=True)
class Replayed:
    """What became of records in quarantine, and why those that stay do; `out` are no longer there."""

    acceptance: Acceptance = field(default_factory=Acceptance)
    out: frozenset[UUID] = frozenset()
    still: dict[UUID, Reject] = field(default_factory=dict)


Note = Callable[[Replayed], None]


def no_note(replayed: Replayed) -> None:
    """Nobody keeps count."""


def replay(
    ids: Collection[UUID],
    *,
    actor: Actor,
    reason: str,
    now: datetime,
    mend: Mend = AS_IT_IS,
    note: Note = no_note,
) -> Replayed:
    """Take in what can be taken in of these by now, each after it was mended. `note` is told inside the transaction.

    Left alone are those that somebody else replays just now, those of a disabled source, and those of which nothing is
    kept. Raises `NotOpened`, `records.mending.SaysConsent`, and `privacy.epoch.Behind` while the database is a restored
    one that misses erasures.
    """
    replayed = again_when_crossed(partial(_replay, ids, actor, reason, now, mend, note))
    keys.destroy(replayed.out)
    return replayed


def leave_to_open(ids: Collection[UUID], *, actor: Actor, reason: str, now: datetime) -> Grant:
    """Leave to open these, as a duty of who received them. Raises `NotOpened`."""
    answer = decide(ids, purpose=PURPOSE, at=now, actor=actor, reason=reason)
    if isinstance(answer, Refusal):
        raise NotOpened(f"opening the quarantine is refused for '{answer.purpose}': {answer.reason}")
    return answer


def _replay(ids: Collection[UUID], actor: Actor, reason: str, now: datetime, mend: Mend, note: Note) -> Replayed:
    with transaction.atomic():
        replayed = _replay_these(ids, actor, reason, now, mend)
        note(replayed)
    return replayed


def _replay_these(ids: Collection[UUID], actor: Actor, reason: str, now: datetime, mend: Mend) -> Replayed:
    # Before any row is locked: an erasure locks the door first, and the rows behind it.
    suppression.pass_the_door()
    rows = list(
        QuarantinedRecord.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("source")
        .filter(id__in=ids, sealed__isnull=False, source__enabled=True, expires_at__gt=now)
        .order_by("id")
    )
    for source in {row.source for row in rows}:
        mend.must_leave_consent(source)
    if not rows:
        return Replayed()
    grant = leave_to_open([row.id for row in rows], actor=actor, reason=reason, now=now)
    held = quarantine.held(rows, grant, action="replay the quarantine")
    read = {row.id: read_held(row, held[row.id], row.source, mend) for row in rows if row.id in held}
    still = {id: item for id, item in read.items() if isinstance(item, Reject)}
    if not mend.changes:
        quarantine.note_again(still)
    taken = [
        _Taken(row, believed(row.source, held[row.id].way), item)
        for row in rows
        if isinstance(item := read.get(row.id), Envelope)
    ]
    acceptance = _take_back(taken, now)
    out = frozenset(read.keys() - still.keys())
    quarantine.forget(out)
    return Replayed(acceptance, out, still)


def read_held(row: QuarantinedRecord, held: Held, source: Source, mend: Mend = AS_IT_IS) -> Envelope | Reject:
    """What a record in quarantine reads as, by the door's own reader and this source."""
    position = row.line or 0
    read = read_again(held.body, held.way, source, position=position, received_at=row.received_at, mend=mend)
    refused_whole = not held.way.reader and (row.door in OF_STREAMS or isinstance(read, Reject))
    if mend.anew is not None or not refused_whole:
        return read
    # It was no message by itself: why it could not be read stands there, and holds until somebody writes it anew.
    return Reject(position, row.reason, row.field, row.message, held.body, row.size, bytes(row.message_hash), held.way)


@dataclass(frozen=True)
class _Taken:
    """A record that can be read now, and its source, believed as it was when the record came, or less."""

    row: QuarantinedRecord
    source: Source
    item: Envelope

    @property
    def together_with(self) -> tuple[UUID, bool, date]:
        return self.source.pk, self.source.client_side, self.row.received_at.astimezone(UTC).date()


def _take_back(taken: Sequence[_Taken], now: datetime) -> Acceptance:
    """These, by source and by the day on which they came."""
    together: dict[tuple[UUID, bool, date], list[_Taken]] = defaultdict(list)
    for one in taken:
        together[one.together_with].append(one)
    kept_for = {one.source: timedelta(days=one.records) for one in retention.schedules()} if taken else {}
    return sum((_take_back_day(found, kept_for, now) for found in together.values()), Acceptance())


def _take_back_day(found: Sequence[_Taken], kept_for: dict[UUID, timedelta], now: datetime) -> Acceptance:
    source = found[0].source
    in_time = [one.item for one in found if one.row.received_at + kept_for[source.pk] > now]
    received_at = min(one.row.received_at for one in found)
    return take_back(source, in_time, refused=len(found) - len(in_time), received_at=received_at, now=now)
