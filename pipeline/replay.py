"""Replay: what is in quarantine is read again, as its source is now, and taken in through the same gates as all else.

lock → open under a grant → mend → read again → consent, keys, seal, append → gone from quarantine, its key destroyed.
What still cannot be taken in stays, with the reason of now. A record was acknowledged once, when it came, and counts on
that day as what it became. Safe to repeat, and to be killed.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from uuid import UUID

from django.db import transaction

from consent.decide import Refusal, decide
from pipeline.accept import Acceptance, take_back
from privacy import suppression
from records import quarantine
from records.envelope import Envelope, Reject
from records.envelopes.again import read_again
from records.models import QuarantinedRecord, Source
from records.quarantine import Held
from vault import keys
from vault.crossing import again_when_crossed
from vault.grants import Actor, Grant

PURPOSE = "security"
Mend = Callable[[bytes], bytes]


class NotOpened(PermissionError):
    """The quarantine may not be opened now."""


@dataclass(frozen=True)
class Replayed:
    """What became of records in quarantine, and why those that stay do; `out` are no longer there."""

    acceptance: Acceptance = field(default_factory=Acceptance)
    out: frozenset[UUID] = frozenset()
    still: dict[UUID, Reject] = field(default_factory=dict)


def as_it_is(body: bytes) -> bytes:
    """The body, unmended."""
    return body


def replay(ids: Collection[UUID], *, actor: Actor, reason: str, now: datetime, mend: Mend = as_it_is) -> Replayed:
    """Take in what can be taken in of these by now, each after it was mended.

    Left alone are those that somebody else replays just now, those of a disabled source, and those of which nothing is
    kept. Raises `NotOpened`, and `privacy.epoch.Behind` while the database is a restored one that misses erasures.
    """
    replayed = again_when_crossed(partial(_replay, ids, actor, reason, now, mend))
    keys.destroy(replayed.out)
    return replayed


def leave_to_open(ids: Collection[UUID], *, actor: Actor, reason: str, now: datetime) -> Grant:
    """Leave to open these, as a duty of who received them. Raises `NotOpened`."""
    answer = decide(ids, purpose=PURPOSE, at=now, actor=actor, reason=reason)
    if isinstance(answer, Refusal):
        raise NotOpened(f"opening the quarantine is refused for '{answer.purpose}': {answer.reason}")
    return answer


def _replay(ids: Collection[UUID], actor: Actor, reason: str, now: datetime, mend: Mend) -> Replayed:
    with transaction.atomic():
        # Before any row is locked: an erasure locks the door first, and the rows behind it.
        suppression.pass_the_door()
        rows = list(
            QuarantinedRecord.objects.select_for_update(skip_locked=True, of=("self",))
            .select_related("source")
            .filter(id__in=ids, sealed__isnull=False, source__enabled=True)
            .order_by("id")
        )
        if not rows:
            return Replayed()
        grant = leave_to_open([row.id for row in rows], actor=actor, reason=reason, now=now)
        held = quarantine.held(rows, grant, action="replay the quarantine")
        read = {row.id: _read(row, held[row.id], mend) for row in rows if row.id in held}
        still = {id: item for id, item in read.items() if isinstance(item, Reject)}
        if mend is as_it_is:
            quarantine.note_again(still)
        acceptance = _take_back([(row, read.get(row.id)) for row in rows], now)
        out = frozenset(read.keys() - still.keys())
        quarantine.forget(out)
    return Replayed(acceptance, out, still)


def _read(row: QuarantinedRecord, held: Held, mend: Mend) -> Envelope | Reject:
    return read_again(mend(held.body), held.way, row.source, position=row.line or 0, received_at=row.received_at)


def _take_back(read: Sequence[tuple[QuarantinedRecord, Envelope | Reject | None]], now: datetime) -> Acceptance:
    """Those that can be read now, by source and by the day on which they came."""
    of_a_day: dict[tuple[UUID, date], list[tuple[QuarantinedRecord, Envelope]]] = defaultdict(list)
    for row, item in read:
        if isinstance(item, Envelope):
            of_a_day[row.source_id, row.received_at.astimezone(UTC).date()].append((row, item))
    return sum((_take_back_day(found, now) for found in of_a_day.values()), Acceptance())


def _take_back_day(found: Sequence[tuple[QuarantinedRecord, Envelope]], now: datetime) -> Acceptance:
    source: Source = found[0][0].source
    received_at = min(row.received_at for row, _ in found)
    return take_back(source, [item for _, item in found], received_at=received_at, now=now)
